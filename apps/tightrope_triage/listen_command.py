"""What `tightrope triage listen` does with its options: a judge in a process of its own, and the listener around it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import typer
from pydicom.dataset import Dataset

from tightrope.errors import BadInputError
from tightrope.interrupt import Interrupt
from tightrope_triage.dicom import DecodedOnce, display_pixels, read_dataset, read_header
from tightrope_triage.listen import IsolatedJudge, Judge, Judged, ListenOptions, listen
from tightrope_triage.outputs.overlay import SEEN_PIXELS
from tightrope_triage.reading import Reading
from tightrope_triage.triager import Triager

_LONGEST_S = 60.0


def open_judge(model: str, point: str, heat: bool, with_results: bool) -> Judge:
    """Runs in the judge's process. `with_results`: make the SR and the Secondary Capture too."""
    triager = Triager.load(model, point=point, heat=heat)

    def judge(path: Path) -> Judged:
        dataset = read_dataset(path)
        once = DecodedOnce(SEEN_PIXELS) if with_results else None
        reading = triager.judge(dataset, read_header(path), decode=once)
        if once is None:
            return Judged(reading)
        try:
            return Judged(reading, "", _results(dataset, reading, once))
        except BadInputError as error:  # the verdict stands, whatever keeps its results from being made
            return Judged(reading, f"No result can be sent: {error}")

    return judge


def _results(dataset: Dataset, reading: Reading, once: DecodedOnce) -> tuple[Dataset, ...]:
    """The SR and the Secondary Capture. Raises BadInputError where the source allows none."""
    from tightrope_triage.outputs.capture import secondary_capture
    from tightrope_triage.outputs.overlay import render
    from tightrope_triage.outputs.sr import structured_report

    displayed = display_pixels(dataset, reading.header.frame, SEEN_PIXELS, once)
    picture = render(displayed, reading)
    return structured_report(dataset, reading), secondary_capture(dataset, reading, picture)


def listen_command(options: ListenOptions, model: str, point: str, heat: bool) -> None:
    """Listen until Ctrl-C or SIGTERM. Raises what `listen` and opening the artifact raise."""
    opened = partial(open_judge, model, point, heat, options.send_to is not None)
    with Interrupt() as stop, IsolatedJudge(opened, _LONGEST_S) as judge:
        listen(options, judge, lambda line: typer.echo(line, err=True), stop)
