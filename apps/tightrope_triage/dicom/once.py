"""Decoding once for the model and for the eye, who want different sizes of the same stored values.

>>> once = DecodedOnce(long_side=960)                                                            # doctest: +SKIP
>>> model_pixels(dataset, 1, 512, once), display_pixels(dataset, 1, 960, once)                   # doctest: +SKIP
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from pydicom.dataset import Dataset

from tightrope_triage.dicom.codecs import Shrinkable, shrinkable, stored_values
from tightrope_triage.dicom.description import PixelDescription
from tightrope_triage.dicom.wavelet import HEADROOM, LowBand, halvings_for, may_halve, read_band


class DecodedOnce:
    """In place of `stored_values`, for the frames of one dataset: gives the same to the bit, and keeps what it decoded.

    A JPEG 2000 frame is decoded as large as somebody will want it; who wants less gets the band that the encoder made
    of that one, where it can be told exactly. What is given is shared: nobody may write into it.

    Args:
        long_side: pixels of the longer side that suffice to whoever wants most.
    """

    def __init__(self, long_side: int) -> None:
        self._long_side = long_side
        self._values: dict[tuple[int, int], NDArray[Any]] = {}
        self._bands: dict[int, LowBand] = {}

    def __call__(
        self, dataset: Dataset, found: PixelDescription, frame: int, at_least: int | None = None
    ) -> NDArray[Any]:
        """As `stored_values`."""
        shrunk = shrinkable(dataset, found, frame, at_least)
        key = frame, 0 if shrunk is None else shrunk.halvings
        if key not in self._values:
            band = None if shrunk is None else self._band(found, frame, shrunk)
            values = stored_values(dataset, found, frame, at_least) if band is None else band.pixels()
            values.flags.writeable = False
            self._values[key] = values
        return self._values[key]

    def _band(self, found: PixelDescription, frame: int, shrunk: Shrinkable) -> LowBand | None:
        """The frame that often halved, from the largest band that is wanted; None where that would not be exact."""
        if not may_halve(shrunk.size):
            return None
        most = halvings_for(shrunk.size, found.shorter_side(self._long_side))
        if not 0 < most <= shrunk.halvings:
            return None
        if frame not in self._bands:
            band = read_band(shrunk.packed, shrunk.size, most, HEADROOM)
            if band is None:
                return None
            self._bands[frame] = band
        band = self._bands[frame]
        for _ in range(shrunk.halvings - most):
            band = band.halved()
        return band
