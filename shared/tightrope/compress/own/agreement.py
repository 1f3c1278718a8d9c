"""How alike two graphs answer: what judges a model where nobody has labelled anything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tightrope.runtime.session import Array

TOP1 = "top-1 agreement with fp32"
COSINE = "output cosine with fp32"
CLOSENESS = "1 - relative error to fp32"


def cosine(expected: Sequence[Array], actual: Sequence[Array]) -> float:
    """Cosine of the angle between two answers, 0 at the least; of several outputs the worst, as scales differ.

    1: the same but for a factor. An output of another shape than expected scores 0.
    """
    return min(_cosine(one, other) for one, other in zip(expected, actual, strict=True))


def closeness(expected: Sequence[Array], actual: Sequence[Array]) -> float:
    """1 - |actual - expected| / |expected|, 0 at the least; of several outputs the worst."""
    return min(_closeness(one, other) for one, other in zip(expected, actual, strict=True))


def same_class(expected: Array, actual: Array) -> bool:
    """Whether the largest of the class scores, of any shape, stands at the same place."""
    return bool(np.argmax(expected) == np.argmax(actual))


def _cosine(expected: Array, actual: Array) -> float:
    if expected.shape != actual.shape:
        return 0.0
    one, other = (np.asarray(array, np.float64).ravel() for array in (expected, actual))
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    if lengths == 0:
        return float(not one.any() and not other.any())
    return min(1.0, max(0.0, float(one @ other) / lengths))


def _closeness(expected: Array, actual: Array) -> float:
    if expected.shape != actual.shape:
        return 0.0
    one, other = (np.asarray(array, np.float64) for array in (expected, actual))
    length = float(np.linalg.norm(one))
    distance = float(np.linalg.norm(other - one))
    if length == 0:
        return float(distance == 0)
    return max(0.0, 1 - distance / length)
