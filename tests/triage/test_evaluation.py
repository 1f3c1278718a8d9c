"""Statistics against worked values from their papers and against slow, obvious definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope_triage import evaluation as ev

cases = st.lists(st.tuples(st.integers(0, 1), st.integers(-6, 6)), min_size=4, max_size=60).filter(
    lambda rows: 0 < sum(label for label, _ in rows) < len(rows)
)


def columns(rows):
    return np.array([label for label, _ in rows]), np.array([score for _, score in rows], dtype=float)


@given(cases)
def test_auc_is_the_share_of_ordered_pairs(rows):
    label, score = columns(rows)
    above, below = score[label == 1][:, None], score[label == 0]
    assert ev.auc(label, score) == pytest.approx(((above > below) + 0.5 * (above == below)).mean())


@given(cases)
def test_auc_ignores_monotone_changes_and_mirrors(rows):
    label, score = columns(rows)
    assert ev.auc(label, np.exp(score)) == pytest.approx(ev.auc(label, score))
    assert ev.auc(label, -score) == pytest.approx(1 - ev.auc(label, score))


@given(cases)
def test_auc_interval_holds_its_value(rows):
    estimate = ev.auc_interval(*columns(rows))
    assert 0 <= estimate.low <= estimate.value + 1e-12
    assert estimate.value <= estimate.high + 1e-12 <= 1 + 1e-12


def test_delong_error_is_that_of_the_bootstrap():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 400)
    score = rng.normal(label * 1.5, 1)
    delong = ev.auc_interval(label, score)
    bootstrap = ev.cluster_auc_interval(label, score, np.arange(400))
    assert (delong.low, delong.high) == pytest.approx((bootstrap.low, bootstrap.high), abs=0.01)


def test_persons_with_many_pictures_widen_the_interval():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 60)
    score = rng.normal(label, 1)
    label, score, person = np.tile(label, 5), np.tile(score, 5), np.tile(np.arange(60), 5)
    independent, clustered = ev.auc_interval(label, score), ev.cluster_auc_interval(label, score, person)
    assert clustered.high - clustered.low > 1.5 * (independent.high - independent.low)


def test_an_interval_of_brier_is_that_of_its_mean():
    rng = np.random.default_rng(3)
    probability = rng.uniform(0, 1, 400)
    label = (rng.random(400) < probability).astype(int)
    found = ev.cluster_interval(ev.brier, label, probability, np.arange(400))
    width = 1.96 * np.square(probability - label).std() / 20
    assert found.value == ev.brier(label, probability)
    assert (found.low, found.high) == pytest.approx((found.value - width, found.value + width), abs=0.005)


def test_a_score_does_not_differ_from_itself():
    label, score = np.array([0, 1, 0, 1, 1]), np.array([0.1, 0.9, 0.4, 0.3, 0.8])
    assert ev.auc_difference(label, score, score) == ev.Estimate(0.0, 0.0, 0.0)


def test_wilson_interval_has_newcombes_worked_values():
    # Newcombe 1998, 'Two-sided confidence intervals for the single proportion', table I, method 3
    for successes, trials, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)):
        estimate = ev.wilson(successes, trials)
        assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=5e-5)


@given(cases, st.sampled_from([0.5, 0.9, 0.95, 1.0]))
def test_threshold_reaches_the_sensitivity_and_no_higher_one_does(rows, wanted):
    label, score = columns(rows)
    threshold = ev.threshold_at(label, score, wanted)
    assert ev.sensitivity_specificity(label, score, threshold)[0].value >= wanted - 1e-9
    if (score > threshold).any():
        higher = score[score > threshold].min()
        assert ev.sensitivity_specificity(label, score, higher)[0].value < wanted


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_temperature_is_recovered(temperature):
    rng = np.random.default_rng(1)
    logit = rng.normal(0, 2, 40_000)
    label = rng.random(40_000) < ev.expit(logit)
    assert ev.fit_temperature(label, logit * temperature) == pytest.approx(temperature, rel=0.05)


def test_calibration_of_a_perfect_and_of_a_boastful_forecast():
    rng = np.random.default_rng(2)
    probability = rng.uniform(0, 1, 20_000)
    label = (rng.random(20_000) < probability).astype(int)
    assert ev.calibration_error(label, probability) < 0.02
    assert ev.brier(label, probability) == pytest.approx(1 / 6, abs=0.01)
    boastful = np.where(probability > 0.5, 0.99, 0.01)
    assert ev.calibration_error(label, boastful, bins=2) == pytest.approx(0.24, abs=0.02)


@given(cases, st.integers(1, 12))
def test_reliability_bins_hold_every_case_once(rows, bins):
    label, score = columns(rows)
    found = ev.reliability(label, ev.expit(score), bins)
    assert sum(row.count for row in found) == len(rows)
    assert [row.probability for row in found] == sorted(row.probability for row in found)


@given(cases, st.integers(1, 12))
def test_calibration_error_is_the_mean_gap_of_the_bins(rows, bins):
    label, score = columns(rows)
    found = ev.reliability(label, ev.expit(score), bins)
    gaps = [row.count * abs(row.probability - row.positive.value) for row in found]
    assert ev.calibration_error(label, ev.expit(score), bins) == pytest.approx(sum(gaps) / len(rows))


def test_net_benefit_of_all_none_and_perfect():
    label = np.array([1, 1, 0, 0, 0, 0, 0, 0])
    assert ev.net_benefit(label, np.ones(8), 0.2) == pytest.approx(0.25 - 0.75 * 0.25)
    assert ev.net_benefit(label, np.zeros(8), 0.2) == 0
    assert ev.net_benefit(label, label, 0.2) == 0.25


def test_one_class_alone_cannot_be_ranked():
    with pytest.raises(ValueError, match="positives and negatives"):
        ev.auc([1, 1], [0.2, 0.3])
    with pytest.raises(ValueError, match="trial"):
        ev.wilson(0, 0)


@given(st.floats(-1e4, 1e4))
def test_expit_neither_overflows_nor_leaves_its_range(logit):
    assert 0 <= ev.expit(logit) <= 1
    assert ev.expit(logit) + ev.expit(-logit) == pytest.approx(1)
