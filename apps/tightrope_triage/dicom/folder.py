"""The DICOM files among what a person names: files and folders, in a stable order, with what was left out and why.

>>> found = find_files([Path("inbox")])                        # doctest: +SKIP
>>> [entry.path.name for entry in found.files], found.skipped  # doctest: +SKIP
(['a.dcm', 'b.dcm'], 3)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import Dataset

from tightrope_triage.dicom.errors import DicomError, NotDicomError
from tightrope_triage.dicom.files import read_dataset
from tightrope_triage.dicom.header import header_of
from tightrope_triage.radiograph import Header

_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"  # a DICOMDIR: it lists files, and is none itself


@dataclass(frozen=True)
class FoundFiles:
    """What was found.

    Attributes:
        files: the headers of the objects, each SOP instance once; files in the order in which they were named, those
            of a folder by path.
        duplicates: (file, the file that has the same SOP instance and was kept).
        failed: (file or folder, what is wrong with it); also a name for which there is nothing.
        skipped: how many files of folders are not DICOM, or are a DICOMDIR.
        own: how many objects were left out because `own` said so.
        order: all that was looked at, in that order.
    """

    files: tuple[Header, ...]
    duplicates: tuple[tuple[Path, Path], ...]
    failed: tuple[tuple[Path, DicomError], ...]
    skipped: int
    own: int = 0
    order: tuple[Path, ...] = ()


def find_files(
    paths: Sequence[Path], out: Path | None = None, own: Callable[[Dataset], bool] = lambda dataset: False
) -> FoundFiles:
    """Look through files and folders, and folders in folders; links to folders are not followed.

    Nothing is raised for a bad file: it is listed in `failed`. A file that was named itself and is not DICOM is a
    failure; one that lies in a folder is skipped.

    Args:
        out: a folder that is left out where it lies in one that was named: results are no input.
        own: whether an object, of which only the header was read, is a result and left out wherever it lies.
    """
    search = _Search(own)
    for entry in _unique(_entries(paths, out)):
        search.take(entry)
    return FoundFiles(
        tuple(search.kept.values()),
        tuple(search.duplicates),
        tuple(search.failed),
        search.skipped,
        search.owned,
        tuple(search.order),
    )


@dataclass(frozen=True)
class _Entry:
    """A file, and whether it was named itself; or a folder, and why it cannot be listed."""

    path: Path
    named: bool
    trouble: str = ""


@dataclass
class _Search:
    own: Callable[[Dataset], bool]
    kept: dict[str, Header] = field(default_factory=dict)
    duplicates: list[tuple[Path, Path]] = field(default_factory=list)
    failed: list[tuple[Path, DicomError]] = field(default_factory=list)
    skipped: int = 0
    owned: int = 0
    order: list[Path] = field(default_factory=list)

    def take(self, entry: _Entry) -> None:
        self.order.append(entry.path)
        try:
            if entry.trouble:
                raise DicomError(entry.trouble)
            self._take(entry.path)
        except NotDicomError as error:
            if entry.named:
                self.failed.append((entry.path, error))
            else:
                self.skipped += 1
        except DicomError as error:
            self.failed.append((entry.path, error))

    def _take(self, path: Path) -> None:
        dataset = read_dataset(path, pixels=False)
        header = header_of(dataset, path)
        if header.sop_class_uid == _DIRECTORY_CLASS:
            self.skipped += 1
        elif self.own(dataset):
            self.owned += 1
        else:
            first = self.kept.setdefault(header.sop_instance_uid or str(path), header)
            if first is not header and first.path is not None:
                self.duplicates.append((path, first.path))


def _entries(paths: Iterable[Path], out: Path | None) -> Iterator[_Entry]:
    left_out = None if out is None else out.resolve()
    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112  Path.is_dir raises where there is no permission
            yield _Entry(path, named=True)
            continue
        refused: list[OSError] = []
        for folder, folders, files in os.walk(path, onerror=refused.append):
            folders[:] = sorted(
                name for name in folders if left_out is None or Path(folder, name).resolve() != left_out
            )
            yield from (_Entry(Path(folder, name), named=False) for name in sorted(files))
        for error in refused:
            yield _Entry(Path(error.filename), False, f"cannot read {error.filename}: {error.strerror or error}")


def _unique(entries: Iterable[_Entry]) -> Iterator[_Entry]:
    """Each file once, however often it was named."""
    seen: set[Path] = set()
    for entry in entries:
        place = entry.path.absolute()
        if place not in seen:
            seen.add(place)
            yield entry
