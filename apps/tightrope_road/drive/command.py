"""What `tightrope road drive` does with its options."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import typer

from tightrope.interrupt import Interrupt
from tightrope.models import open_artifact
from tightrope.runtime import JsonLines, Limits
from tightrope.runtime.summary import Summary
from tightrope.runtime.trace import write_trace
from tightrope_road.app import APP
from tightrope_road.drive.faults import Faults
from tightrope_road.drive.run import Plan, drive, ladder_steps, one_step
from tightrope_road.drive.scene import Notice, Scene
from tightrope_road.drive.writers import DriveWriter, Manner, open_writers, parse_formats
from tightrope_road.logs import open_log


@dataclass(frozen=True)
class DriveOptions:
    """What the command line said."""

    log: str
    camera: str | None
    out: Path | None
    formats: str
    model: str
    governed: bool
    profile: str | None
    threads: int | None
    fast: bool
    tolerance_ms: float
    fault: str
    seed: int
    max_frames: int | None
    as_json: bool
    quiet: bool
    telemetry: Path | None
    points: bool = False


def drive_command(options: DriveOptions) -> None:
    """Drive, then sum up. Raises BadInputError for a log, a fault or an option that makes no sense."""
    faults = Faults.parse(options.fault, options.seed)
    formats = parse_formats(options.formats)
    log = open_log(options.log, options.camera)
    budget = APP.budget().profile(options.profile)
    threads = options.threads or budget.threads
    deadline_s = (budget.period_ms or budget.latency_ms) / 1e3
    manner = Manner(Limits.every(log.period_s, deadline_s).stale_s, options.points)
    with ExitStack() as stack, Interrupt() as stop:
        console = _Console(options, stack.enter_context(open_writers(options.out, formats, log, manner)))
        lines = None
        if options.telemetry:
            recorded = options.telemetry / "runner.jsonl"  # drive.jsonl is what --out writes, perhaps beside it
            stack.callback(write_trace, recorded, options.telemetry / "drive.trace.json")
            lines = stack.enter_context(JsonLines(recorded))
        plan = Plan(
            ladder_steps(log, deadline_s, threads)
            if options.governed
            else one_step(open_artifact("road", options.model), threads),
            deadline_s=deadline_s,
            misses=round(1 - budget.percentile / 100, 6),
            memory_bytes=round(budget.peak_rss_mb * 1e6) if budget.peak_rss_mb else None,
            true_speed=not options.fast,
            counts_time=options.governed,
            tolerance_s=options.tolerance_ms / 1e3,
            faults=faults,
            max_frames=options.max_frames,
            write=lines.write if lines else None,
        )
        summary = drive(log, plan, console.take, stop)
    console.sum_up(summary, log.name)
    if stop.is_set():
        raise typer.Exit(130)


_LATE = (
    "no answer came in time: this machine is too slow for the log's own speed, or busy. --policy governor takes a "
    "cheaper model when it must; --as-fast-as-possible answers every picture"
)


class _Console:
    """Takes what the drive tells: to the writers and to standard output."""

    def __init__(self, options: DriveOptions, writers: Sequence[DriveWriter]) -> None:
        self._options, self._writers = options, writers
        self._deaf = False
        self.scenes = self.answered = self.fused = 0

    def take(self, told: Scene | Notice) -> bool:
        """One scene or notice; False if the reader of our output is gone."""
        for writer in self._writers:
            writer.write(told)
        if isinstance(told, Scene):
            self.scenes += 1
            self.answered += told.answered
            self.fused += told.answered and told.moment.points is not None and not told.moment.no_camera
        if self._options.as_json:
            self._say(json.dumps(told.to_dict()))
        elif isinstance(told, Notice):
            print(f"{told.state.value} at {told.at_s:.2f} s: {told.why}", file=sys.stderr)
        elif not self._options.quiet:
            self._say(str(told))
        return not self._deaf

    def sum_up(self, summary: Summary, name: str) -> None:
        counts = {"frames": self.scenes, "answered": self.answered, "fused": self.fused}
        if self._options.as_json:
            self._say(json.dumps({"event": "summary", "log": name, **counts, "run": summary.to_dict()}))
            return
        self._say(f"{self.scenes} pictures, {self.answered} answered, {self.fused} of them with LiDAR")
        self._say(str(summary))
        late = self.scenes and not self.answered and "error" not in summary.lost
        if late and not self._options.fast:
            print(_LATE, file=sys.stderr)

    def _say(self, line: str) -> None:
        try:
            print(line, flush=True)
        except BrokenPipeError:  # `| head`: end the run as any other, with all files complete
            self._deaf = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
