"""The functions behind the tab's events. Each takes the person's Session and Worklist; none keeps anything itself."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from tightrope.demo.cockpit import Cockpit
from tightrope.demo.comparing import pair_of
from tightrope.demo.folder import new_folder, remove_folder
from tightrope.demo.session import Session
from tightrope.demo.told import spoken
from tightrope.errors import BadInputError
from tightrope_triage.demo.comparing import compare
from tightrope_triage.demo.results import without_folder, write_results
from tightrope_triage.demo.verdict import row, summary, verdict
from tightrope_triage.demo.viewing import Viewed
from tightrope_triage.demo.worklist import Asked, Intake, Worklist, judge, phantom
from tightrope_triage.dicom.luts import Window
from tightrope_triage.reading import Reading

_STEPS = 100  # of a window's slider, at the least


def forget(worklist: Worklist | None) -> None:
    """Remove a worklist's own files."""
    if worklist is not None:
        remove_folder(worklist.intake.folder)


class Judging:
    """On one cockpit. What judges gives (worklist, choices, summary, JSON, bar, plot)."""

    def __init__(self, cockpit: Cockpit) -> None:
        self._cockpit = cockpit

    def files(
        self, paths: list[str] | None, point: str, frame: float | None, old: Worklist | None, session: Session,
        progress: Any = gr.Progress(),  # noqa: B008  Gradio looks for it here
    ) -> tuple[Any, ...]:  # fmt: skip
        if not paths:
            return self._told(old, session)
        return self._judged([Path(path) for path in paths], _asked(point, frame), old, session, progress)

    def phantom(self, point: str, frame: float | None, old: Worklist | None, session: Session) -> tuple[Any, ...]:
        return self._judged([phantom()], _asked(point, frame), old, session, None)

    def again(self, point: str, frame: float | None, old: Worklist | None, session: Session) -> tuple[Any, ...]:
        if old is None:
            return self._told(None, session)
        return self._told(judge(old.intake, _asked(point, frame), self._cockpit, session), session)

    def show(self, chosen: int | None, heat: bool, worklist: Worklist | None) -> tuple[Any, ...]:
        """(viewed, picture, verdict, level slider, width slider) of one case, as its object wants to be shown."""
        reading = _case(chosen, worklist)
        if reading is None or reading.header.path is None:
            return None, None, "", gr.update(), gr.update()
        try:
            viewed = Viewed.of(reading.header.path, reading)
        except BadInputError as error:  # no pixels, say; the picture of the case before must not stand beside it
            return None, None, f"{verdict(reading)}<p>{escape(spoken(error))}</p>", gr.update(), gr.update()
        darkest, brightest = viewed.limits
        step = _round_step(brightest - darkest)
        low, high = math.floor(darkest / step) * step, math.ceil(brightest / step) * step
        level, width = (round(value / step) * step for value in (viewed.window.center, viewed.window.width))
        sliders = (
            gr.update(minimum=low, maximum=high, value=level, step=step),
            gr.update(minimum=step, maximum=2 * (high - low) + step, value=max(width, step), step=step),
        )
        return viewed, _bgr(viewed.picture(heat)), verdict(reading), *sliders

    def window(self, level: float, width: float, heat: bool, viewed: Viewed | None) -> Any:
        if viewed is None:
            raise BadInputError("choose a case first")
        return _bgr(viewed.picture(heat, Window(level, max(width, 1e-6), "LINEAR_EXACT")))

    def compare(
        self, chosen: int | None, point: str, frame: float | None, heat: bool, worklist: Worklist | None,
        session: Session,
    ) -> tuple[Any, str]:  # fmt: skip
        """The case as the original and the compressed network judge it."""
        reading = _case(chosen, worklist)
        if reading is None:
            raise BadInputError("choose a case first")
        pair = pair_of(self._cockpit.artifact(session), self._cockpit.artifacts)
        with self._cockpit.turn():
            return compare(reading, pair, _asked(point, frame), heat, self._cockpit.budget(session).threads)

    def results(
        self, chosen: int | None, every: bool, deidentify: bool, worklist: Worklist | None
    ) -> tuple[list[str], str]:
        if worklist is None or not worklist.readings:
            raise BadInputError("judge a radiograph first")
        reading = _case(chosen, worklist)
        readings = worklist.readings if every or reading is None else (reading,)
        files, notes = write_results(readings, Path(tempfile.mkdtemp(dir=worklist.intake.folder)), deidentify)
        return [str(file) for file in files], "".join(f"<p>{escape(note)}</p>" for note in notes)

    def _judged(
        self, paths: Sequence[Path], asked: Asked, old: Worklist | None, session: Session, progress: Any
    ) -> tuple[Any, ...]:
        folder = new_folder()
        try:
            intake = Intake.of(paths, folder)
            done = _reporter(progress, len(intake.found.files))
            worklist = judge(intake, asked, self._cockpit, session, done)
        except BaseException:
            remove_folder(folder)
            raise
        forget(old)
        return self._told(worklist, session)

    def _told(self, worklist: Worklist | None, session: Session) -> tuple[Any, ...]:
        figures = self._cockpit.figures(session)
        if worklist is None:
            return None, gr.update(choices=[], value=None), "", [], *figures
        choices = [(row(reading), number) for number, reading in enumerate(worklist.readings)]
        record = [_record(reading) for reading in worklist.readings]
        rows = gr.update(choices=choices, value=0 if choices else None)
        return worklist, rows, summary(worklist), record, *figures


def _asked(point: str, frame: float | None) -> Asked:
    return Asked(point, None if not frame else int(frame))


def _case(chosen: int | None, worklist: Worklist | None) -> Reading | None:
    if worklist is None or chosen is None or not 0 <= int(chosen) < len(worklist.readings):
        return None
    return worklist.readings[int(chosen)]


def _reporter(progress: Any, count: int) -> Callable[[int], None]:
    """Tells the page how far it is; nothing for the one case of the phantom."""
    if progress is None or count < 2:
        return lambda done: None
    return lambda done: progress((done, count), desc="judging", unit="objects")


def _record(reading: Reading) -> dict[str, Any]:
    """JSON-able. Its file is called 'file': Gradio's client takes whatever has a 'path' for a file to be fetched."""
    record = without_folder(reading).to_dict()
    return {"file": record.pop("path"), **record}


def _round_step(span: float) -> float:
    """A power of ten, at most a hundredth of the span."""
    return float(10.0 ** math.floor(math.log10(max(span, 1e-3) / _STEPS)))


def _bgr(picture: Any) -> Any:
    return picture[..., ::-1]
