"""The floor: a logistic regression on the request form, each patient judged by the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tightrope_triage.baseline import combined_scores, fit_logistic, metadata_scores
from tightrope_triage.data import Case
from tightrope_triage.evaluation import auc, expit


def test_logistic_regression_recovers_its_coefficients():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(20_000, 2))
    label = (rng.random(20_000) < expit(features @ [1.0, -2.0] + 0.5)).astype(int)
    np.testing.assert_allclose(fit_logistic(features, label), [1.0, -2.0, 0.5], atol=0.08)


def test_separable_labels_do_not_run_away():
    assert np.abs(fit_logistic(np.array([[-1.0], [-2.0], [1.0], [2.0]]), np.array([0, 0, 1, 1]))).max() < 10


@pytest.fixture
def adults() -> list[Case]:
    """400 patients whose view, and nothing else on the form, goes with the label."""
    rng = np.random.default_rng(1)
    label = rng.integers(0, 2, 400)
    view = np.where(rng.random(400) < 0.2 + 0.6 * label, "PA", "AP")
    return [
        Case("nih", Path(), int(label[i]), f"{i:08d}", "test", str(view[i]), int(rng.integers(20, 90)), "MF"[i % 2])
        for i in range(400)
    ]


def test_a_telling_view_is_found_without_looking_and_chance_stays_chance(adults):
    label = np.array([case.label for case in adults])
    assert 0.7 < auc(label, metadata_scores(adults)) < 0.9
    rng = np.random.default_rng(2)
    shuffled = [Case("nih", Path(), int(rng.integers(0, 2)), c.person, "test", c.view, c.age, c.sex) for c in adults]
    assert auc([case.label for case in shuffled], metadata_scores(shuffled)) == pytest.approx(0.5, abs=0.1)


def test_a_good_score_adds_to_the_form(adults):
    label = np.array([case.label for case in adults])
    score = np.random.default_rng(3).normal(2.0 * label, 1)
    assert auc(label, combined_scores(adults, score)) > auc(label, score)
