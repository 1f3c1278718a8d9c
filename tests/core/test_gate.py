from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tightrope.compress.gate import RESAMPLES, judge
from tightrope.compress.scores import MeanScores, metrics
from tightrope.errors import ConfigError

TOP1 = ("top1",)
hits = st.lists(st.booleans(), min_size=2, max_size=40).filter(any)


def scores(values: object) -> MeanScores:
    return MeanScores({"top1": np.asarray(values, np.float64)})


def test_known_shares() -> None:
    result = judge(scores([1, 1, 1, 1]), scores([1, 1, 1, 0]), TOP1, 0.75)
    assert result.retentions[0].share == 0.75
    assert result.passed
    assert not judge(scores([1, 1, 1, 1]), scores([1, 1, 1, 0]), TOP1, 0.76).passed


@settings(max_examples=15, deadline=None)
@given(hits)
def test_a_model_keeps_all_of_itself_whatever_is_resampled(values: list[bool]) -> None:
    (kept,) = judge(scores(values), scores(values), TOP1, 1.0).retentions
    assert (kept.share, kept.low, kept.high) == (1.0, 1.0, 1.0)


@settings(max_examples=15, deadline=None)
@given(hits, st.data())
def test_the_interval_is_ordered_and_the_point_estimate_decides(values: list[bool], data: st.DataObject) -> None:
    other = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    keep = data.draw(st.floats(0.01, 1))
    result = judge(scores(values), scores(other), TOP1, keep)
    (kept,) = result.retentions
    assert kept.share == pytest.approx(sum(other) / sum(values))
    assert 0 <= kept.low <= kept.high
    assert result.passed == (kept.share >= keep)


def test_the_interval_covers_the_true_share() -> None:
    """Of 40 evaluations of a candidate that truly keeps 90%, most of the 95% intervals hold 90%."""
    random = np.random.default_rng(1)
    inside = 0
    for _ in range(40):
        reference = random.random(300) < 0.8
        candidate = reference & (random.random(300) < 0.9)
        (kept,) = judge(scores(reference), scores(candidate), TOP1, 0.5).retentions
        inside += kept.low <= 0.9 <= kept.high
    assert inside >= 33


def test_pairing_makes_the_interval_narrower() -> None:
    random = np.random.default_rng(2)
    reference = random.random(400) < 0.5
    candidate = reference.copy()
    candidate[np.flatnonzero(reference)[:4]] = False
    paired = judge(scores(reference), scores(candidate), TOP1, 0.5).retentions[0]
    shuffled = judge(scores(reference), scores(random.permutation(candidate)), TOP1, 0.5).retentions[0]
    assert shuffled.share == pytest.approx(paired.share)
    assert paired.high - paired.low < (shuffled.high - shuffled.low) / 3


def test_every_metric_counts_and_the_worst_is_named() -> None:
    reference = MeanScores({"top1": [1, 1], "top5": [1, 1]})
    result = judge(reference, MeanScores({"top1": [1, 0], "top5": [1, 1]}), ("top5", "top1"), 0.9)
    assert not result.passed
    assert result.worst.metric == "top1"
    assert "top1 0.5000 of 1.0000: 50.00%" in str(result.worst)


def test_the_same_seed_gives_the_same_interval_and_it_is_json() -> None:
    random = np.random.default_rng(3)
    both = scores(random.random(50)), scores(random.random(50))
    first, second = judge(*both, TOP1, 0.9, seed=7), judge(*both, TOP1, 0.9, seed=7)
    assert first == second
    assert judge(*both, TOP1, 0.9, seed=8).retentions[0].low != first.retentions[0].low
    written = json.loads(json.dumps(first.to_dict()))
    assert (written["samples"], written["resamples"], written["passed"]) == (50, RESAMPLES, first.passed)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="reference has 2 samples, candidate 3"):
        judge(scores([1, 1]), scores([1, 1, 1]), TOP1, 0.9)
    with pytest.raises(ConfigError, match="the reference scores 0 in 'top1': nothing to keep a share of"):
        judge(scores([0, 0]), scores([1, 1]), TOP1, 0.9)
    with pytest.raises(ConfigError, match=r"no metric 'top_1'.*did you mean \"top1\""):
        judge(scores([1, 1]), scores([1, 1]), ("top_1",), 0.9)
    with pytest.raises(ConfigError, match="no metric 'top1'"):
        judge(scores([1, 1]), MeanScores({"f1": [1, 1]}), TOP1, 0.9)


def test_a_resample_counts_repeats() -> None:
    values = scores([1, 0, 0, 0])
    assert values.on(np.array([0, 0, 1])) == {"top1": pytest.approx(2 / 3)}
    assert metrics(values) == {"top1": 0.25}
