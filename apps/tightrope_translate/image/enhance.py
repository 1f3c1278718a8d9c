"""A dim or hazy picture to one that uses the whole range of brightness, before it is read.

Of what was tried on rendered signs (`benchmarks/camera/accuracy.py --as-is`) only this is worth its time: in the dark
and in fog it makes readable what was not. The networks read noise and blur better as they are than smoothed or
sharpened.
"""

from __future__ import annotations

import cv2
import numpy as np

from tightrope_translate.image.pictures import Picture

DARKEST, BRIGHTEST = 0.5, 99.9
"""Percentiles of brightness that become black and white: a lamp or a hot pixel does not count."""
ENOUGH = 160
"""A picture whose brightness covers that many levels is left as it is."""
_SAMPLE = 4  # every fourth pixel of every fourth row tells enough


def brightened(picture: Picture) -> Picture:
    """BGR, uint8 [h, w, 3]: stretched, or the same array where that is not needed."""
    low, high = np.percentile(picture[::_SAMPLE, ::_SAMPLE], (DARKEST, BRIGHTEST))
    if high - low >= ENOUGH:
        return picture
    levels = (np.arange(256) - low) * (255 / max(high - low, 1))
    return np.asarray(cv2.LUT(picture, levels.clip(0, 255).astype(np.uint8)), np.uint8)
