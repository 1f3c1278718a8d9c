"""Pixels for the model and pixels for the eye. Two functions, never one: a window takes away what the model needs.

>>> dataset = read_dataset(Path("chest.dcm"))                             # doctest: +SKIP
>>> model_pixels(dataset, frame=1).dtype, display_pixels(dataset, frame=1).dtype     # doctest: +SKIP
(dtype('float32'), dtype('uint8'))
"""

from __future__ import annotations

from collections.abc import Callable
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

# What makes stored values out of a frame: `stored_values`, or `DecodedOnce` where several look at the same ones.
Decode = Callable[[Dataset, PixelDescription, int, "int | None"], NDArray[Any]]

_RED, _BLUE = np.float32(0.299), np.float32(0.114)  # ITU-R BT.601; green has the rest
_AT_ONCE = 2**17  # pixels


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
def model_pixels(
    dataset: Dataset, frame: int = 1, at_least: int | None = None, decode: Decode = stored_values
) -> NDArray[np.float32]:
    """The pixels that the model judges: float32 [H, W], linear in the modality's values, bright is dense, upright.

    Decoded, modality LUT or rescale applied, MONOCHROME1 inverted last: v becomes low + high - v, with the smallest
    and largest value that the object can hold, which is exact for whole numbers, signed or rescaled. Padding
    becomes the darkest value that is there. Colours become luma. What lies on its side, on its head or mirrored
    by its header is turned, see `upright`.

    Args:
        frame: which one, from 1.
        at_least: pixels of the shorter side that suffice. A JPEG 2000 frame may then come smaller by a power of two.
        decode: where the stored values come from.

    Raises:
        MissingCodecError: nothing that is installed decodes the transfer syntax.
        DicomError: the pixels are damaged, absent, or too large.
    """
    flat = at_frame(dataset, frame)
    found = _describe(dataset, frame)
    stored = decode(dataset, found, frame, None if _needs_all(flat, found) else at_least)
    grey = _modality_values(dataset, flat, found, stored)
    pixels = np.float32(grey.low + grey.high) - grey.values if grey.inverted else grey.values
    return np.asarray(Turn.of(dataset)(_without_padding(pixels, grey.padding)), np.float32)


@typed_errors()
def display_pixels(
    dataset: Dataset, frame: int = 1, long_side: int | None = None, decode: Decode = stored_values
) -> NDArray[np.uint8]:
    """The pixels for the eye: uint8 [H, W], the object's own VOI LUT applied: the first table, else the first window,
    else from the darkest to the brightest pixel. MONOCHROME1 is inverted last, and the whole is turned, as for the
    model. Errors are as those of `model_pixels`.

    Args:
        frame: which one, from 1.
        long_side: pixels of the longer side that suffice. A JPEG 2000 frame may then come smaller by a power of two;
            what a table applies to is decoded whole.
        decode: where the stored values come from.
    """
    flat = at_frame(dataset, frame)
    found = _describe(dataset, frame)
    whole = long_side is None or _needs_all(flat, found) or bool(flat.get("VOILUTSequence"))
    stored = decode(dataset, found, frame, None if whole else found.shorter_side(long_side or 0))
    if _same_everywhere(flat, found, stored):
        # Each of the few values that there can be is brought to the screen once, and not each of the many pixels.
        levels = np.arange(2 ** (8 * stored.itemsize), dtype=f"u{stored.itemsize}")
        look = _shown(dataset, flat, found, levels.view(stored.dtype)[None])[0]
        shown = _looked_up(look, stored.view(levels.dtype))
    else:
        shown = _shown(dataset, flat, found, stored)
    return np.asarray(Turn.of(dataset)(shown), np.uint8)


def _describe(dataset: Dataset, frame: int) -> PixelDescription:
    found = describe(dataset)
    if not 1 <= frame <= found.frames:
        raise DicomError(f"there is no frame {frame}: the object has {found.frames}, counted from 1")
    return found


def _needs_all(flat: Dataset, found: PixelDescription) -> bool:
    """Padding and a modality LUT mean single stored values, so they need those: averages will not do."""
    return found.grey and bool(flat.get("ModalityLUTSequence") or _padding_range(flat, found))


def _same_everywhere(flat: Dataset, found: PixelDescription, stored: NDArray[Any]) -> bool:
    """Whether how a stored value looks depends on nothing but itself, and there are more pixels than values."""
    plain = found.grey and stored.ndim == 2 and stored.dtype.kind in "iu" and stored.dtype.isnative
    if not plain or stored.itemsize > 2 or stored.size <= 2 ** (8 * stored.itemsize):
        return False
    return _padding_range(flat, found) is None and bool(flat.get("VOILUTSequence") or read_window(flat))


def _looked_up(look: NDArray[np.uint8], index: NDArray[Any]) -> NDArray[np.uint8]:
    """`look[index]`, by so few rows at a time that numpy's copy of the index stays in the cache."""
    found = np.empty(index.shape, np.uint8)
    rows = max(1, _AT_ONCE // index.shape[1])
    for start in range(0, len(index), rows):
        np.take(look, index[start : start + rows], out=found[start : start + rows], mode="clip")
    return found


def _shown(dataset: Dataset, flat: Dataset, found: PixelDescription, stored: NDArray[Any]) -> NDArray[np.uint8]:
    """Stored values as they look, uint8 [H, W], not yet turned."""
    grey = _modality_values(dataset, flat, found, stored)
    shown = _voi(flat, grey)
    if grey.inverted:
        shown = 1 - shown
    shown = _without_padding(shown, grey.padding)
    return np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8)


def _modality_values(dataset: Dataset, flat: Dataset, found: PixelDescription, stored: NDArray[Any]) -> _Grey:
    """Apply the modality LUT or the rescale; `flat` has the functional groups of the frame laid flat."""
    if not found.grey:
        return _luma(_coloured(flat, found, stored), found)
    if stored.ndim != 2:
        raise DicomError(f"{found.photometric} pixels have {found.samples} samples; there must be one")
    padding = _padding_range(dataset, found)
    hidden = None if padding is None else (stored >= padding[0]) & (stored <= padding[1])
    inverted = found.photometric == "MONOCHROME1"
    if table := flat.get("ModalityLUTSequence"):
        lookup = read_table(table[0], found.signed, _little_endian(dataset))
        return _Grey(lookup(stored), 0.0, lookup.top, hidden, inverted)
    slope, intercept = read_rescale(flat)
    low, high = (slope * value + intercept for value in _reach(found, stored))
    ends = _rescaled(np.array([stored.min(), stored.max()]), slope, intercept)
    if not np.isfinite([np.float32(low + high), *ends]).all():
        raise DicomError("the pixels are not finite numbers once they are rescaled")
    return _Grey(_rescaled(stored, slope, intercept), min(low, high), max(low, high), hidden, inverted)


def _rescaled(stored: NDArray[Any], slope: float, intercept: float) -> NDArray[np.float32]:
    values = stored.astype(np.float32)
    if slope != 1:
        values *= np.float32(slope)
    if intercept != 0:
        values += np.float32(intercept)
    return values


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
