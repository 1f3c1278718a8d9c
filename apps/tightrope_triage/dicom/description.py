"""The Image Pixel module of a dataset (PS3.3 C.7.6.3), read once and checked, before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from tightrope_triage.dicom.errors import DicomError
from tightrope_triage.dicom.frames import frame_count

MAX_OBJECT_BYTES = 2**30  # all frames, as declared
MAX_FRAME_SAMPLES = 2**25  # of one frame: J2K takes up to 14 bytes a sample on the way; the largest detectors have 19 M
_GREY = ("MONOCHROME1", "MONOCHROME2")


@dataclass(frozen=True)
class PixelDescription:
    """What the stored values of an object are.

    Attributes:
        shift: bits below the lowest stored one; not 0 only in old objects whose HighBit is not BitsStored - 1.
        signed: two's complement (PixelRepresentation 1).
        floating: pixels are in FloatPixelData or DoubleFloatPixelData.
    """

    rows: int
    columns: int
    samples: int
    frames: int
    bits_allocated: int
    bits_stored: int
    shift: int
    signed: bool
    photometric: str
    floating: bool

    @property
    def grey(self) -> bool:
        return self.photometric in _GREY

    def shorter_side(self, longer: int) -> int:
        """The shorter side of a frame that is shrunk until its longer one has so many pixels."""
        return -(-longer * min(self.rows, self.columns) // max(self.rows, self.columns))

    @property
    def range(self) -> tuple[int, int]:
        """The smallest and the largest value that can be stored."""
        if self.signed:
            return -(2 ** (self.bits_stored - 1)), 2 ** (self.bits_stored - 1) - 1
        return 0, 2**self.bits_stored - 1


def describe(dataset: Dataset) -> PixelDescription:
    """Read the module.

    Raises:
        DicomError: no pixels; a needed attribute is missing or senseless; more memory is declared than
            MAX_OBJECT_BYTES, or MAX_FRAME_SAMPLES in one frame.
    """
    floating = "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset
    if "PixelData" not in dataset and not floating:
        raise DicomError("the object has no pixels")
    allocated = _whole(dataset, "BitsAllocated", 1, 64)
    stored = allocated if floating else _whole(dataset, "BitsStored", 1, allocated, default=allocated)
    high = stored - 1 if floating else _whole(dataset, "HighBit", 0, allocated - 1, default=stored - 1)
    found = PixelDescription(
        rows=_whole(dataset, "Rows", 1, 65535),
        columns=_whole(dataset, "Columns", 1, 65535),
        samples=_whole(dataset, "SamplesPerPixel", 1, 4, default=1),
        frames=frame_count(dataset),
        bits_allocated=allocated,
        bits_stored=stored,
        shift=max(high + 1 - stored, 0),
        signed=not floating and bool(_whole(dataset, "PixelRepresentation", 0, 1, default=0)),
        photometric=str(dataset.get("PhotometricInterpretation") or "").strip().upper(),
        floating=floating,
    )
    _check_size(found)
    return found


def _check_size(found: PixelDescription) -> None:
    frame = found.rows * found.columns * found.samples
    if frame * found.frames * found.bits_allocated // 8 > MAX_OBJECT_BYTES:
        raise DicomError(
            f"{found.frames} frames of {found.columns} x {found.rows} pixels would need more than "
            f"{MAX_OBJECT_BYTES >> 30} GB of memory; nothing was decoded"
        )
    if frame > MAX_FRAME_SAMPLES:
        raise DicomError(
            f"a frame of {found.columns} x {found.rows} pixels is beyond the limit of "
            f"{MAX_FRAME_SAMPLES / 1e6:.0f} million samples; nothing was decoded"
        )


def _whole(dataset: Dataset, keyword: str, low: int, high: int, default: int | None = None) -> int:
    """An integer attribute between two bounds; the default where it is absent or empty."""
    value = dataset.get(keyword)
    if value in (None, "") and default is not None:
        return default
    if value in (None, ""):
        raise DicomError(f"{keyword} is missing, so the pixels cannot be read")
    if not isinstance(value, int) or not low <= value <= high:
        raise DicomError(f"{keyword} is {value!r}; it must be a number from {low} to {high}")
    return int(value)
