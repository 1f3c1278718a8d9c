"""Recorded run times, replayed against a fake clock: how a policy would have done, without sleeping.

>>> trace = TimingTrace.load(Path("contention.csv"))                             # doctest: +SKIP
>>> print(replay(trace, Hysteresis()).summary)                                   # doctest: +SKIP
600 inputs in 30.0 s: 0.8% missed (2 late, 3 replaced); ...

A trace has for every moment the time that each rung takes, so that a policy meets what it would have met whichever rung
it picks. What a trace cannot show is how one run changes the next, as by heating the device.
"""

from __future__ import annotations

import csv
import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import BadInputError
from tightrope.runtime.clock import FakeClock
from tightrope.runtime.lane import Job
from tightrope.runtime.limits import Limits
from tightrope.runtime.outcome import Abstain, Emit, Wait
from tightrope.runtime.pipeline import Answer, StageTimes
from tightrope.runtime.policies import Policy
from tightrope.runtime.runner import Runner
from tightrope.runtime.shelf import ROUNDS, Step
from tightrope.runtime.summary import Summary
from tightrope.runtime.telemetry import Record, Telemetry


@dataclass(frozen=True)
class TimingTrace:
    """What each rung takes at each moment.

    Attributes:
        rungs: names, best first.
        seconds: float64 [n, rungs]; row k holds from k to k+1 periods after the start.
        period_s: time of a row.
        notes: how it was recorded, a line each.
    """

    rungs: tuple[str, ...]
    seconds: NDArray[np.float64]
    period_s: float
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        sound = self.seconds.ndim == 2 and self.seconds.shape[1:] == (len(self.rungs),) and len(self.seconds) > 0
        if not sound or not np.isfinite(self.seconds).all() or (self.seconds <= 0).any():
            raise BadInputError("a timing trace needs a positive time of every rung in every row")

    @classmethod
    def load(cls, path: Path, period_s: float = 0.05) -> TimingTrace:
        """Read a CSV file: notes behind '#', a row of names, then milliseconds. Raises BadInputError if it is not."""
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
            notes = tuple(line.lstrip("# ") for line in lines if line.startswith("#"))
            names, *rows = csv.reader(line for line in lines if not line.startswith("#"))
            return cls(tuple(names), np.array(rows, np.float64).reshape(len(rows), -1) / 1e3, period_s, notes)
        except (OSError, ValueError) as error:
            raise BadInputError(f"{path} is not a timing trace: {error}") from error

    def to_csv(self) -> str:
        """The text that `load` reads; microseconds are kept."""
        rows = [",".join(f"{value * 1e3:.3f}" for value in row) for row in self.seconds]
        return "\n".join([*(f"# {note}" for note in self.notes), ",".join(self.rungs), *rows]) + "\n"

    def at(self, rung: int, seconds: float) -> float:
        """What a run of this rung takes that begins `seconds` after the start; the last row holds on."""
        row = min(len(self.seconds) - 1, max(0, int(seconds / self.period_s + 1e-9)))
        return float(self.seconds[row, rung])

    def usual(self) -> list[float]:
        """The median of each rung, seconds."""
        return [float(median) for median in np.median(self.seconds, axis=0)]


@dataclass(frozen=True)
class Replay:
    """The outcomes in order, what they come to, and every record of the telemetry."""

    outcomes: tuple[Emit[Any] | Abstain, ...]
    summary: Summary
    records: tuple[Record, ...]


def replay(
    trace: TimingTrace,
    policy: Policy | None = None,
    limits: Limits | None = None,
    qualities: Sequence[float] | None = None,
    usual_s: Sequence[float] | None = None,
) -> Replay:
    """Let an input come every period and answer it as the runner would.

    Args:
        policy: picks the rungs; None: the default one. `Oracle(trace.at)` knows what is to come.
        limits: None: the period is the deadline.
        qualities: of the rungs; None: all 1.
        usual_s: seconds that each rung takes by its evidence and when it is warmed; None: its median in the trace.
    """
    usual = list(usual_s or trace.usual())
    # Warming takes its time too; what comes after it is the trace's time 0.
    clock = FakeClock(-sum(usual) * (1 + ROUNDS))
    limits = limits or Limits.every(trace.period_s)
    steps = [
        Step(name, partial(_warmed_by, clock, seconds), seconds, quality)
        for name, seconds, quality in zip(trace.rungs, usual, qualities or [1.0] * len(usual), strict=True)
    ]
    records: list[Record] = []
    telemetry = Telemetry(steps, limits, clock.now(), records.append)
    runner: Runner[int, None] = Runner(steps, limits, -1, policy, clock, telemetry)
    runner.prepare()
    simulation = _Simulation(trace, runner, clock)
    for index in range(len(trace.seconds)):
        simulation.input(index)
    simulation.until(len(trace.seconds) * trace.period_s + limits.failed_s)
    return Replay(tuple(simulation.outcomes), telemetry.close(clock.now()), tuple(records))


def _warmed_by(clock: FakeClock, seconds: float) -> Callable[[int], Answer[None]]:
    """A rung that only takes its time."""

    def run(_: int) -> Answer[None]:
        clock.advance(seconds)
        return _nothing(seconds)

    return run


class _Simulation:
    """Events in the order of their time: inputs come, runs end, and what hangs is abandoned."""

    def __init__(self, trace: TimingTrace, runner: Runner[int, None], clock: FakeClock) -> None:
        self._trace, self._runner, self._clock = trace, runner, clock
        self._ends: list[tuple[float, int, Job[int]]] = []
        self.outcomes: list[Emit[None] | Abstain] = []

    def input(self, index: int) -> None:
        """Let everything happen that comes before input `index`, then let it come."""
        at = index * self._trace.period_s
        self.until(at)
        self._note(self._runner.arrive(index, at))
        self._begin()

    def until(self, at: float) -> None:
        """Let everything happen up to that time."""
        while (time := min(self._ends[0][0] if self._ends else math.inf, self._stuck_at())) <= at:
            self._clock.advance(max(0.0, time - self._clock.now()))
            if self._ends and self._ends[0][0] == time:
                _, _, job = heapq.heappop(self._ends)
                self._note(self._runner.finish(job, _nothing(time - job.started_at)))
            else:
                self._note(self._runner.abandon())
            self._begin()
        self._clock.advance(max(0.0, at - self._clock.now()))
        self._runner.look()

    def _stuck_at(self) -> float:
        """When the present run is to be abandoned, unless it ends before."""
        running = self._runner.lane.running
        return running.started_at + self._runner.limits.stuck_s if running else math.inf

    def _begin(self) -> None:
        if self._runner.lacks:
            self._runner.restock()
        begun = self._runner.begin()
        if isinstance(begun, Job):
            ends = begun.started_at + self._trace.at(begun.rung, begun.started_at)
            heapq.heappush(self._ends, (ends, begun.number, begun))
        else:
            self._note(begun)

    def _note(self, outcome: Emit[None] | Abstain | Wait | None) -> None:
        if isinstance(outcome, Emit | Abstain):
            self.outcomes.append(outcome)


def _nothing(seconds: float) -> Answer[None]:
    return Answer(None, StageTimes(0.0, seconds * 1e3, 0.0))
