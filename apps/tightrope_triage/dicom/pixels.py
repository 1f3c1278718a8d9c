"""Pixels for the model and pixels for the eye. Two functions, never one: a window takes away what the model needs.

>>> dataset = read_dataset(Path("chest.dcm"))                             # doctest: +SKIP
>>> model_pixels(dataset, frame=1).dtype, display_pixels(dataset, frame=1).dtype     # doctest: +SKIP
(dtype('float32'), dtype('uint8'))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from tightrope_triage.dicom.codecs import stored_values
from tightrope_triage.dicom.description import PixelDescription, describe
from tightrope_triage.dicom.errors import DicomError, first_line, typed_errors
from tightrope_triage.dicom.frames import at_frame
from tightrope_triage.dicom.luts import read_rescale, read_table, read_window
from tightrope_triage.dicom.upright import Turn

_RED, _BLUE = np.float32(0.299), np.float32(0.114)  # ITU-R BT.601; green has the rest


@dataclass(frozen=True, eq=False)
class _Grey:
    """Modality values of a frame before inversion, float32 [H, W]. `low` and `high` are what they can reach; `padding`
    marks pixels that no X-ray made."""

    values: NDArray[np.float32]
    low: float
    high: float
    padding: NDArray[np.bool_] | None
    inverted: bool


@typed_errors()
def model_pixels(dataset: Dataset, frame: int = 1, at_least: int | None = None) -> NDArray[np.float32]:
    """The pixels that the model judges: float32 [H, W], linear in the modality's values, bright is dense, upright.

    Decoded, modality LUT or rescale applied, MONOCHROME1 inverted last: v becomes low + high - v, with the smallest
    and largest value that the object can hold, which is exact for whole numbers, signed or rescaled. Padding
    becomes the darkest value that is there. Colours become luma. What lies on its side, on its head or mirrored
    by its header is turned, see `upright`.

    Args:
        frame: which one, from 1.
        at_least: pixels of the shorter side that suffice. A JPEG 2000 frame may then come smaller by a power of two.

    Raises:
        MissingCodecError: nothing that is installed decodes the transfer syntax.
        DicomError: the pixels are damaged, absent, or too large.
    """
    grey = _modality_values(dataset, at_frame(dataset, frame), frame, at_least)
    pixels = np.float32(grey.low + grey.high) - grey.values if grey.inverted else grey.values
    return np.asarray(Turn.of(dataset)(_without_padding(pixels, grey.padding)), np.float32)


@typed_errors()
def display_pixels(dataset: Dataset, frame: int = 1, at_least: int | None = None) -> NDArray[np.uint8]:
    """The pixels for the eye: uint8 [H, W], the object's own VOI LUT applied: the first table, else the first window,
    else from the darkest to the brightest pixel. MONOCHROME1 is inverted last, and the whole is turned, as for the
    model. `at_least` and errors are as those of `model_pixels`; what a table applies to is decoded whole."""
    flat = at_frame(dataset, frame)
    grey = _modality_values(dataset, flat, frame, None if flat.get("VOILUTSequence") else at_least)
    shown = _voi(flat, grey)
    if grey.inverted:
        shown = 1 - shown
    shown = _without_padding(shown, grey.padding)
    return np.asarray(Turn.of(dataset)(np.rint(np.clip(shown, 0, 1) * 255)), np.uint8)


def _modality_values(dataset: Dataset, flat: Dataset, frame: int, at_least: int | None) -> _Grey:
    """Decode and apply the modality LUT or the rescale; `flat` has the functional groups of the frame laid flat."""
    found = describe(dataset)
    if not 1 <= frame <= found.frames:
        raise DicomError(f"there is no frame {frame}: the object has {found.frames}, counted from 1")
    padding = _padding_range(dataset, found) if found.grey else None
    table = flat.get("ModalityLUTSequence") if found.grey else None
    stored = stored_values(dataset, found, frame, None if padding or table else at_least)
    if not found.grey:
        return _luma(_coloured(flat, found, stored), found)
    if stored.ndim != 2:
        raise DicomError(f"{found.photometric} pixels have {found.samples} samples; there must be one")
    hidden = None if padding is None else (stored >= padding[0]) & (stored <= padding[1])
    inverted = found.photometric == "MONOCHROME1"
    if table:
        lookup = read_table(table[0], found.signed, _little_endian(dataset))
        return _Grey(lookup(stored), 0.0, lookup.top, hidden, inverted)
    slope, intercept = read_rescale(flat)
    low, high = (slope * value + intercept for value in _reach(found, stored))
    values = stored.astype(np.float32)
    if slope != 1:
        values *= np.float32(slope)
    if intercept != 0:
        values += np.float32(intercept)
    if not np.isfinite([np.float32(low + high), values.min(), values.max()]).all():
        raise DicomError("the pixels are not finite numbers once they are rescaled")
    return _Grey(values, min(low, high), max(low, high), hidden, inverted)


def _reach(found: PixelDescription, stored: NDArray[Any]) -> tuple[float, float]:
    """The smallest and largest value that can be stored; of floating pixels, that is stored."""
    if found.floating:
        return float(stored.min()), float(stored.max())
    return found.range


def _padding_range(dataset: Dataset, found: PixelDescription) -> tuple[int, int] | None:
    """PixelPaddingValue, and PixelPaddingRangeLimit where given (PS3.3 C.7.5.1.1.2), in order; None without them."""
    ends = [dataset.get(keyword) for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    known = [int(end) for end in ends if isinstance(end, int)]
    if not known or found.floating:
        return None
    wrap = 2**found.bits_allocated  # written as unsigned in a signed object, or the other way round
    known = [
        end - wrap if found.signed and end >= wrap // 2 else end % wrap if not found.signed else end for end in known
    ]
    return min(known), max(known)


def _without_padding(pixels: NDArray[np.float32], padding: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    """Padding becomes as dark as the darkest pixel that is none; in place."""
    if padding is not None and padding.any():
        pixels[padding] = pixels[~padding].min() if not padding.all() else 0
    return pixels


def _coloured(flat: Dataset, found: PixelDescription, stored: NDArray[Any]) -> NDArray[Any]:
    """Palette indices as RGB; what is coloured already as it is."""
    if found.photometric != "PALETTE COLOR":
        return stored
    try:
        return np.asarray(apply_color_lut(stored, flat))
    except Exception as error:  # whatever a damaged palette makes pydicom raise
        raise DicomError(f"the colour palette cannot be applied: {first_line(error)}") from error


def _luma(colours: NDArray[Any], found: PixelDescription) -> _Grey:
    """Grey of RGB [H, W, 3 or 4]; exact where the three are equal. One sample of no named kind is grey."""
    high = float(np.iinfo(colours.dtype).max) if found.photometric == "PALETTE COLOR" else float(found.range[1])
    if colours.ndim == 2 and not found.photometric:
        return _Grey(colours.astype(np.float32), 0.0, high, None, inverted=False)
    if colours.ndim != 3 or colours.shape[2] < 3:
        raise DicomError(
            f"{found.photometric or 'pixels of no named kind'} with {found.samples} samples cannot be read"
        )
    red, green, blue = (colours[..., channel].astype(np.float32) for channel in range(3))
    return _Grey(green + _RED * (red - green) + _BLUE * (blue - green), 0.0, high, None, inverted=False)


def _voi(flat: Dataset, grey: _Grey) -> NDArray[np.float32]:
    """Modality values as brightness 0..1: sequence before window."""
    tables = flat.get("VOILUTSequence")
    if tables:
        lookup = read_table(tables[0], signed=grey.low < 0, little_endian=_little_endian(flat))
        return lookup(grey.values) / np.float32(lookup.top)
    if window := read_window(flat):
        return window(grey.values)
    seen = grey.values if grey.padding is None or grey.padding.all() else grey.values[~grey.padding]
    low, high = float(seen.min()), float(seen.max())
    return (grey.values - np.float32(low)) / np.float32(max(high - low, 1e-6))


def _little_endian(dataset: Dataset) -> bool:
    meta = getattr(dataset, "file_meta", None)
    return meta is None or "TransferSyntaxUID" not in meta or meta.TransferSyntaxUID != "1.2.840.10008.1.2.2"
