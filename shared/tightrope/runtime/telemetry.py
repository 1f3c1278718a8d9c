"""Telemetry: everything that happens in a run, as JSON lines in a local file if one is named, and the summary.

>>> with JsonLines(Path("run.jsonl")) as lines:                                      # doctest: +SKIP
...     telemetry = Telemetry(steps, limits, clock.now(), lines.write)
...     runner = Runner(steps, limits, picture, clock=clock, telemetry=telemetry)

One object a line: "event" says what happened, "t" when, in seconds since the start. The first line describes the run
("start"), the last one is the "summary". Nothing leaves the device; without a file nothing is written at all.
"""

from __future__ import annotations

import json
import math
import os
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from tightrope.errors import OutputError
from tightrope.runtime.lane import Job
from tightrope.runtime.limits import Limits
from tightrope.runtime.outcome import Abstain, Emit
from tightrope.runtime.session import first_line
from tightrope.runtime.shelf import Step, Stocked
from tightrope.runtime.summary import EMULATED, Summary, percentiles
from tightrope.runtime.watchdog import Health, State

Record = Mapping[str, Any]


class Telemetry:
    """Told by the runner what happens; counts, and passes every event on.

    Args:
        steps: the ladder, for names and qualities.
        limits: that the run is held to.
        now: the start, seconds of the runner's clock.
        write: takes every record, a mapping of plain values; None: nobody wants them.

    Attributes:
        unread: answers that nobody fetched before the next one came.
        left_behind: runs that were abandoned and have not come back.
    """

    def __init__(
        self, steps: Sequence[Step[Any, Any]], limits: Limits, now: float, write: Callable[[Record], None] | None = None
    ) -> None:
        self._steps = tuple(steps)
        self._start = now
        self._write = write
        self._lost: Counter[str] = Counter()
        self._ages_ms = array("d")
        self._met = 0
        self._score = 0.0
        self._qualities = {step.name: step.quality for step in steps}
        self._rung_s = dict.fromkeys(self._qualities, 0.0)
        self._rung: tuple[str, float] | None = None
        self._state: State | None = None
        self.unread = self.left_behind = 0
        self.emulated = os.environ.get(EMULATED)
        ladder = [{"name": step.name, "quality": step.quality, "usual_ms": step.usual_s * 1e3} for step in steps]
        held = {name: value if math.isfinite(value) else None for name, value in asdict(limits).items()}
        self._record("start", now, ladder=ladder, limits=held, emulated=self.emulated)

    def arrived(self, job: Job[Any], now: float) -> None:
        """An input came."""
        self._record("arrived", now, number=job.number, captured=self._since(job.captured_at))

    def replaced(self, job: Job[Any], by: int, now: float) -> None:
        """A newer input took the place of one that waited, or that ran and ended early."""
        self._lost["replaced"] += 1
        self._record("replaced", now, number=job.number, by=by)

    def waits_again(self, job: Job[Any], why: str, now: float) -> None:
        """A run gave no answer, and its input waits again."""
        self._record("waits again", now, number=job.number, why=why)

    def started(self, job: Job[Any], why: str, now: float) -> None:
        """A run began."""
        name = self._steps[job.rung].name
        self._spend(now)
        self._rung = (name, now)
        self._record("started", now, number=job.number, rung=name, why=why)

    def answered(self, emitted: Emit[Any], now: float) -> None:
        """An answer was given."""
        self._ages_ms.append(emitted.age_s * 1e3)
        if emitted.met:
            self._met += 1
            self._score += self._qualities[emitted.rung]
        plain = emitted.to_dict()
        times = {key.removesuffix("_at"): self._since(plain.pop(key)) for key in ("captured_at", "started_at")}
        plain.pop("finished_at")
        self._record("answer", now, **times, **plain)

    def abstained(self, abstained: Abstain, now: float) -> None:
        """An input gets no answer."""
        self._lost[abstained.reason.name] += 1
        self._record("abstained", now, number=abstained.number, reason=abstained.reason.name, why=abstained.why)

    def came_back(self, job: Job[Any], now: float) -> None:
        """A run that had been abandoned ended after all."""
        self.left_behind -= 1
        self._record("came back", now, number=job.number, seconds=now - job.started_at)

    def loaded(self, stocked: Stocked, began: float, now: float) -> None:
        """Rungs were loaded and warmed, or could not be."""
        if stocked.seconds:
            names = [self._steps[rung].name for rung in stocked.seconds]
            self._record("loaded", now, rungs=names, seconds=now - began)
        for rung, error in stocked.failures.items():
            self._record("not loaded", now, rung=self._steps[rung].name, why=first_line(error))

    def state(self, health: Health) -> None:
        """How it stands; recorded when it is another state than before."""
        if health.state is not self._state:
            self._state = health.state
            self._record("state", health.since, state=health.state.value, why=health.why)

    @property
    def inputs(self) -> int:
        """How many inputs were answered or lost until now."""
        return len(self._ages_ms) + sum(self._lost.values())

    @property
    def met(self) -> int:
        """How many were answered within the deadline."""
        return self._met

    def summary(self, now: float) -> Summary:
        """What became of all inputs until now."""
        self._spend(now)
        inputs = self.inputs
        return Summary(
            seconds=now - self._start,
            inputs=inputs,
            met=self._met,
            late=len(self._ages_ms) - self._met,
            lost=dict(sorted(self._lost.items())),
            unread=self.unread,
            age_ms=percentiles(self._ages_ms),
            rung_s=dict(self._rung_s),
            score=self._score / inputs if inputs else 0.0,
            left_behind=self.left_behind,
            emulated=self.emulated,
        )

    def close(self, now: float) -> Summary:
        """Record the summary, and give it."""
        summary = self.summary(now)
        self._record("summary", now, **summary.to_dict())
        return summary

    def _spend(self, now: float) -> None:
        """Account the time since the last run began to the rung of that run."""
        if self._rung is not None:
            name, since = self._rung
            self._rung_s[name] += now - since
            self._rung = (name, now)

    def _since(self, instant: float) -> float:
        return round(max(instant, self._start) - self._start, 6)

    def _record(self, event: str, now: float, **values: Any) -> None:
        if self._write is not None:
            self._write({"event": event, "t": self._since(now), **values})


class JsonLines:
    """A file that grows line by line, so that what happened before a crash can be read after it.

    Raises OutputError where it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8", buffering=1)
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror or error}") from error

    def write(self, record: Record) -> None:
        """Add one line."""
        try:
            self._file.write(json.dumps(record) + "\n")
        except OSError as error:
            raise OutputError(f"cannot write {self._path}: {error.strerror or error}") from error

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError as closing:
            if kind is None:
                raise OutputError(f"cannot write {self._path}: {closing.strerror or closing}") from closing
