"""The DICOM results of a reading as files: `<stem>.sr.dcm` and `<stem>.sc.dcm`.

>>> written = write_outputs(folder, dataset, reading, displayed)                   # doctest: +SKIP
>>> written.report, written.capture                                                # doctest: +SKIP
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmwrite
from pydicom.dataset import Dataset

from tightrope.runtime.clock import Clock, SystemClock
from tightrope.writing import write_bytes
from tightrope_triage.deidentify.dataset import deidentify
from tightrope_triage.deidentify.pseudonyms import Pseudonyms
from tightrope_triage.deidentify.reading import deidentified_reading
from tightrope_triage.outputs.capture import secondary_capture
from tightrope_triage.outputs.overlay import render
from tightrope_triage.reading import Reading

_PIXELS = 0x7FE0
# A result's own date tells when the patient was here.
_NO_MOMENT = datetime(1900, 1, 1)


@dataclass(frozen=True)
class Written:
    """Where the results of a reading lie, the reading as it may be told, and what a person must know of them.

    `draw_ms` is what drawing the picture took, with the heat map if there is one.
    """

    report: Path
    capture: Path
    reading: Reading
    draw_ms: float
    notes: tuple[str, ...] = ()


def write_outputs(
    folder: Path,
    dataset: Dataset,
    reading: Reading,
    displayed: NDArray[np.uint8],
    pseudonyms: Pseudonyms | None = None,
    clock: Clock | None = None,
) -> Written:
    """Write the report and the capture of `reading`, whose source is `dataset`, into `folder`; older ones are replaced.

    `displayed`, uint8 [h, w], is the frame as it is seen. The files are called by the source's SOP instance, so that
    two sources of one file name do not collide. With `pseudonyms` the results are those of the de-identified source.

    Raises:
        BadInputError: no result can refer to the source, as `structured_report` says.
        OutputError: a file cannot be written.
    """
    from tightrope_triage.outputs.sr import structured_report

    notes: tuple[str, ...] = ()
    when = None
    if pseudonyms is not None:
        cleaned = deidentify(_without_pixels(dataset), pseudonyms)
        dataset, notes, when = cleaned.dataset, cleaned.notes, _NO_MOMENT
        reading = deidentified_reading(reading, pseudonyms)
    report = structured_report(dataset, reading, when)
    now = (clock or SystemClock()).now
    started = now()
    picture = render(displayed, reading)
    draw_ms = 1e3 * (now() - started)
    capture = secondary_capture(dataset, reading, picture, when)
    stem = str(dataset.SOPInstanceUID) + (f".{reading.header.frame}" if reading.header.frames > 1 else "")
    written = Written(folder / f"{stem}.sr.dcm", folder / f"{stem}.sc.dcm", reading, draw_ms, notes)
    write_bytes(written.report, encoded(report))
    write_bytes(written.capture, encoded(capture))
    return written


def encoded(dataset: Dataset) -> bytes:
    """A DICOM file's bytes (PS3.10)."""
    file = BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def _without_pixels(dataset: Dataset) -> Dataset:
    """The results take only the source's header; its pixels need no copying."""
    header = Dataset()
    header.update({tag: dataset.get_item(tag) for tag in list(dataset.keys()) if tag.group < _PIXELS})
    return header
