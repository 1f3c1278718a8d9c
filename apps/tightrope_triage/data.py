"""The radiographs that the model learns from and is judged on, and who is in which split.

Two sites: `nih` (adults, NIH ChestX-ray14) and `kermany` (children, Kermany et al. 2018). A split never divides a
person, and depends on nothing but the site and the person's identifier (a hash), so that adding or losing a file
moves nobody else.

    >>> cases = read_cases(Path("data"), fold=0)
    >>> {case.split for case in cases}
    {'train', 'calibration', 'test'}
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tightrope.errors import TightropeError
from tightrope_triage.preprocess import to_grey8

Split = Literal["train", "calibration", "test"]
FOLDS = 5
MANIFESTS = {"nih": "cxr-nih/manifest.csv", "kermany": "cxr-kermany/manifest.csv"}


class DataError(TightropeError):
    """A manifest or picture of the training data is missing or unreadable."""


@dataclass(frozen=True)
class Case:
    """One labelled radiograph.

    `site` is nih, kermany or the name of a user's folder; `person` is unique within its site; `view`, `age` (years) and
    `sex` are None where unknown.
    """

    site: str
    path: Path
    label: int
    person: str
    split: Split
    view: str | None = None
    age: int | None = None
    sex: str | None = None


def bucket(site: str, person: str, purpose: str, count: int) -> int:
    """A number in 0..count-1 that depends only on its arguments: SHA-256 of them, modulo `count`."""
    digest = hashlib.sha256(f"{purpose}:{site}:{person}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % count


def split_of(site: str, person: str, fold: int) -> Split:
    """Where a person belongs when fold `fold` of FOLDS is held out. An eighth of the others calibrates."""
    if bucket(site, person, "fold", FOLDS) == fold:
        return "test"
    return "calibration" if bucket(site, person, "calibration", 8) == 0 else "train"


def read_cases(data: Path, fold: int = 0) -> list[Case]:
    """All usable cases of both sites. Raises DataError when a manifest is missing."""
    return [*read_nih(data, fold), *read_kermany(data)]


def read_nih(data: Path, fold: int) -> list[Case]:
    """The adults, patients of fold `fold` (0..FOLDS-1) held out as the test split."""
    folder = data / "cxr-nih"
    return [
        Case(
            site="nih",
            path=folder / "images" / row["file"],
            label=int(row["label"]),
            person=row["patient"],
            split=split_of("nih", row["patient"], fold),
            view=row["view"],
            age=int(row["age"]),
            sex=row["sex"],
        )
        for row in read_manifest(data / MANIFESTS["nih"])
    ]


def read_kermany(data: Path) -> list[Case]:
    """The children. The published test split stays; persons who are also in it leave the training split.

    Of files that are equal byte for byte one stays, and it is the test split's where both have one.
    """
    folder = data / "cxr-kermany"
    published_test: list[Case] = []
    others: list[Case] = []
    for row in read_manifest(data / MANIFESTS["kermany"]):
        case = Case("kermany", folder / "images" / row["file"], int(row["label"]), row["person"], "test")
        if row["split"] == "test":
            published_test.append(case)
        else:
            # No fold of the children is held out by hash: -1 is no bucket.
            others.append(replace(case, split=split_of("kermany", case.person, fold=-1)))
    tested = {case.person for case in published_test}
    return without_duplicates([*published_test, *(case for case in others if case.person not in tested)])


def without_duplicates(cases: Iterable[Case]) -> list[Case]:
    """Drop every file whose bytes an earlier case has already. A missing file stays: who wants its pixels names it."""
    seen: set[bytes] = set()
    kept = []
    for case in cases:
        try:
            digest = hashlib.sha256(case.path.read_bytes()).digest()
        except OSError:
            digest = str(case.path).encode()
        if digest not in seen:
            seen.add(digest)
            kept.append(case)
    return kept


def read_manifest(path: Path) -> list[dict[str, str]]:
    """The rows of a manifest.csv, by column name."""
    if not path.is_file():
        raise DataError(f"{path} is missing: give the folder that holds cxr-nih and cxr-kermany as --data")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_grey(path: Path) -> NDArray[np.uint8]:
    """The pixels [H, W] of a picture file. Raises DataError when it cannot be decoded."""
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise DataError(f"{path} is missing or not a picture: fetch the data again")
    return np.asarray(grey, np.uint8)


def load_grey8(cases: Iterable[Case], size: int) -> NDArray[np.uint8]:
    """Every case decoded, windowed and resized: uint8 [N, size, size]."""
    return np.stack([to_grey8(read_grey(case.path), size) for case in cases])
