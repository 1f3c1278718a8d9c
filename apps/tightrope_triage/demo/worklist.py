"""What one person has given to be judged, sorted by urgency: a Worklist a browser, never shared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from tightrope.demo.cockpit import Cockpit
from tightrope.demo.session import Session
from tightrope.errors import BadInputError
from tightrope_triage.demo.archive import MAX_BYTES, MAX_FILES, unpack
from tightrope_triage.dicom import FoundFiles, find_files, unsuitable
from tightrope_triage.radiograph import Header
from tightrope_triage.reading import Reading
from tightrope_triage.triager import Triager
from tightrope_triage.workload import SAMPLE


@dataclass(frozen=True)
class Asked:
    """How to judge: the operating point's name, and which frame of multi-frame objects."""

    point: str
    frame: int | None = None


@dataclass(frozen=True)
class Intake:
    """What was given: its objects, and the folder for what is unpacked from it and written about it."""

    folder: Path
    found: FoundFiles

    @classmethod
    def of(cls, paths: Sequence[Path], folder: Path) -> Intake:
        """The DICOM objects among files and zips. Raises BadInputError beyond MAX_FILES, or where there is none."""
        if len(paths) > MAX_FILES:
            raise BadInputError(f"{len(paths)} files are too many at once; {MAX_FILES} are the limit")
        places, left = [], MAX_BYTES  # of all zips together
        for number, path in enumerate(paths):
            zipped = path.suffix.lower() == ".zip"
            places.append(folder / f"{number}" if zipped else path)
            left -= unpack(path, places[-1], left) if zipped else 0
        found = find_files(places)
        if len(found.files) > MAX_FILES:
            raise BadInputError(f"{len(found.files)} objects are too many at once; {MAX_FILES} are the limit")
        if not found.files and not found.failed:
            raise BadInputError("there is no DICOM object in what you gave")
        return cls(folder, found)


@dataclass(frozen=True)
class Worklist:
    """Readings with the most urgent first, and a line each of the files that could not be used."""

    intake: Intake
    readings: tuple[Reading, ...]
    failed: tuple[str, ...]


@lru_cache(maxsize=4)
def triager(model: str, threads: int, point: str) -> Triager:
    """Opened once and warmed up: the first run of a session allocates its memory."""
    opened = Triager.load(model, threads, point, heat=True)
    opened(phantom())
    return opened


def phantom() -> Path:
    """The bundled DICOM file: drawn, nobody's radiograph."""
    return next(iter(sorted(SAMPLE.glob("*.dcm"))))


def judge(
    intake: Intake, asked: Asked, cockpit: Cockpit, session: Session, done: Callable[[int], None] = lambda count: None
) -> Worklist:
    """Judge every object on this session's rung and meter; one that cannot be read is noted, and the rest goes on.

    Args:
        done: told after each how many are.
    """
    judging = triager(str(cockpit.artifact(session).path), cockpit.budget(session).threads, asked.point)
    readings = []
    failed = [_line(path, error) for path, error in intake.found.failed]
    for number, header in enumerate(intake.found.files):
        try:
            readings.append(_judge_one(judging, header, asked, cockpit, session))
        except BadInputError as error:
            failed.append(_line(header.path, error))
        done(number + 1)
    return Worklist(intake, tuple(sorted(readings, key=Reading.urgency)), tuple(failed))


def _judge_one(judging: Triager, header: Header, asked: Asked, cockpit: Cockpit, session: Session) -> Reading:
    if (reason := unsuitable(header)) is not None:
        return judging.refuse(header, (reason,))
    path = header.path
    assert path is not None
    frame = asked.frame if header.frames > 1 else None
    reading = cockpit.timed(session, lambda: judging(path, frame)).result
    return replace(reading, header=replace(reading.header, path=path))


def _line(path: Path | None, error: BadInputError) -> str:
    """What is wrong with a file, beginning with its name; without the folder that the upload lies in."""
    said = str(error)
    if path is None:
        return said
    said = said.replace(str(path), path.name)
    return said if path.name in said else f"{path.name}: {said}"
