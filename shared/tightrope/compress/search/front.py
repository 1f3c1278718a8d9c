"""The trials that no other one betters, and few of them that stand well apart: the rungs of a ladder."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tightrope.compress.search.trials import Trial


def front(trials: Sequence[Trial]) -> list[Trial]:
    """Of the measured trials, those for which none keeps as much in less time; slowest first."""
    measured = [trial for trial in trials if trial.state == "measured"]
    return sorted((one for one in measured if not any(_betters(other, one) for other in measured)), key=_slowness)


def choose_rungs(trials: Sequence[Trial], count: int) -> list[Trial]:
    """Up to `count` of the front: its two ends, and between them those that divide the times most evenly."""
    left = front(trials)
    chosen = left[:1]
    while left and len(chosen) < min(count, len(left)):
        rest = [trial for trial in left if trial not in chosen]
        chosen.append(max(rest, key=lambda trial: min(_apart(trial, other) for other in chosen)))
    return sorted(chosen, key=_slowness)


def _betters(one: Trial, other: Trial) -> bool:
    gains = (one.share - other.share, _ratio(other) - _ratio(one))
    # Of two that are alike the earlier stays.
    return min(gains) >= 0 and (max(gains) > 0 or one.number < other.number)


def _apart(one: Trial, other: Trial) -> float:
    return abs(math.log(_ratio(one) / _ratio(other)))


def _ratio(trial: Trial) -> float:
    assert trial.ratio is not None
    return trial.ratio


def _slowness(trial: Trial) -> tuple[float, int]:
    return -_ratio(trial), trial.number
