"""The files that a person takes away: SR, Secondary Capture and JSON of one case, or all of them in a zip."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tightrope.errors import BadInputError, MissingExtraError
from tightrope_triage.deidentify.pseudonyms import Pseudonyms
from tightrope_triage.dicom import display_pixels, read_dataset
from tightrope_triage.outputs.files import write_outputs
from tightrope_triage.outputs.jsonl import JsonLines
from tightrope_triage.reading import Reading


def write_results(readings: Sequence[Reading], folder: Path, deidentify: bool) -> tuple[list[Path], list[str]]:
    """Write into `folder`; the files, a single zip where there are several readings, and what a person must know.

    A reading whose source can have no result, such as one without UIDs, is left out and told of.

    Raises:
        MissingExtraError: highdicom is not installed.
        OutputError: a file cannot be written.
    """
    pseudonyms = Pseudonyms.of_this_run() if deidentify else None
    files: list[Path] = []
    notes: dict[str, None] = {}
    with JsonLines(folder / "readings.jsonl") as lines:
        for reading in readings:
            try:
                files += _write(reading, folder, pseudonyms, lines, notes)
            except BadInputError as error:
                notes[str(error)] = None
    if lines.target.is_file():
        files.append(lines.target)
    return (files if len(readings) == 1 else [_zipped(files, folder)]), list(notes)


def without_folder(reading: Reading) -> Reading:
    """The reading as it may be told: of its file only the name, not where the upload lies."""
    path = reading.header.path
    return reading if path is None else replace(reading, header=replace(reading.header, path=Path(path.name)))


def _write(
    reading: Reading, folder: Path, pseudonyms: Pseudonyms | None, lines: JsonLines, notes: dict[str, None]
) -> list[Path]:
    path = reading.header.path
    assert path is not None
    dataset = read_dataset(path)
    displayed = display_pixels(dataset, reading.header.frame)
    try:
        written = write_outputs(folder, dataset, reading, displayed, pseudonyms)
    except ModuleNotFoundError as error:
        raise MissingExtraError("writing DICOM results", "triage") from error
    lines.add(without_folder(written.reading))
    notes.update(dict.fromkeys(written.notes))
    return [written.report, written.capture]


def _zipped(files: Sequence[Path], folder: Path) -> Path:
    target = folder / "triage-results.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.name)
    return target
