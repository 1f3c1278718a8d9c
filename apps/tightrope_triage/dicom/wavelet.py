"""JPEG 2000 frames at a fraction of their size: low-pass bands of the wavelet, decoded in a fraction of the time.

>>> read_band(packed, size, halvings=2).pixels().shape          # of 2048 x 2048 pixels         # doctest: +SKIP
(512, 512)

A band that is decoded can be halved again without the codestream, to the bit as if it had been decoded smaller:

>>> band = read_band(packed, size, 1, headroom=HEADROOM)                                        # doctest: +SKIP
>>> (band.halved().pixels() == read_band(packed, size, 2).pixels()).all()                       # doctest: +SKIP
True
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from tightrope_triage.dicom.codestream import CodestreamSize

HEADROOM = 2  # bits that a band needs more than the picture: 5/3 low-pass overshoots to 1.5 of its input, a side
_PILLOW_BITS = 16


@dataclass(frozen=True, eq=False)
class LowBand:
    """A grey frame at 1 / 2**halvings of its size.

    Attributes:
        values: int32 [h, w], around 0: unsigned ones are moved down by half of their range.
    """

    values: NDArray[np.int32]
    size: CodestreamSize
    halvings: int

    def halved(self) -> LowBand:
        """The next band: what the encoder made of this one (ISO/IEC 15444-1 F.4.2, 5/3: columns first, then rows).

        That is exact where the band was read with HEADROOM from a frame whose size says `halvable`.
        """
        return LowBand(_low_pass(_low_pass(self.values, 0), 1), self.size, self.halvings + 1)

    def pixels(self) -> NDArray[np.float32]:
        """float32 [h, w], in the units of the stored values, clipped to their range, as a shrunk picture has them."""
        half = 2 ** (self.size.precision - 1)
        band = np.clip(self.values, -half, half - 1).astype(np.float32)
        if not self.size.signed:
            band += np.float32(half)
        for axis, whole in enumerate((self.size.rows, self.size.columns)):
            band = _centred(band, axis, whole, self.halvings)
        return band


def halvings_for(size: CodestreamSize, at_least: int | None) -> int:
    """How often a frame may be halved so that no side falls under `at_least`; 0 without it."""
    times = 0
    while at_least and times < size.halvings and min(size.rows, size.columns) >> (times + 1) >= at_least:
        times += 1
    return times


def may_halve(size: CodestreamSize) -> bool:
    """Whether a band of the frame can be read with HEADROOM and then be halved exactly."""
    return size.halvable and size.precision + HEADROOM <= _PILLOW_BITS


def read_band(packed: bytes, size: CodestreamSize, halvings: int, headroom: int = 0) -> LowBand | None:
    """Decode a grey frame at 1 / 2**halvings of its size; None where Pillow cannot read the stream.

    `headroom`: bits more, so that nothing is clipped that goes beyond the range. The 5/3 wavelet's coefficients do not
    depend on the depth that the codestream gives, only where a decoder clips does.
    """
    from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile  # Image.open would load the plugins of all formats

    precision = size.precision + headroom
    try:
        picture = Jpeg2KImageFile(BytesIO(_with_precision(packed, size, precision) if headroom else packed))
        # Pillow's own `reduce` rounds the size to the nearest, where the band has it rounded up (15444-1 B-15), and
        # then fails on odd sizes; so its tile is told the size and the number of halvings here.
        width, height = -(-size.columns >> halvings), -(-size.rows >> halvings)
        tile = picture.tile[0]
        codec, _, *others = tuple(tile.args or ())
        picture._size = (width, height)
        picture.tile = [tile._replace(extents=(0, 0, width, height), args=(codec, halvings, *others))]
        values = np.asarray(picture)
    except Exception:  # Pillow is stricter than the others, which the caller asks then
        return None
    # Pillow shifts the values to the top of 8 or 16 bits, and moves signed ones up by half of their range.
    band = (values >> (values.dtype.itemsize * 8 - precision)).astype(np.int32)
    band -= 2 ** (precision - 1)
    return LowBand(band, size, halvings)


def _with_precision(packed: bytes, size: CodestreamSize, precision: int) -> bytes:
    """The same codestream with another depth in its SIZ marker (15444-1 A.5.1, Ssiz)."""
    depth = (0x80 if size.signed else 0) | (precision - 1)
    return packed[: size.depth_at] + bytes((depth,)) + packed[size.depth_at + 1 :]


def _low_pass(values: NDArray[np.int32], axis: int) -> NDArray[np.int32]:
    """One step of the reversible 5/3 analysis along an axis, its low half (15444-1 F.4.8.1), mirrored at both ends."""
    along = np.moveaxis(values, axis, 0)
    if len(along) == 1:
        return values
    even, odd = along[0::2], along[1::2]
    following = np.concatenate([even[1:], even[-1:]])[: len(odd)]
    high = odd - ((even[: len(odd)] + following) >> 1)
    before, here = (np.concatenate(ends)[: len(even)] for ends in ([high[:1], high], [high, high[-1:]]))
    return np.moveaxis(even + ((before + here + 2) >> 2), 0, axis)


def _centred(band: NDArray[np.float32], axis: int, whole: int, halvings: int) -> NDArray[np.float32]:
    """Move the samples of a low-pass band to the centres of the pixels that they stand for, by linear interpolation.

    Sample k of the band lies on pixel k * 2**halvings of the `whole` ones (15444-1 annex F), not amid the 2**halvings
    pixels of a shrunk picture: unmended, a picture at a quarter of its size is 1.5 pixels off.
    """
    count = band.shape[axis]
    place = ((np.arange(count) + 0.5) * whole / count - 0.5) / 2**halvings
    left = np.clip(place.astype(np.int64), 0, count - 1)
    right = np.minimum(left + 1, count - 1)
    share = np.clip(place - left, 0, 1).astype(np.float32)
    share = share[:, None] if axis == 0 else share
    first = band if (left == np.arange(count)).all() else np.take(band, left, axis)
    return np.asarray(first + share * (np.take(band, right, axis) - first), np.float32)
