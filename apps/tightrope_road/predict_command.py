"""What `tightrope road predict` does with its options: lines, files, a window, and the summary at the end."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from tightrope.errors import BadInputError
from tightrope.interrupt import Interrupt
from tightrope.runtime import Answer, Emit, JsonLines
from tightrope.runtime.telemetry import Record
from tightrope.runtime.trace import write_trace
from tightrope_road.app import APP
from tightrope_road.detections import Detections
from tightrope_road.detector import Detector
from tightrope_road.drawing import draw_boxes, draw_budget
from tightrope_road.frames import Frame
from tightrope_road.live import RoadRunner, governed
from tightrope_road.progress import progress
from tightrope_road.run import Tally, run
from tightrope_road.sources import find_sources
from tightrope_road.writers import Writer, open_writers, parse_formats
from tightrope_road.writers.jsonl import record

if TYPE_CHECKING:
    from tightrope.budget import Budget, Verdict
    from tightrope_road.window import Window

# Of fewer frames the 90th percentile is the slowest, and the first frame of a process is slow.
_ENOUGH_TO_JUDGE = 10


@dataclass(frozen=True)
class PredictOptions:
    """What the command line said."""

    sources: tuple[str, ...]
    out: Path | None
    formats: str | None
    model: str
    classes: Literal["road", "all"]
    score: float
    profile: str | None
    threads: int | None
    view: bool
    max_frames: int | None
    as_json: bool
    quiet: bool
    govern: bool = False
    telemetry: Path | None = None


def predict_command(options: PredictOptions) -> None:
    """Run, then report. Raises BadInputError when all is done if a source could not be used."""
    if options.formats is not None and options.out is None:
        raise BadInputError("--format says what to write, but not where: add --out DIR")
    if options.telemetry is not None and not options.govern:
        raise BadInputError("--telemetry records what the governor does: add --govern")
    formats = parse_formats(options.formats or "image")
    console = _Console(options)
    detector = Detector.load(options.model, console.threads, options.score, options.classes)
    with Interrupt() as stop:
        sources = find_sources(options.sources, stop)
        if options.govern and not any(source.live for source in sources):
            raise BadInputError(
                "--govern holds a deadline, and only a camera or stream has one; name one as the source"
            )
        with ExitStack() as stack:
            console.writers = stack.enter_context(open_writers(options.out, formats))
            console.window = _open_window(stack) if options.view else None
            shown = options.quiet or not sys.stdout.isatty()
            step = stack.enter_context(progress(len(sources), shown and len(sources) > 1))
            governed = console.governed if options.govern else None
            tally = run(detector, sources, console.take, stop, options.max_frames, step, governed)
            if console.window is not None and tally.frames == 1:
                console.window.wait(stop)
        console.summarize(tally, stop.is_set())
        if stop.is_set():
            raise typer.Exit(130)
    if tally.unusable:
        raise BadInputError(_complaint(tally.unusable, len(sources)))


def _open_window(stack: ExitStack) -> Window:
    from tightrope_road.window import Window

    return stack.enter_context(closing(Window()))


class _Console:
    """Takes every frame of the run: to the writers, the window, and standard output."""

    def __init__(self, options: PredictOptions) -> None:
        self._options = options
        self.writers: Sequence[Writer] = ()
        self.window: Window | None = None
        # A profile that was named is read at once, for its threads and so that a wrong name ends here.
        self.threads = options.threads or (self._budget.threads if options.profile else 1)
        self._deaf = False
        self._runs = 0

    @cached_property
    def _budget(self) -> Budget:
        """Read when it is needed: its schema costs a tenth of the time in which one picture is done."""
        return APP.budget().profile(self._options.profile)

    def take(self, frame: Frame, answer: Answer[Detections]) -> bool:
        """One frame; False if nobody wants more: the window is closed, or the reader of our output is gone."""
        for writer in self.writers:
            writer.write(frame, answer)
        if not self._options.quiet:
            if self._options.as_json:
                self._say(json.dumps(record(frame, answer)))
            else:
                self._say(f"{frame}: {answer.result}  {answer.times.total_ms:.1f} ms{self._age(answer)}")
        return self._show(frame, answer) and not self._deaf

    @contextmanager
    def governed(self, first: Frame) -> Iterator[RoadRunner]:
        """A runner under the profile's deadline, for one live source; its summary, and its telemetry if asked for."""
        options = self._options
        file = options.telemetry / f"live-{self._runs}.jsonl" if options.telemetry else None
        self._runs += 1
        with ExitStack() as ending:  # in reverse, and also where the run is ended early
            if file:
                ending.callback(write_trace, file, file.with_suffix(".trace.json"))
            lines = ending.enter_context(JsonLines(file)) if file else None
            note = partial(self._note, lines)
            runner = governed(self._budget, first, self.threads, options.score, options.classes, note)
            ending.callback(self._sum_up, runner)
            yield runner

    def _note(self, lines: JsonLines | None, happening: Record) -> None:
        if lines is not None:
            lines.write(happening)
        if happening["event"] == "state" and not self._options.quiet:
            print(f"{happening['state']}: {happening['why']}", file=sys.stderr)

    def _sum_up(self, runner: RoadRunner) -> None:
        summary = runner.telemetry.close(runner.clock.now())
        self._say(json.dumps({"run": summary.to_dict()}) if self._options.as_json else str(summary))

    def summarize(self, tally: Tally, interrupted: bool) -> None:
        verdict = self._verdict(tally)
        if self._options.as_json:
            summary: dict[str, Any] = {**tally.to_dict(), "interrupted": interrupted}
            if verdict is not None:
                summary["budget"] = {"axis": verdict.axis, **vars(verdict), "met": verdict.met}
            self._say(json.dumps({"summary": summary}))
            return
        for line in _summary(tally, interrupted):
            self._say(line)
        if verdict is not None:
            cores = "1 thread" if self.threads == 1 else f"{self.threads} threads"
            self._say(f"budget: {verdict} on {cores}: {'met' if verdict.met else 'not met'}")

    def _verdict(self, tally: Tally) -> Verdict | None:
        """The whole pipeline against the budget; reading, drawing and writing files are not part of it."""
        if tally.frames < _ENOUGH_TO_JUDGE:
            return None
        from tightrope.budget import Verdict

        total = tally.percentile(self._budget.percentile)["total"]
        return Verdict(f"latency p{self._budget.percentile:g}", total, self._budget.latency_ms, "ms")

    def _age(self, answer: Answer[Detections]) -> str:
        if not (self._options.govern and isinstance(answer, Emit)):
            return ""
        return f", {answer.age_s * 1e3:.0f} ms old, {answer.rung}, {answer.state.value}"

    def _show(self, frame: Frame, answer: Answer[Detections]) -> bool:
        if self.window is None:
            return True
        boxes = draw_boxes(frame.picture, answer.result)
        return self.window.show(draw_budget(boxes, answer.times.total_ms, self._budget.latency_ms))

    def _say(self, line: str) -> None:
        try:
            print(line, flush=True)
        except BrokenPipeError:  # `| head`: end the run as any other, with all files complete
            self._deaf = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _summary(tally: Tally, interrupted: bool) -> list[str]:
    lines = []
    frames = f"{tally.frames} frame{'' if tally.frames == 1 else 's'}"
    if tally.frames:
        middle, high = tally.percentile(50), tally.percentile(90)
        stages = ", ".join(f"{stage} {middle[stage]:.1f} / {high[stage]:.1f}" for stage in middle)
        lines.append(f"{frames}, ms at p50 / p90: {stages}")
    if tally.dropped:
        lines.append(f"dropped: {tally.dropped} frames that came while another was being done")
    lines += [f"no answer: {count} frames: {why}" for why, count in tally.failed.items()]
    if interrupted:
        lines.append(f"ended by Ctrl-C after {frames}; what was begun is complete")
    if len(tally.unusable) > 1:
        lines += ["could not be used:", *(f"  {message}" for message in tally.unusable)]
    return lines


def _complaint(unusable: Sequence[str], sources: int) -> str:
    """One line on all sources that could not be used."""
    if len(unusable) == 1:
        return unusable[0]
    return f"{len(unusable)} of {sources} sources could not be used: {'; '.join(unusable)}"
