"""'Let it choose': the governor's forecast and policy, on the demo's ladder, one for each person.

>>> pilot = Autopilot(artifacts, limit_s=0.05)                       # doctest: +SKIP
>>> pilot.next(rung=0, seconds=0.08).rung                             # doctest: +SKIP
2
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from tightrope.artifact import Artifact
from tightrope.runtime.forecast import Forecast
from tightrope.runtime.policies import Choice, Hysteresis, Situation


class Autopilot:
    """Says after each run which rung takes the next input. Every rung of a demo is loaded when it is first used.

    Args:
        artifacts: the ladder, best first, each with a measured pipeline.
        limit_s: the budget's latency limit.
    """

    def __init__(self, artifacts: Sequence[Artifact], limit_s: float) -> None:
        usual = [float(artifact.manifest.evidence["pipeline"]["total"]["p90"]["value"]) / 1e3 for artifact in artifacts]
        self._forecast = Forecast(usual, misses=0.05)
        self._policy = Hysteresis()
        self._limit_s = limit_s
        self._rungs = tuple(range(len(artifacts)))

    def next(self, rung: int, seconds: float) -> Choice:
        """A run of this rung took so long: the rung for the next input, and why."""
        self._forecast.observe(rung, seconds)
        return self._policy.choose(Situation(self._rungs, self._limit_s, time.monotonic(), self._forecast))
