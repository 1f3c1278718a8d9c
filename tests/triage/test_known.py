"""Whom thresholds are fitted on: the calibration split, and training adults on the scale of the graph at hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope.models import models_root
from tightrope_triage import crossfit, train
from tightrope_triage import evaluation as ev
from tightrope_triage.crossfit import CrossFit, load_crossfits
from tightrope_triage.data import FOLDS, bucket, read_cases, read_nih
from tightrope_triage.known import Known

from .sites import write_both
from .test_train import settings, small  # noqa: F401  a fixture, for trainings of seconds


def fit_of(label: list[int], logit: list[float], calibration: list[float]) -> CrossFit:
    views, persons = ("PA",) * len(label), tuple(range(len(label)))
    return CrossFit(1, "", "", tuple(label), views, persons, tuple(logit), tuple(calibration))


def test_a_networks_scores_move_to_the_scale_of_a_graph_that_stretches_them():
    made = fit_of([1, 0, 1], [2.0, -1.0, 0.5], [0.0, 1.0, -2.0, 3.0])
    assert made.equated(np.array([0.0, 1.0, -2.0, 3.0]) * 3 - 1) == pytest.approx([5.0, -4.0, 0.5])


def test_children_are_not_judged_by_what_adults_add(tmp_path):
    write_both(tmp_path)
    cases = [case for case in read_cases(tmp_path) if case.split == "calibration"]
    rng = np.random.default_rng(0)
    logit = rng.normal(size=len(cases)) + np.array([case.label for case in cases])
    adults = sum(case.site == "nih" for case in cases)
    made = fit_of([1] * 50, [9.0] * 50, [-1.0, 1.0] * (adults // 2) + [0.0] * (adults % 2))
    alone, more = Known.of(cases, logit), Known.of(cases, logit, [made])
    assert more.threshold("child", 0.9) == alone.threshold("child", 0.9)
    assert more.threshold("adult", 0.9) > alone.threshold("adult", 0.9)
    assert more.masks()["adult PA"].sum() == alone.masks()["adult PA"].sum() + 50


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=40), st.sampled_from([0.5, 0.9, 0.95]))
def test_an_expected_threshold_lies_among_the_positives_and_ignores_the_rest(positives, wanted):
    label = [1] * len(positives) + [0, 0]
    found = ev.expected_threshold(label, [*positives, -99, 99], wanted)
    assert min(positives) - 1e-9 <= found <= max(positives) + 1e-9


def test_an_expected_threshold_hangs_less_on_single_cases_and_finds_the_quantile():
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(300, 36))
    expected, counted = (
        np.array([of(np.ones(36), row, 0.95) for row in drawn]) for of in (ev.expected_threshold, ev.threshold_at)
    )
    assert expected.std() < 0.93 * counted.std()
    assert ev.expected_threshold(np.ones(4000), rng.normal(size=4000), 0.95) == pytest.approx(-1.645, abs=0.08)


@pytest.mark.usefixtures("small")
def test_a_fold_is_scored_by_the_network_that_left_it_out(tmp_path, monkeypatch):
    write_both(tmp_path)
    run = tmp_path / "run"
    config = train.TrainConfig(**{**vars(settings(tmp_path, run)), "also_out": 2})
    train.train(config)
    monkeypatch.setattr(crossfit, "INPUT_SIZE", 32)
    monkeypatch.setenv("TIGHTROPE_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("sys.argv", ["crossfit", "--data", str(tmp_path), "--run", str(run)])
    crossfit.main()
    (found,) = load_crossfits()
    cases = [case for case in read_nih(tmp_path, fold=0) if case.split != "test"]
    of_fold = [case for case in cases if bucket("nih", case.person, "fold", FOLDS) == 2]
    left = [case for case in of_fold if case.split == "train" and not train.is_upside_down(case)]
    assert found.label == tuple(case.label for case in left)
    assert len(found.calibration) == sum(case.split == "calibration" for case in cases)
    assert not any(train.learns_from(case, also_out=2) for case in of_fold)


def test_one_adult_stands_on_his_head_and_is_not_learned_from(shared_data):
    cases = [case for case in read_nih(shared_data, fold=0) if case.split == "train"]
    assert [case.path.name for case in cases if not train.learns_from(case)] == ["00003490_011.jpg"]


def test_the_shipped_thresholds_rest_on_enough_adults():
    found = load_crossfits()
    assert (models_root() / "triage" / crossfit.FILE).exists()
    assert sum(sum(each.label) for each in found) > 36, "more than the calibration split has"
    assert len({each.fold for each in found}) == len(found)
    assert all(len(each.calibration) == len(found[0].calibration) for each in found)
