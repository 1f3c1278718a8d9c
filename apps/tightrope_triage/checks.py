"""What can be wrong with a picture before a model sees it, told in sentences.

Each check looks at the windowed picture that the model gets, uint8 [256, 256], and at its header. The limits lie
outside of what the calibration radiographs showed, so that a good picture is hardly ever turned away.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tightrope_triage.orientation import Pose
from tightrope_triage.radiograph import Header

YOUNGEST = 1.0  # years; the children that the model learned from were 1 to 5
_SMALLEST = 200  # pixels of the shorter side
_SMALLEST_MM = 80.0  # of the shorter side, where the header gives a spacing; no chest of those ages fits into less
_NARROWEST = 0.5  # shorter side over longer side
_FLATTEST = 30.0  # standard deviation in grey values; 45 was the least of the calibration radiographs
_SATURATED = 0.4  # share of pixels at either end; 0.25 was the most
TURNED = -1.0  # log-odds of lying as it should; orientation.json says how many are below


def header_problems(header: Header, shape: tuple[int, int]) -> list[str]:
    """Reasons in age and size; `shape` is (rows, columns) of the pixels as they were read.

    Proportions are those of the picture in millimetres where they are known: pixels need not be square.
    """
    problems = []
    if header.age_years is not None and header.age_years < YOUNGEST:
        problems.append("The patient is younger than those that the model learned from.")
    if min(shape) < _SMALLEST:
        problems.append(f"The picture has {shape[1]} x {shape[0]} pixels; {_SMALLEST} are the least.")
    if header.size_mm and min(header.size_mm) < _SMALLEST_MM:
        height, width = header.size_mm
        problems.append(f"The picture shows {width:.0f} x {height:.0f} mm: it must be cropped.")
    sides = header.size_mm or shape
    if min(sides) / max(sides) < _NARROWEST:
        problems.append("The picture is so long and narrow that it must be cropped.")
    return problems


def picture_problems(grey: NDArray[np.uint8]) -> list[str]:
    """Reasons in exposure, polarity and orientation, of a picture as the model gets it."""
    if float(grey.std()) < _FLATTEST:
        return ["The picture has hardly any contrast: it may be badly exposed or empty."]
    if float(((grey == 0) | (grey == 255)).mean()) > _SATURATED:
        return ["Much of the picture is black or white: it may be badly exposed."]
    pose = Pose.of(grey)
    if pose.upright_log_odds < TURNED:
        return [_said_of(pose)]
    return []


def _said_of(pose: Pose) -> str:
    how = ["upside down" if pose.turned == 180 else "on its side"] if pose.turned else []
    how += ["inverted, black for white"] if pose.inverted else []
    if not how:
        return "It cannot be told whether the picture is upright."
    return f"The picture seems to be {' and '.join(how)}."
