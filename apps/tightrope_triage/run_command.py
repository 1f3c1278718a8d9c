"""What `tightrope triage run` does with its options: judge every object, write its results, print the queue."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import typer
from pydicom.dataset import Dataset

from tightrope.errors import BadInputError, MissingExtraError, OutputError
from tightrope.interrupt import Interrupt
from tightrope.runtime.clock import SystemClock
from tightrope_triage.dicom import DecodedOnce, FoundFiles, display_pixels, find_files, read_dataset
from tightrope_triage.input_names import InputNames
from tightrope_triage.outputs.jsonl import JsonLines
from tightrope_triage.outputs.overlay import SEEN_PIXELS
from tightrope_triage.outputs.source import is_result
from tightrope_triage.radiograph import Header, readable
from tightrope_triage.reading import NOTICE, OperatingPoint, Reading
from tightrope_triage.triager import Triager


@dataclass(frozen=True)
class RunOptions:
    """What the command line said."""

    paths: tuple[Path, ...]
    out: Path | None
    model: str
    point: str
    frame: int | None
    heat: bool
    deidentify: bool
    threads: int
    as_json: bool


class Run:
    """The loop over all objects. `readings` are those that were judged, `failed` a line each of the others."""

    def __init__(self, options: RunOptions, found: FoundFiles) -> None:
        self._options = options
        self.names = InputNames(found, options.deidentify)
        self._triager = Triager.load(options.model, options.threads, options.point, options.heat)
        self._clock = SystemClock()
        self._pseudonyms = None
        if options.deidentify:
            from tightrope_triage.deidentify.pseudonyms import Pseudonyms

            self._pseudonyms = Pseudonyms.of_this_run()
        self.readings: list[Reading] = []
        self.failed = [self.names.line(path, error) for path, error in found.failed]
        self.notes: dict[str, None] = {}
        self.lines: JsonLines | None = None

    def take(self, header: Header) -> None:
        """Judge one object and write its results; what cannot be read or written of it is noted."""
        assert header.path is not None
        try:
            self._take(header, header.path)
        except BadInputError as error:
            self.failed.append(self.names.line(header.path, error))

    def _take(self, header: Header, path: Path) -> None:
        dataset = read_dataset(path)
        # Who writes results shows the picture too: what is decoded for the judgement is decoded for the eye.
        once = None if self._options.out is None else DecodedOnce(SEEN_PIXELS)
        reading = self._triager.judge(dataset, header, self._options.frame, once)
        reading = replace(reading, header=replace(reading.header, path=path))
        told = self._without_patient(reading)
        try:
            if self._options.out is not None and once is not None:
                told = self._write(self._options.out, dataset, reading, once)
        finally:  # the verdict counts, whatever becomes of its results
            self._add(told)

    def _add(self, reading: Reading) -> None:
        self.readings.append(reading)
        if self.lines is not None:
            self.lines.add(reading)

    def _without_patient(self, reading: Reading) -> Reading:
        """The reading as it may be told."""
        if self._pseudonyms is None:
            return reading
        from tightrope_triage.deidentify.reading import deidentified_reading

        return deidentified_reading(reading, self._pseudonyms)

    def _write(self, out: Path, dataset: Dataset, reading: Reading, once: DecodedOnce) -> Reading:
        """Write its results; the reading as it may be told, with what that took."""
        from tightrope_triage.outputs.files import write_outputs

        started = self._clock.now()
        displayed = display_pixels(dataset, reading.header.frame, SEEN_PIXELS, once)
        shown = self._clock.now()
        try:
            written = write_outputs(out, dataset, reading, displayed, self._pseudonyms, self._clock)
        except ModuleNotFoundError as error:
            raise MissingExtraError("writing DICOM results", "triage") from error
        self.notes |= dict.fromkeys(written.notes)
        results_ms = 1e3 * (self._clock.now() - started)
        spent = {"display_ms": 1e3 * (shown - started), "draw_ms": written.draw_ms, "results_ms": results_ms}
        return replace(written.reading, times_ms={**(reading.times_ms or {}), **spent})


def run_command(options: RunOptions) -> None:
    """Run, then print. Raises BadInputError when all is done if something could not be used."""
    if options.deidentify and options.out is None:
        raise BadInputError("--deidentify is about the files that are written: add --out DIR")
    if options.heat and options.out is None:
        raise BadInputError("--heat is about the pictures that are written: add --out DIR")
    found = find_files(options.paths, options.out, is_result)
    run = Run(options, found)
    try:
        stopped = _take_all(run, found, options.out)
    except OutputError:  # the queue is told, though it cannot be kept
        _print(run, found, options.as_json)
        raise
    _print(run, found, options.as_json)
    if stopped:
        raise typer.Exit(130)
    if run.failed:
        count = len(run.failed)
        raise BadInputError(run.failed[0] if count == 1 else f"{count} could not be used: {'; '.join(run.failed)}")
    if not found.files:
        raise BadInputError(f"no DICOM object in {', '.join(map(readable, options.paths))}")


def _take_all(run: Run, found: FoundFiles, out: Path | None) -> bool:
    """Judge all; whether it was interrupted."""
    with Interrupt() as stop, ExitStack() as stack:
        if out is not None and found.files:
            run.lines = stack.enter_context(JsonLines(out / "readings.jsonl"))
        for header in found.files:
            if stop.is_set():
                break
            run.take(header)
        return stop.is_set()


def _print(run: Run, found: FoundFiles, as_json: bool) -> None:
    ordered = sorted(run.readings, key=Reading.urgency)
    if as_json:
        record = {
            "readings": [reading.to_dict() for reading in ordered],
            "failed": run.failed,
            "duplicates": [[run.names.of(path), run.names.of(kept)] for path, kept in found.duplicates],
            "skipped": found.skipped,
            "own_results": found.own,
            "notice": NOTICE,
        }
        typer.echo(json.dumps(record, ensure_ascii=False, indent=1))
        return
    for reading in ordered:
        shown = "" if reading.probability is None else f"{reading.probability:.2f}"
        name = readable(Path(reading.header.path.name)) if reading.header.path else reading.header.sop_instance_uid
        times = reading.times_ms or {}
        spent = f"{times['total_ms']:.0f} ms" if "total_ms" in times else ""
        typer.echo(f"{reading.state.value:12}  {shown:4}  {name:40}  {spent:>7}  {' '.join(reading.reasons)}".rstrip())
    for point in dict.fromkeys(reading.point for reading in ordered if reading.probability is not None):
        typer.echo(_point_line(point))
    if line := _results_line(run.readings):
        typer.echo(line)
    for path, kept in found.duplicates:
        typer.echo(f"duplicate: {run.names.of(path)} is the same instance as {run.names.of(kept)}")
    if found.skipped:
        typer.echo(f"skipped: {found.skipped} files that are not DICOM")
    if found.own:
        typer.echo(f"skipped: {found.own} results that this program wrote")
    for note in run.notes:
        typer.echo(f"note: {note}")
    typer.echo(NOTICE)


def _point_line(point: OperatingPoint) -> str:
    """Children and adults have thresholds of their own."""
    rates = (f"{value:.2f} [{low:.2f}, {high:.2f}]" for value, low, high in (point.sensitivity, point.specificity))
    return (
        f"operating point {point.name}: PRIORITY from {point.probability:.2f}; "
        f"sensitivity {next(rates)}, specificity {next(rates)} on patients never seen"
    )


def _results_line(readings: list[Reading]) -> str:
    """What the results took beyond the judgement; empty where none were written."""
    spent = [reading.times_ms for reading in readings if reading.times_ms and "results_ms" in reading.times_ms]
    if not spent:
        return ""
    results, display, draw = (median(times[f"{name}_ms"] for times in spent) for name in ("results", "display", "draw"))
    drawn = "drawing it with its heat map" if any(reading.heat is not None for reading in readings) else "drawing it"
    return (
        f"results: {results:.0f} ms more an object (median): {display:.0f} ms of it for bringing its pixels to the "
        f"screen, {draw:.0f} ms for {drawn}"
    )
