"""The files that calibrate and those that judge: found, told apart for good, and read.

Which half a file belongs to is decided by its name alone: what once calibrated never judges, on any machine.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from tightrope.compress.progress import say
from tightrope.errors import BadInputError
from tightrope.runtime.session import Array, Inputs, TensorSpec

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
ARRAYS = (".npz", ".npy")
LEAST = 20
_SHARE = 4  # one file in four calibrates
_MOST_CALIBRATION = 200
_SPLIT_FOLDERS = {
    "calibration": ("calibration", "train"),
    "held-out": ("held-out", "val", "valid", "validation", "test"),
}


@dataclass(frozen=True)
class Files:
    """What calibrates and what judges, and the sentence that says how they were told apart.

    Attributes:
        folder: that all of them lie in.
        unreadable: files that are none of the kind that was asked for, left out.
    """

    folder: Path
    calibration: tuple[Path, ...]
    held_out: tuple[Path, ...]
    how: str
    unreadable: tuple[Path, ...] = ()

    def of(self, split: str) -> tuple[Path, ...]:
        return self.calibration if split == "calibration" else self.held_out

    def digest(self, split: str) -> str:
        """sha256 over the names and contents of a split."""
        digest = hashlib.sha256()
        for file in self.of(split):
            digest.update(file.relative_to(self.folder).as_posix().encode() + file.read_bytes())
        return digest.hexdigest()


def split_folders(folder: Path) -> dict[str, Path]:
    """The folders that a person made for the two splits (train and val, say); {}: there are not both."""
    found = {
        split: next((folder / name for name in names if (folder / name).is_dir()), None)
        for split, names in _SPLIT_FOLDERS.items()
    }
    return {split: place for split, place in found.items() if place} if all(found.values()) else {}


def find_files(
    folder: Path, suffixes: Sequence[str], limit: int, usable: Callable[[Path], bool], known: Callable[[Path], bool]
) -> Files:
    """Find the files under `folder` and split them.

    Args:
        suffixes: of the files, lower case.
        limit: largest number of files of both splits together.
        usable: whether a file can be read; one that cannot is left out and listed.
        known: whether a file is wanted at all: it has a label, say.

    Raises:
        BadInputError: no such folder, none of these files in it, or fewer than 20 of them.
    """
    if not folder.is_dir():
        raise BadInputError(f"no folder {folder}")
    unreadable: list[Path] = []
    if places := split_folders(folder):
        calibration = _take(places["calibration"], folder, suffixes, _MOST_CALIBRATION, usable, known, unreadable)
        held_out = _take(places["held-out"], folder, suffixes, limit, usable, known, unreadable)
        how = f"the folders {places['calibration'].name} and {places['held-out'].name}"
    else:
        found = _take(folder, folder, suffixes, limit, usable, known, unreadable)
        quarter = len(found) // _SHARE
        calibration, held_out = found[: min(quarter, _MOST_CALIBRATION)], found[quarter:]
        how = "the quarter whose names have the smallest sha256 calibrates"
    count = len(calibration) + len(held_out)
    if count < LEAST or not calibration or not held_out:
        of_kind = f"files that can be used ({', '.join(suffixes)})"
        left_out = f"; {len(unreadable)} could not be read" if unreadable else ""
        raise BadInputError(f"{folder} has {count} {of_kind}, and {LEAST} are needed at least{left_out}")
    return Files(folder, tuple(calibration), tuple(held_out), how, tuple(unreadable))


def read_picture(file: Path) -> Array | None:
    """BGR, uint8 [h, w, 3]; None: it cannot be read or decoded."""
    import cv2

    try:
        picture: Array | None = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error):  # the latter of an empty file
        return None
    return picture


def usual_size(sizes: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The most frequent width and height; of equally frequent ones the first that was seen."""
    return Counter(sizes).most_common(1)[0][0]


def read_arrays(file: Path, specs: Sequence[TensorSpec]) -> Inputs:
    """The inputs of a graph from a .npz that has them by name, or from a .npy for a graph of one input.

    An array without the batch axis gets one; whole numbers and floats are brought to the graph's own kind.

    Raises:
        BadInputError: the file cannot be read, an input is missing, or has another shape than the graph takes.
    """
    try:
        loaded = np.load(file, allow_pickle=False)
        arrays = {specs[0].name: loaded} if isinstance(loaded, np.ndarray) else dict(loaded)
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        raise BadInputError(f"cannot read {file}: {error}") from error
    if missing := [spec.name for spec in specs if spec.name not in arrays]:
        raise BadInputError(f"{file} has {', '.join(arrays)}, and the graph takes {', '.join(missing)} too")
    return {spec.name: _fitted(arrays[spec.name], spec, file) for spec in specs}


def _fitted(array: Array, spec: TensorSpec, file: Path) -> Array:
    whole = array[None] if array.ndim == len(spec.shape) - 1 else array
    fits = whole.ndim == len(spec.shape) and all(
        want in (None, have) for want, have in zip(spec.shape, whole.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("?" if size is None else str(size) for size in spec.shape)
        raise BadInputError(f"{file}: {spec.name} is {list(array.shape)}, and the graph takes [{wanted}]")
    return np.ascontiguousarray(whole, dtype=spec.dtype)


def _take(
    place: Path,
    folder: Path,
    suffixes: Sequence[str],
    limit: int,
    usable: Callable[[Path], bool],
    known: Callable[[Path], bool],
    unreadable: list[Path],
) -> list[Path]:
    """At most `limit` usable files below `place`, in the order of their names' sha256."""
    candidates = [file for file in place.rglob("*") if file.suffix.lower() in suffixes and known(file)]
    candidates.sort(key=lambda file: hashlib.sha256(file.relative_to(folder).as_posix().encode()).digest())
    found: list[Path] = []
    for file in candidates:
        if len(found) == limit:
            break
        if len(found) % 200 == 0 and found:
            say(f"reading: {len(found)} of {min(limit, len(candidates))} files")
        (found if usable(file) else unreadable).append(file)
    return found
