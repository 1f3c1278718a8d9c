"""The governor: keeps the rungs at hand that may be needed next, and lets a policy pick one of them for every run.

>>> governor = Governor(steps, Limits.every(0.05), Hysteresis(), clock)     # doctest: +SKIP
>>> governor.stock(sample=picture)                                          # doctest: +SKIP
>>> governor.choose(slack_s=0.05).rung                                      # doctest: +SKIP
0
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from tightrope.runtime.clock import Clock
from tightrope.runtime.forecast import Forecast
from tightrope.runtime.limits import Limits
from tightrope.runtime.policies import Choice, Policy, Situation
from tightrope.runtime.shelf import Shelf, Step, Stocked

Input = TypeVar("Input")
Result = TypeVar("Result")


class Governor(Generic[Input, Result]):
    """Shelf, forecast and policy of one ladder.

    Args:
        steps: the ladder, best first; at least one.
        limits: of the run; their share of misses is what the forecast allows for.
        policy: picks the rung.
        clock: where time comes from.
        memory_bytes: limit of the process's resident memory.
    """

    def __init__(
        self,
        steps: Sequence[Step[Input, Result]],
        limits: Limits,
        policy: Policy,
        clock: Clock,
        memory_bytes: int | None = None,
    ) -> None:
        self.steps = tuple(steps)
        self.shelf = Shelf(self.steps, clock, memory_bytes)
        self.forecast = Forecast([step.usual_s for step in self.steps], limits.misses)
        self._policy = policy
        self._clock = clock
        self._deadline_s = limits.deadline_s
        self._level: int | None = None

    def choose(self, slack_s: float) -> Choice:
        """The rung for an input whose deadline is `slack_s` seconds away. At least one rung must be ready."""
        choice = self._policy.choose(Situation(self.shelf.ready, slack_s, self._clock.now(), self.forecast))
        self._level = choice.rung
        return choice

    def observe(self, rung: int, seconds: float) -> None:
        """A run of this rung took so long, or was abandoned after so long."""
        self.forecast.observe(rung, seconds)

    @property
    def lacks(self) -> bool:
        """Whether a rung that should be at hand, and that the memory has room for, is not loaded."""
        return self.shelf.lacks(self._order())

    def stock(self, sample: Input) -> Stocked:
        """Load and warm what is missing."""
        stocked = self.shelf.stock(self._order(), sample)
        for rung, seconds in stocked.seconds.items():
            self.forecast.calibrate(rung, seconds)
        return stocked

    def _order(self) -> list[int]:
        """All rungs, most urgent first: the current one, the cheapest as the last resort, then the nearest.

        Of two that are equally near the cheaper one goes first: a step down cannot wait for a rung to load.
        """
        count = len(self.steps)
        level = self._level if self._level is not None else self._first()
        others = sorted(set(range(count)) - {level, count - 1}, key=lambda rung: (abs(rung - level), -rung))
        return list(dict.fromkeys([level, count - 1, *others]))

    def _first(self) -> int:
        """Where to begin, by the evidence alone: the best rung whose usual time lies within the deadline."""
        fitting = (index for index, step in enumerate(self.steps) if step.usual_s <= self._deadline_s)
        return next(fitting, len(self.steps) - 1)
