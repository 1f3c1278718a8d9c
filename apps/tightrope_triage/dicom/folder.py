"""The DICOM files among what a person names: files and folders, in a stable order, with what was left out and why.

>>> found = find_files([Path("inbox")])                        # doctest: +SKIP
>>> [entry.path.name for entry in found.files], found.skipped  # doctest: +SKIP
(['a.dcm', 'b.dcm'], 3)
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tightrope_triage.dicom.errors import DicomError, NotDicomError
from tightrope_triage.dicom.header import read_header
from tightrope_triage.radiograph import Header

_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"  # a DICOMDIR: it lists files, and is none itself


@dataclass(frozen=True)
class FoundFiles:
    """What was found.

    Attributes:
        files: the headers of the objects, each SOP instance once; files in the order in which they were named, those
            of a folder by path.
        duplicates: (file, the file that has the same SOP instance and was kept).
        failed: (file, what is wrong with it); also a name for which there is nothing.
        skipped: how many files of folders are not DICOM, or are a DICOMDIR.
    """

    files: tuple[Header, ...]
    duplicates: tuple[tuple[Path, Path], ...]
    failed: tuple[tuple[Path, DicomError], ...]
    skipped: int


def find_files(paths: Sequence[Path]) -> FoundFiles:
    """Look through files and folders, and folders in folders; links to folders are not followed.

    Nothing is raised for a bad file: it is listed in `failed`. A file that was named itself and is not DICOM is a
    failure; one that lies in a folder is skipped.
    """
    kept: dict[str, Header] = {}
    duplicates: list[tuple[Path, Path]] = []
    failed: list[tuple[Path, DicomError]] = []
    skipped = 0
    for path, named in _unique(_all_files(paths)):
        try:
            header = read_header(path)
        except NotDicomError as error:
            if named:
                failed.append((path, error))
            else:
                skipped += 1
            continue
        except DicomError as error:
            failed.append((path, error))
            continue
        if header.sop_class_uid == _DIRECTORY_CLASS:
            skipped += 1
            continue
        first = kept.setdefault(header.sop_instance_uid or str(path), header)
        if first is not header and first.path is not None:
            duplicates.append((path, first.path))
    return FoundFiles(tuple(kept.values()), tuple(duplicates), tuple(failed), skipped)


def _all_files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """(file, whether it was named itself)."""
    for path in paths:
        if not path.is_dir():
            yield path, True
            continue
        for folder, folders, files in os.walk(path):
            folders.sort()
            yield from ((Path(folder, name), False) for name in sorted(files))


def _unique(files: Iterable[tuple[Path, bool]]) -> Iterator[tuple[Path, bool]]:
    """Each file once, however often it was named."""
    seen: set[Path] = set()
    for path, named in files:
        place = path.absolute()
        if place not in seen:
            seen.add(place)
            yield path, named
