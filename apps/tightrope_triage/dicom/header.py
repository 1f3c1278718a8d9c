"""What an object says of itself, from its header alone.

>>> read_header(Path("chest.dcm")).view      # doctest: +SKIP
'PA'
"""

from __future__ import annotations

import math
import re
from datetime import date
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from tightrope_triage.dicom.errors import DicomError, typed_errors
from tightrope_triage.dicom.files import read_dataset
from tightrope_triage.dicom.frames import at_frame, frame_count
from tightrope_triage.dicom.upright import Turn, directions
from tightrope_triage.radiograph import Header

Pair = tuple[float, float]
_DAYS = {"D": 1.0, "W": 7.0, "M": 365.25 / 12, "Y": 365.25}
# ViewCodeSequence, PS3.16 CID 4010: SNOMED CT and the older SRT codes.
_VIEW_CODES = {
    "272479007": "PA",
    "R-40888": "PA",
    "399348003": "AP",
    "R-10206": "AP",
    "399173006": "LL",
    "R-10236": "LL",
    "399198007": "RL",
    "R-10232": "RL",
    "399067008": "LATERAL",
    "R-102CD": "LATERAL",
}


def read_header(source: Path | Dataset, frame: int = 1) -> Header:
    """The header of a file or of a dataset; pixels are not touched.

    Raises:
        NotDicomError: the file does not begin as a DICOM file does.
        DicomError: the file is damaged, or the dataset is no object at all: it has neither SOP class nor instance.
    """
    if isinstance(source, Dataset):
        return header_of(source, None, frame)
    return header_of(read_dataset(source, pixels=False), source, frame)


def header_of(dataset: Dataset, path: Path | None, frame: int = 1) -> Header:
    """As `read_header`, of a dataset that came from `path`."""
    with typed_errors():
        flat = at_frame(dataset, frame)
        frames = frame_count(dataset)
    spacing, size = _upright(dataset, _spacing(flat))
    header = Header(
        path=path,
        sop_class_uid=text_of(dataset, "SOPClassUID"),
        sop_instance_uid=text_of(dataset, "SOPInstanceUID"),
        series_instance_uid=text_of(dataset, "SeriesInstanceUID"),
        study_instance_uid=text_of(dataset, "StudyInstanceUID"),
        transfer_syntax_uid=text_of(getattr(dataset, "file_meta", Dataset()), "TransferSyntaxUID"),
        modality=text_of(dataset, "Modality").upper(),
        frame=frame,
        frames=frames,
        patient_id=text_of(dataset, "PatientID"),
        view=_view(dataset),
        body_part=text_of(flat, "BodyPartExamined").upper() or None,
        age_years=age_years(dataset),
        sex=text_of(dataset, "PatientSex").upper() or None,
        spacing_mm=spacing,
        size_mm=size,
        intent=text_of(dataset, "PresentationIntentType").upper() or None,
    )
    if not header.sop_class_uid and not header.sop_instance_uid:
        raise DicomError("the file holds no DICOM object: it names neither SOP class nor SOP instance")
    return header


def age_years(dataset: Dataset) -> float | None:
    """PatientAge ('nnnD', W, M or Y), else from birth to study. None where neither can be read, or makes no sense."""
    if match := re.fullmatch(r"(\d{1,3})([DWMY])", text_of(dataset, "PatientAge").upper()):
        return int(match[1]) * _DAYS[match[2]] / _DAYS["Y"]
    born = _date(dataset, "PatientBirthDate")
    taken = next((day for what in ("Study", "Series", "Acquisition") if (day := _date(dataset, f"{what}Date"))), None)
    if born is None or taken is None or taken < born:
        return None
    return (taken - born).days / _DAYS["Y"]


def _value(dataset: Dataset, keyword: str) -> Any:
    """The value of an attribute; None where it is absent or cannot be decoded."""
    try:
        return dataset.get(keyword)
    except Exception:  # a damaged value makes pydicom raise nearly anything; the header then says nothing
        return None


def text_of(dataset: Dataset, keyword: str) -> str:
    """An attribute as text, without padding; the first of several values; '' where it is absent or damaged."""
    value = _value(dataset, keyword)
    if value is None or isinstance(value, (bytes, Dataset)):
        return ""
    if not isinstance(value, str) and hasattr(value, "__getitem__"):
        value = value[0] if len(value) else ""
    return str(value).replace("\0", "").strip()


def _date(dataset: Dataset, keyword: str) -> date | None:
    digits = text_of(dataset, keyword).replace(".", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if len(digits) == 8 else None
    except ValueError:
        return None


def _view(dataset: Dataset) -> str | None:
    """ViewPosition, else the view's code; else a lateral one where the rows lead forwards or backwards."""
    if named := text_of(dataset, "ViewPosition").upper():
        return named
    codes = _value(dataset, "ViewCodeSequence")
    coded = _VIEW_CODES.get(text_of(codes[0], "CodeValue")) if codes else None
    along = directions(dataset)
    return coded or ("LATERAL" if along and along[0] in "AP" else None)


def _spacing(dataset: Dataset) -> tuple[float, float] | None:
    """Millimetres between rows and between columns: in the patient where known, else on the detector."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        try:
            rows, columns = (float(number) for number in _value(dataset, keyword))
        except (TypeError, ValueError):
            continue
        if math.isfinite(rows) and math.isfinite(columns) and rows > 0 and columns > 0:
            return rows, columns
    return None


def _upright(dataset: Dataset, spacing: Pair | None) -> tuple[Pair | None, Pair | None]:
    """Spacing and size in millimetres, as height and width of the upright picture; None where they are not known."""
    sides = _value(dataset, "Rows"), _value(dataset, "Columns")
    if spacing is None or not all(isinstance(side, int) for side in sides):
        return spacing, None
    size = (sides[0] * spacing[0], sides[1] * spacing[1])
    if not all(map(math.isfinite, size)):
        return None, None
    return (spacing[::-1], size[::-1]) if Turn.of(dataset).transposed else (spacing, size)
