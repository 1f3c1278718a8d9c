"""What an evaluation returns: enough to score any resample of the same inputs again.

A paired bootstrap needs the metric on thousands of resamples, so an evaluation runs the model once and keeps what it
needs of each sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


class Scores(Protocol):
    """Metrics over samples. Higher is better, for every metric."""

    def __len__(self) -> int:
        """Number of samples."""

    def on(self, sample: Indices) -> Mapping[str, float]:
        """The metrics over the samples at `sample`, int64 [k], repeats counted as often as they stand there."""


class MeanScores:
    """Metrics that are means over samples, such as top-1 accuracy.

    >>> scores = MeanScores({"top1": [1, 0, 1, 1]})
    >>> metrics(scores)
    {'top1': 0.75}
    """

    def __init__(self, values: Mapping[str, Sequence[float] | NDArray[Any]]) -> None:
        self._values = {name: np.asarray(column, dtype=np.float64) for name, column in values.items()}

    def __len__(self) -> int:
        return len(next(iter(self._values.values())))

    def on(self, sample: Indices) -> dict[str, float]:
        return {name: float(column[sample].mean()) for name, column in self._values.items()}


def metrics(scores: Scores) -> dict[str, float]:
    """The metrics over all samples, each once."""
    return dict(scores.on(np.arange(len(scores))))
