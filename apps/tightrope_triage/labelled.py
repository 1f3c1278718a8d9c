"""Labelled radiographs to check the model on: the test splits that it never saw, or a hospital's own folder.

A folder of one's own holds a `manifest.csv` beside pictures or DICOM files, of which only `file` and `label` (1:
suspicious, 0: not) are needed:

    file,label,person,view,age,sex
    chest1.dcm,1,P17,PA,63,F

>>> cases, unusable = read_labelled(Path("my-cases"), fold=0)      # doctest: +SKIP
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from tightrope_triage.data import MANIFESTS, Case, DataError, read_kermany, read_nih
from tightrope_triage.dicom import read_radiograph
from tightrope_triage.preprocess import ENOUGH_PIXELS
from tightrope_triage.radiograph import Header, Radiograph

OWN = "manifest.csv"
SEXES = {"f": "F", "w": "F", "female": "F", "m": "M", "male": "M"}


def read_labelled(data: Path, fold: int) -> tuple[list[Case], list[str]]:
    """The cases to judge, and a line for each row that cannot be used.

    Args:
        data: a folder with a manifest.csv of its own, or with cxr-nih, cxr-kermany or both.
        fold: which adults the model's training held out.

    Raises:
        DataError: there is nothing of all that, or a manifest cannot be read.
    """
    if (data / OWN).is_file():
        return read_own(data / OWN)
    cases = [case for case in [*adults(data, fold), *children(data)] if case.split == "test"]
    if not cases:
        wanted = f"neither {OWN} (columns file,label,...) nor cxr-nih nor cxr-kermany"
        raise DataError(f"{data} holds {wanted}" if data.is_dir() else f"there is no folder {data}")
    return cases, []


def adults(data: Path, fold: int) -> list[Case]:
    """All adults of every split; none where DATA has no cxr-nih. Raises DataError for a bad manifest."""
    try:
        return read_nih(data, fold) if (data / MANIFESTS["nih"]).is_file() else []
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        raise DataError(f"{data / MANIFESTS['nih']} is damaged ({error}): fetch the data again") from error


def children(data: Path) -> list[Case]:
    """All children of every split; none where DATA has no cxr-kermany. Raises DataError for a bad manifest."""
    try:
        return read_kermany(data) if (data / MANIFESTS["kermany"]).is_file() else []
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        raise DataError(f"{data / MANIFESTS['kermany']} is damaged ({error}): fetch the data again") from error


def read_own(manifest: Path) -> tuple[list[Case], list[str]]:
    """The cases of a user's manifest, and a line for each row that cannot be used."""
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot read {manifest} as a CSV in UTF-8: {error}") from error
    if missing := [name for name in ("file", "label") if name not in columns]:
        found = ", ".join(columns) or "none"
        raise DataError(f"{manifest} lacks the column {missing[0]}: it needs file,label with commas; it has {found}")
    cases, unusable = [], []
    for line, row in rows:
        try:
            cases.append(own_case(manifest.parent, row))
        except ValueError as error:
            unusable.append(f"{manifest.name} line {line}: {error}")
    return cases, unusable


def own_case(folder: Path, row: dict[str, str]) -> Case:
    """A case of one row. Raises ValueError that says what is wrong with it."""
    cell = {name: (value or "").strip() for name, value in row.items() if isinstance(value, str)}
    file, label, age = cell.get("file", ""), cell.get("label", ""), cell.get("age", "")
    if not file:
        raise ValueError("no file is named")
    if label not in {"0", "1"}:
        raise ValueError(f"label {label!r} is neither 0 nor 1")
    if age and not (age.isascii() and age.replace(".", "", 1).isdigit() and float(age) < 130):
        raise ValueError(f"age {age!r} is no number of years")
    return Case(
        site=folder.resolve().name,
        path=folder / file,
        label=int(label),
        person=cell.get("person") or file,
        split="test",
        view=cell.get("view", "").upper() or None,
        age=int(float(age)) if age else None,
        sex=SEXES.get(cell.get("sex", "").lower()),
    )


def read_case(case: Case) -> tuple[Case, Radiograph]:
    """The case, with what a DICOM header adds to its row; and what there is to judge.

    The header of a DICOM object is the object's own, as `triage run` sees it; that of a picture is what its row says.

    Raises:
        DataError: the file is missing, or neither DICOM nor a picture.
        DicomError: the object cannot be decoded.
    """
    if is_dicom(case.path):
        found = read_radiograph(case.path, at_least=ENOUGH_PIXELS)
        return with_header(case, found.header), found
    grey = cv2.imread(str(case.path), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH)
    if grey is None:
        raise DataError(f"{case.path} is neither DICOM nor a picture")
    return case, Radiograph(Header.of_picture(case.path, case.view, case.age), grey.astype(np.float32))


def is_dicom(path: Path) -> bool:
    """Whether a file has DICOM's preamble or one of its suffixes. Raises DataError when it cannot be opened."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM" or path.suffix.lower() in {".dcm", ".dicom"}
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DataError(f"cannot read {path}: {reason}") from error


def with_header(case: Case, header: Header) -> Case:
    """The case; where its row says nothing of view, age or sex, the object does."""
    age = None if header.age_years is None else int(header.age_years)
    return replace(
        case,
        view=case.view or header.view,
        age=age if case.age is None else case.age,
        sex=case.sex or header.sex,
    )
