"""What can be wrong with a picture before a model sees it, told in sentences.

Each check looks at the windowed picture that the model gets, uint8 [256, 256], and at its header. The limits lie
outside of what the calibration radiographs showed, so that a good picture is hardly ever turned away.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tightrope_triage.radiograph import Header

YOUNGEST = 1.0  # years; the children that the model learned from were 1 to 5
_SMALLEST = 200  # pixels of the shorter side
_NARROWEST = 0.5  # shorter side over longer side
_FLATTEST = 30.0  # standard deviation in grey values; 45 was the least of the calibration radiographs
_SATURATED = 0.4  # share of pixels at either end; 0.25 was the most
_INVERTED = -0.11  # brightness of the spine over that of the lungs, 0..1; -0.104 was the least


def header_problems(header: Header, shape: tuple[int, int]) -> list[str]:
    """Reasons in age and size; `shape` is (rows, columns) of the pixels as they were read."""
    problems = []
    if header.age_years is not None and header.age_years < YOUNGEST:
        problems.append("The patient is younger than those that the model learned from.")
    if min(shape) < _SMALLEST:
        problems.append(f"The picture has {shape[1]} x {shape[0]} pixels; {_SMALLEST} are the least.")
    if min(shape) / max(shape) < _NARROWEST:
        problems.append("The picture is so long and narrow that it must be cropped.")
    return problems


def picture_problems(grey: NDArray[np.uint8]) -> list[str]:
    """Reasons in exposure and polarity."""
    if float(grey.std()) < _FLATTEST:
        return ["The picture has hardly any contrast: it may be badly exposed or empty."]
    if float(((grey == 0) | (grey == 255)).mean()) > _SATURATED:
        return ["Much of the picture is black or white: it may be badly exposed."]
    if spine_over_lungs(grey) < _INVERTED:
        return ["The lungs are brighter than the spine: black and white seem to be exchanged."]
    return []


def spine_over_lungs(grey: NDArray[np.uint8]) -> float:
    """Mean brightness (0..1) of the middle eighth over that of the lung fields beside it, in the rows of the chest."""
    height, width = grey.shape
    rows = grey[height // 4 : height * 5 // 8].astype(np.float64) / 255
    columns = [int(width * share) for share in (7 / 16, 9 / 16, 3 / 16, 11 / 32, 21 / 32, 13 / 16)]
    middle, left, right = (rows[:, a:b].mean() for a, b in zip(columns[::2], columns[1::2], strict=True))
    return float(middle - (left + right) / 2)
