"""What `tightrope triage run` does with its options: judge every object, write its results, print the queue."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import typer
from pydicom.dataset import Dataset

from tightrope.errors import BadInputError, MissingExtraError
from tightrope.interrupt import Interrupt
from tightrope.runtime.clock import SystemClock
from tightrope_triage.dicom import DecodedOnce, DicomError, FoundFiles, display_pixels, find_files, read_dataset
from tightrope_triage.outputs.jsonl import JsonLines
from tightrope_triage.outputs.overlay import SEEN_PIXELS
from tightrope_triage.radiograph import Header
from tightrope_triage.reading import NOTICE, Reading
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

    def __init__(self, options: RunOptions) -> None:
        self._options = options
        self._triager = Triager.load(options.model, options.threads, options.point, options.heat)
        self._clock = SystemClock()
        self._pseudonyms = None
        if options.deidentify:
            from tightrope_triage.deidentify.pseudonyms import Pseudonyms

            self._pseudonyms = Pseudonyms.of_this_run()
        self.readings: list[Reading] = []
        self.failed: list[str] = []
        self.notes: dict[str, None] = {}
        self.lines: JsonLines | None = None

    def take(self, header: Header) -> None:
        """Judge one object and write its results; an object that cannot be read is noted."""
        try:
            self._take(header)
        except (DicomError, BadInputError) as error:
            self.failed.append(str(error) if str(header.path) in str(error) else f"{header.path}: {error}")

    def _take(self, header: Header) -> None:
        assert header.path is not None
        dataset = read_dataset(header.path)
        # Who writes results shows the picture too: what is decoded for the judgement is decoded for the eye.
        once = None if self._options.out is None else DecodedOnce(SEEN_PIXELS)
        reading = self._triager.judge(dataset, header, self._options.frame, once)
        reading = replace(reading, header=replace(reading.header, path=header.path))
        if self._options.out is not None and once is not None:
            reading = self._write(self._options.out, dataset, reading, once)
        self.readings.append(reading)
        if self.lines is not None:
            self.lines.add(reading)

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
    found = find_files(options.paths)
    run = Run(options)
    run.failed += [str(error) if str(path) in str(error) else f"{path}: {error}" for path, error in found.failed]
    with Interrupt() as stop, ExitStack() as stack:
        if options.out is not None:
            run.lines = stack.enter_context(JsonLines(options.out / "readings.jsonl"))
        for header in found.files:
            if stop.is_set():
                break
            run.take(header)
        stopped = stop.is_set()
    _print(run, found, options.as_json)
    if stopped:
        raise typer.Exit(130)
    if run.failed:
        count = len(run.failed)
        raise BadInputError(run.failed[0] if count == 1 else f"{count} could not be used: {'; '.join(run.failed)}")
    if not found.files:
        raise BadInputError(f"no DICOM object in {', '.join(map(str, options.paths))}")


def _print(run: Run, found: FoundFiles, as_json: bool) -> None:
    ordered = sorted(run.readings, key=Reading.urgency)
    if as_json:
        record = {
            "readings": [reading.to_dict() for reading in ordered],
            "failed": run.failed,
            "duplicates": [[str(path), str(kept)] for path, kept in found.duplicates],
            "skipped": found.skipped,
            "notice": NOTICE,
        }
        typer.echo(json.dumps(record, ensure_ascii=False, indent=1))
        return
    for reading in ordered:
        shown = "" if reading.probability is None else f"{reading.probability:.2f}"
        name = reading.header.path.name if reading.header.path else reading.header.sop_instance_uid
        times = reading.times_ms or {}
        spent = f"{times['total_ms']:.0f} ms" if "total_ms" in times else ""
        typer.echo(f"{reading.state.value:12}  {shown:4}  {name:40}  {spent:>7}  {' '.join(reading.reasons)}".rstrip())
    if judged := [reading.point for reading in ordered if reading.probability is not None]:
        point = judged[0]
        rates = (f"{value:.2f} [{low:.2f}, {high:.2f}]" for value, low, high in (point.sensitivity, point.specificity))
        typer.echo(
            f"operating point {point.name}: PRIORITY from {point.probability:.2f}; "
            f"sensitivity {next(rates)}, specificity {next(rates)} on patients never seen"
        )
    if line := _results_line(run.readings):
        typer.echo(line)
    for path, kept in found.duplicates:
        typer.echo(f"duplicate: {path} is the same instance as {kept}")
    if found.skipped:
        typer.echo(f"skipped: {found.skipped} files that are not DICOM")
    for note in run.notes:
        typer.echo(f"note: {note}")
    typer.echo(NOTICE)


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
