"""The forecast: how long each rung would take now, at the percentile that the deadline is held to.

A run's slowdown is its time over the rung's usual time. What slows a device down, heat, a lower clock or a neighbour,
slows all rungs, so that the slowdown that the current rung shows is taken for that of every other, until that one has
shown its own.

>>> forecast = Forecast([0.040, 0.010])
>>> for _ in range(5):
...     forecast.observe(rung=1, seconds=0.020)          # the lower rung takes twice its usual time
>>> forecast.seconds(0), forecast.seconds(1)
(0.08, 0.02)
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

_OWN = 8
"""So many recent runs of a rung outweigh what the others show."""

_CALM = 1.25
"""A run that was slower than usual by no more is no sign of a load."""

_TICK_S = 1e-6
"""No run takes less: a coarse clock may say that it took nothing."""


class Forecast:
    """Predicted seconds of each rung.

    Args:
        usual_s: seconds that each rung took when all were tried in turn. Only their ratios matter: a machine that was
            busy meanwhile makes all of them large and every slowdown small.
        misses: share of the runs that may take longer than forecast. The window holds 1/misses runs: among so many one
            may be longer, and fewer cannot show a percentile so high.
    """

    def __init__(self, usual_s: Sequence[float], misses: float = 0.01) -> None:
        self.usual_s = [max(seconds, _TICK_S) for seconds in usual_s]
        self._misses = misses
        self._forgiven = 0
        self._recent: deque[tuple[int, float]] = deque(maxlen=max(_OWN, math.ceil(1 / misses)))

    def observe(self, rung: int, seconds: float) -> None:
        """A run of this rung took so long."""
        self._recent.append((rung, max(seconds, _TICK_S) / self.usual_s[rung]))

    def calibrate(self, rung: int, seconds: float) -> None:
        """This rung was tried now, and took so long: its usual time is that over the slowdown that others show now."""
        slowdowns = sorted(slowdown for _, slowdown in self._recent)
        usual = slowdowns[len(slowdowns) // 2] if slowdowns else 1.0
        self.usual_s[rung] = max(seconds, _TICK_S) / usual

    @property
    def last(self) -> float:
        """Slowdown of the last run; 1 before the first."""
        return self._recent[-1][1] if self._recent else 1.0

    def seconds(self, rung: int) -> float:
        """What a run of this rung would take now: its percentile over the window, and no less than the last run tells.

        The percentile is taken over the rung's own runs in the window, or, while there are few of those, over all:
        once the window is full, one of them may be longer. So it takes more than one slow run to rise; the last run
        counts at once.
        """
        own = self._own(rung)
        known = own if len(own) >= _OWN else sorted(slowdown for _, slowdown in self._recent)
        longer = max(self._forgiven, self._earned)
        percentile = known[-1 - longer] if len(known) > longer else 1.0
        return self.usual_s[rung] * max(percentile, self.last)

    def but_for_one(self, rung: int) -> float:
        """The same if the longest of the rung's own runs was a stray; infinite where nothing says that it was.

        That needs enough runs of its own to tell by, and a last run that was as quick as they are: a cheap rung may
        escape a neighbour that the rungs above meet, but then it is slower than usual.
        """
        own = self._own(rung)
        if len(own) < _OWN or self.last > _CALM * own[len(own) // 2]:
            return math.inf
        return self.usual_s[rung] * max(own[-1 - max(1, self._earned)], self.last)

    def forgive(self) -> None:
        """From now on one run may be longer, although the window is not full yet: spend early what it will allow."""
        self._forgiven = 1

    @property
    def _earned(self) -> int:
        """How many runs of those in the window may be longer."""
        return int(len(self._recent) * self._misses + 1e-9)

    def _own(self, rung: int) -> list[float]:
        """Slowdowns of this rung in the window, ascending."""
        return sorted(slowdown for of, slowdown in self._recent if of == rung)
