"""The colours of a line of text: what it is written on, and with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope_translate.image.boxes import Box, strip
from tightrope_translate.image.pictures import Picture

Colour = tuple[int, int, int]

_HEIGHT = 32
# Of a strip's rows: the letters with what is between them, and the seam above and below them that is mostly ground.
# The outermost rows may show what lies behind the sign.
_INSIDE = slice(4, 28)
_SEAM = np.r_[4:7, 25:28]
_MARGIN = 10  # columns left out at both ends, where there is room for it
_LEAST_CONTRAST = 40.0


@dataclass(frozen=True)
class Colours:
    """BGR, 0 to 255, of a line; and the share of its area that is letters."""

    ground: Colour
    letters: Colour
    """As they were written."""
    ink: Colour
    """To write with: that of the letters, or black or white where it could hardly be told from the ground."""
    coverage: float


def colours_of(picture: Picture, box: Box) -> Colours:
    """Estimate the colours of the line in `box`.

    The pixels inside fall into two clusters; the one that prevails along the seams above and below the letters is the
    ground. The farther half of the other shows the ink pure: the nearer half is the soft edge of the letters.
    """
    flat = strip(picture, box, _HEIGHT).astype(np.float32)
    if flat.shape[1] > 4 * _MARGIN:
        flat = flat[:, _MARGIN:-_MARGIN]
    inside = flat[_INSIDE].reshape(-1, 3)
    centres = _two_clusters(inside)
    seam = _nearest(flat[_SEAM].reshape(-1, 3), centres)
    ground_at = int(seam.mean() > 0.5)
    belongs = _nearest(inside, centres)
    ground = np.median(inside[belongs == ground_at], 0)
    letters = inside[belongs != ground_at]
    coverage = len(letters) / len(inside)
    if not len(letters):
        return Colours(_colour(ground), _colour(ground), _contrasting(ground), 0.0)
    apart = np.linalg.norm(letters - ground, axis=1)
    pure = np.median(letters[apart >= np.median(apart)], 0)
    faint = np.linalg.norm(pure - ground) < _LEAST_CONTRAST
    return Colours(_colour(ground), _colour(pure), _contrasting(ground) if faint else _colour(pure), coverage)


def _two_clusters(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centres [2, 3] of the two clusters of pixels [n, 3] (k-means from the ends of the main axis of colour)."""
    mean = pixels.mean(0)
    axis = np.linalg.svd(np.cov((pixels - mean).T))[0][:, 0]
    along = (pixels - mean) @ axis
    centres = np.stack([pixels[along <= 0].mean(0), pixels[along >= 0].mean(0)])
    for _ in range(5):
        nearest = _nearest(pixels, centres)
        if nearest.min() == nearest.max():
            break
        centres = np.stack([pixels[nearest == k].mean(0) for k in (0, 1)])
    return centres


def _nearest(pixels: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.int64]:
    """0 or 1 for every pixel [n, 3]: which of two centres [2, 3] it is nearer to."""
    return np.argmin(np.linalg.norm(pixels[:, None] - centres[None], axis=2), 1)


def luminance(colour: Colour) -> float:
    """Of a BGR colour, 0 to 255 (ITU-R BT.601)."""
    return 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2]


def alike(one: Colours, other: Colours) -> bool:
    """Whether two lines may stand on the same ground."""
    return bool(np.linalg.norm(np.subtract(one.ground, other.ground)) < 70)


def _contrasting(ground: NDArray[Any]) -> Colour:
    return (255, 255, 255) if luminance(_colour(ground)) < 128 else (0, 0, 0)


def _colour(values: NDArray[Any]) -> Colour:
    blue, green, red = (int(v) for v in values)
    return blue, green, red
