"""Pictures that the gate and the checks are tried on: chest radiographs of other sources, and what is none.

The gate was fitted to none of them: MedNIST's six kinds, photographs, pydicom's own files (legs, ultrasound, CT, MR),
and chest radiographs that are turned or inverted. MedNIST has 64 pixels only, so the gate was fitted to radiographs
that are `shrunk` too, or else it would tell sharp from blurred.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tightrope_triage.data import read_grey
from tightrope_triage.dicom import DicomError, model_pixels, read_dataset
from tightrope_triage.preprocess import to_grey8

Picture = NDArray[np.generic]
OTHER_KINDS = ("AbdomenCT", "BreastMRI", "ChestCT", "Hand", "HeadCT")


def shrunk(pictures: list[Picture]) -> list[Picture]:
    """Half of the pictures, at MedNIST's 64 pixels."""
    return [cv2.resize(np.asarray(each), (64, 64), interpolation=cv2.INTER_AREA) for each in pictures[::2]]


@cache
def dicom_pictures() -> dict[str, list[Picture]]:
    """First frames of pydicom's own files in which a person could see something, by kind; each picture once.

    Those of `pydicom-data` (whose module is named data_store) are used where it is installed. They are looked for on
    disk, because pydicom's own functions download what is missing. Files that cannot be decoded are left out.
    """
    seen: set[bytes] = set()
    found: dict[str, list[Picture]] = {}
    for path in dicom_files():
        try:
            dataset = read_dataset(path)
            pixels = model_pixels(dataset)
        except DicomError:  # many of these files are broken on purpose
            continue
        digest = to_grey8(pixels, 64).tobytes()
        if min(pixels.shape) >= 64 and digest not in seen:
            seen.add(digest)
            part = str(dataset.get("BodyPartExamined", "") or "")
            kind = f"{dataset.get('Modality', 'unknown')} {part}".strip()
            found.setdefault(kind, []).append(pixels)
    return found


def dicom_files() -> list[Path]:
    """Every .dcm file that the packages pydicom and pydicom-data brought along."""
    specs = [importlib.util.find_spec(name) for name in ("pydicom", "data_store")]
    folders = [Path(spec.origin).parent for spec in specs if spec is not None and spec.origin is not None]
    return [path for folder in folders for path in sorted(folder.rglob("*.dcm"))]


def chest_pictures(data: Path) -> Iterator[tuple[str, list[Picture]]]:
    """Chest radiographs of other sources than the training's, by kind; what `data` does not hold is left out."""
    if paths := mednist(data, "CXR"):
        yield "MedNIST CXR", [read_grey(path) for path in paths]
    for kind, pictures in dicom_pictures().items():
        if kind.endswith("CHEST"):
            yield f"pydicom {kind}", pictures


def other_pictures(data: Path) -> Iterator[tuple[str, list[Picture]]]:
    """Pictures that are no chest radiographs, by kind; what `data` does not hold is left out."""
    for kind in OTHER_KINDS:
        if paths := mednist(data, kind):
            yield f"MedNIST {kind}", [read_grey(path) for path in paths]
    if photographs := sorted((data / "coco").rglob("*.jpg")):
        yield "photographs (COCO)", [read_grey(path) for path in photographs]
    for kind, pictures in dicom_pictures().items():
        if not kind.endswith("CHEST"):
            yield f"pydicom {kind}", pictures


def mednist(data: Path, kind: str) -> list[Path]:
    """Every second picture of one of MedNIST's kinds."""
    return sorted((data / "mednist" / kind).glob("*.jpeg"))[::2]


def changed(pictures: list[Picture]) -> Iterator[tuple[str, list[Picture]]]:
    """The same radiographs as they must not be judged."""
    yield "turned left", [np.rot90(each) for each in pictures]
    yield "turned right", [np.rot90(each, -1) for each in pictures]
    yield "upside down", [np.rot90(each, 2) for each in pictures]
    yield "inverted", [np.asarray(each).max() - np.asarray(each, np.float64) for each in pictures]
