"""Grey values through a table or a window: PS3.3 C.11.1 (modality), C.11.2 (VOI).

pydicom has functions for both. Its tables are indexed by an array of the table's own type, so that 12-bit values
through a table of 8-bit entries come out wrong; and its windows cannot be told the functional groups of a frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from tightrope_triage.dicom.errors import DicomError


@dataclass(frozen=True, eq=False)
class Table:
    """A lookup table: float32 [N] values, the first of which is that of `first` and all below; `top` is the largest."""

    values: NDArray[np.float32]
    first: int
    top: float

    def __call__(self, pixels: NDArray[np.generic]) -> NDArray[np.float32]:
        index = np.clip(np.rint(pixels).astype(np.int64) - self.first, 0, len(self.values) - 1)
        return np.asarray(self.values[index], np.float32)


def read_table(item: Dataset, signed: bool, little_endian: bool = True) -> Table:
    """A table from an item of ModalityLUTSequence or VOILUTSequence (LUTDescriptor: entries, first, bits; LUTData).

    `signed`: the input values are, so that `first` is read as two's complement. Raises DicomError where the item is
    not a whole table.
    """
    try:
        entries, first, bits = (int(value) for value in item.LUTDescriptor)
        data = item.LUTData
    except (AttributeError, TypeError, ValueError) as error:
        raise DicomError("a lookup table has no descriptor or no data") from error
    entries = entries % 65536 or 65536
    first %= 65536
    if signed and first >= 32768:
        first -= 65536
    if isinstance(data, (bytes, bytearray)):
        kind = "u1" if len(data) < 2 * entries and bits <= 8 else "<u2" if little_endian else ">u2"
        values = np.frombuffer(data[: len(data) // np.dtype(kind).itemsize * np.dtype(kind).itemsize], kind)
    else:
        values = np.atleast_1d(np.asarray(data, np.int64)) % 65536
    if len(values) < entries or not 1 <= bits <= 16:
        raise DicomError(f"a lookup table holds {len(values)} values of {bits} bits instead of {entries}")
    return Table(values[:entries].astype(np.float32), first, float(2**bits - 1))


@dataclass(frozen=True)
class Window:
    """A window of `width` around `center`, in the units of the modality; `shape` as VOILUTFunction has it."""

    center: float
    width: float
    shape: str = "LINEAR"

    def __call__(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 of the same shape, 0..1. Formulas: PS3.3 C.11.2.1.2.1, C.11.2.1.3.1, C.11.2.1.3.2."""
        if self.shape == "SIGMOID":
            slope = np.clip(-4 * (pixels - self.center) / self.width, -80, 80)
            return np.asarray(1 / (1 + np.exp(slope)), np.float32)
        center, width = self.center, self.width
        if self.shape == "LINEAR":
            center, width = center - 0.5, width - 1
        if width == 0:
            return (pixels > center).astype(np.float32)
        return np.asarray(np.clip((pixels - center) / width + 0.5, 0, 1), np.float32)


def read_window(dataset: Dataset) -> Window | None:
    """The first window that is given; None where there is none, or none that makes sense."""
    center, width = _first_number(dataset, "WindowCenter"), _first_number(dataset, "WindowWidth")
    shape = str(dataset.get("VOILUTFunction") or "LINEAR").upper()
    if shape not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        shape = "LINEAR"
    if center is None or width is None or width < (1 if shape == "LINEAR" else 1e-6):
        return None
    return Window(center, width, shape)


def read_rescale(dataset: Dataset) -> tuple[float, float]:
    """(slope, intercept), 1 and 0 where absent. Raises DicomError where they are not finite numbers."""
    slope, intercept = _first_number(dataset, "RescaleSlope"), _first_number(dataset, "RescaleIntercept")
    for keyword, value in (("RescaleSlope", slope), ("RescaleIntercept", intercept)):
        if value is None and dataset.get(keyword) not in (None, ""):
            raise DicomError(f"{keyword} is {dataset.get(keyword)!r}, not a number")
    return 1.0 if slope is None else slope, 0.0 if intercept is None else intercept


def _first_number(dataset: Dataset, keyword: str) -> float | None:
    """The first value of a decimal attribute; None where there is none that is a finite number."""
    value = dataset.get(keyword)
    try:
        number = float(value if isinstance(value, (int, float, str)) else value[0])
    except (TypeError, ValueError, IndexError):
        return None
    return number if math.isfinite(number) else None
