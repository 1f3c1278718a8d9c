from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope.measure.statistics import Percentiles, Quantile, Ratio, upper_bound

samples = st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=300)
percentiles = st.floats(1, 99)


@given(samples, percentiles)
def test_quantile_is_an_observation_inside_its_interval(values: list[float], percentile: float) -> None:
    quantile = Quantile.of(values, percentile)
    assert quantile.low <= quantile.value <= quantile.high
    assert {quantile.low, quantile.value, quantile.high} <= set(values)
    assert 0 <= quantile.coverage <= 1


@given(samples)
def test_percentiles_are_monotone(values: list[float]) -> None:
    found = Percentiles.of(values)
    for side in ("low", "value", "high"):
        ordered = [getattr(q, side) for q in (found.p50, found.p90, found.p99)]
        assert ordered == sorted(ordered)
    assert found.n == len(values)
    assert min(values) <= found.mean * (1 + 1e-9)
    assert found.p90_upper is None or found.p90_upper >= found.p90.value


@given(samples, st.floats(0.1, 10))
def test_percentiles_scale_with_the_unit(values: list[float], factor: float) -> None:
    scaled = Percentiles.of(np.array(values) * factor)
    assert scaled.p90.high == pytest.approx(Percentiles.of(values).p90.high * factor)


@pytest.mark.parametrize(("n", "percentile"), [(64, 50), (64, 90), (1024, 99), (300, 10)])
def test_interval_covers_the_true_percentile_as_often_as_it_says(n: int, percentile: float) -> None:
    """2,000 samples of a skewed distribution whose percentiles are known: -ln(1 - p)."""
    true = -np.log1p(-percentile / 100)
    draws = np.random.default_rng(1).exponential(size=(2000, n))
    found = [Quantile.of(draw, percentile) for draw in draws]
    covered = np.mean([q.low <= true <= q.high for q in found])
    assert found[0].coverage >= 0.95
    assert covered == pytest.approx(found[0].coverage, abs=0.015)


def test_too_few_samples_lower_the_stated_coverage_and_leave_no_upper_bound() -> None:
    assert Quantile.of(np.arange(64), 99).coverage < 0.5
    assert upper_bound(np.arange(28), 90) is None
    assert upper_bound(np.arange(29), 90) == 28


def test_upper_bound_is_conservative_as_often_as_it_says() -> None:
    true = -np.log1p(-0.9)
    draws = np.random.default_rng(2).exponential(size=(2000, 100))
    above = [(bound := upper_bound(draw, 90)) is not None and bound >= true for draw in draws]
    assert np.mean(above) >= 0.94


@given(st.lists(st.floats(1, 100), min_size=5, max_size=50), st.floats(0.25, 4))
def test_ratio_of_a_scaled_copy_is_exact_because_pairs_stay_together(base: list[float], factor: float) -> None:
    found = Ratio.of(np.array(base) * factor, base)
    assert [found.low, found.value, found.high] == pytest.approx([factor] * 3)


def test_ratio_does_not_see_what_slows_whole_rounds() -> None:
    neighbour = np.random.default_rng(4).choice([1.0, 5.0], 64)
    found = Ratio.of(2.0 * neighbour, neighbour)
    assert (found.low, found.value, found.high) == (2.0, 2.0, 2.0)


def test_ratio_interval_holds_the_truth_under_shared_drift() -> None:
    random = np.random.default_rng(3)
    hits = 0
    for _ in range(200):
        drift = np.linspace(1, 3, 60)
        noise = random.normal(1, 0.05, (2, 60))
        found = Ratio.of(1.2 * drift * noise[0], drift * noise[1])
        hits += found.low <= 1.2 <= found.high
    assert hits >= 180


@pytest.mark.parametrize("bad", [[], [1.0, float("nan")]])
def test_no_percentiles_of_nothing(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        Percentiles.of(bad)


def test_misuse_is_named() -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        Quantile.of([1.0], 100)
    with pytest.raises(ValueError, match="paired"):
        Ratio.of([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="positive"):
        Ratio.of([1.0], [0.0])


def test_to_dict_is_json() -> None:
    record = json.loads(json.dumps(Percentiles.of(np.arange(1, 101)).to_dict()))
    assert record["p90"]["value"] == 90
    assert set(record) == {"n", "mean", "p50", "p90", "p99", "p90_upper"}
