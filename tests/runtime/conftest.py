"""Ladders of rungs that only take their time, on a clock that only the test moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tightrope.runtime import Answer, FakeClock, Limits, Runner, StageTimes, Step, Telemetry
from tightrope.runtime.policies import Policy
from tightrope.runtime.telemetry import Record

TRACES = Path(__file__).parent / "traces"
LIMITS = Limits.every(0.1)


def answer(result: Any = None, ms: float = 1.0) -> Answer[Any]:
    return Answer(result, StageTimes(0.0, ms, 0.0))


def timed(clock: FakeClock, seconds: float) -> Callable[[Any], Answer[Any]]:
    """A pipeline that takes so long and gives its input back."""

    def run(item: Any) -> Answer[Any]:
        clock.advance(seconds)
        return answer(item, seconds * 1e3)

    return run


def ladder(clock: FakeClock, seconds: Sequence[float]) -> list[Step[Any, Any]]:
    """Rungs 'a', 'b', ... that take so long; each has 9/10 of the quality of the one above it."""

    def step(index: int, taken: float) -> Step[Any, Any]:
        return Step("abcdef"[index], lambda: timed(clock, taken), taken, 0.9**index)

    return [step(index, taken) for index, taken in enumerate(seconds)]


class Bench:
    """A prepared runner with its clock and everything that its telemetry said."""

    def __init__(
        self,
        seconds: Sequence[float] = (0.04, 0.01),
        policy: Policy | None = None,
        limits: Limits = LIMITS,
        **more: Any,
    ) -> None:
        self.clock = FakeClock()
        self.records: list[Record] = []
        steps = ladder(self.clock, seconds)
        self.telemetry = Telemetry(steps, limits, self.clock.now(), self.records.append)
        self.runner: Runner[Any, Any] = Runner(steps, limits, "sample", policy, self.clock, self.telemetry, **more)
        self.runner.prepare()

    def events(self, *names: str) -> list[Record]:
        return [record for record in self.records if record["event"] in names]


@pytest.fixture
def bench() -> Bench:
    return Bench()
