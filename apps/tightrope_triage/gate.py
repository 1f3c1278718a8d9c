"""Is this a frontal chest radiograph at all? A distance in the model's own features, taken before its answer counts.

A classifier trained on chest radiographs gives every picture a confident answer, a leg too. The gate knows what pooled
features of chest radiographs look like: a Gaussian with a low-rank covariance (probabilistic PCA, Tipping and Bishop
1999). Whatever lies further out in Mahalanobis distance (Lee et al. 2018, arXiv:1807.03888) than nearly all chest
radiographs is not judged. It is fitted to chest radiographs only, so there is no kind of picture that it relies on
having seen. Which distance is too far is a constant of the artifact, from its calibration split.

    >>> gate = fit(embedding)       # [N, D]
    >>> gate.distance(embedding)    # [N]: higher is less like a chest radiograph
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
RANK = 32


@dataclass(frozen=True, eq=False)
class Gate:
    """A Gaussian over D features with covariance axes^T diag(variance - noise) axes + noise * identity."""

    mean: Floats
    """[D]"""
    axes: Floats
    """[K, D], orthonormal rows"""
    variance: Floats
    """[K], along each axis"""
    noise: float
    """variance in every other direction"""

    def distance(self, embedding: Floats) -> NDArray[np.float64]:
        """Squared Mahalanobis distance of each row of [N, D], divided by D: about 1 for what the gate was fitted to."""
        centred = embedding.astype(np.float64) - self.mean
        along = np.square(centred @ self.axes.T.astype(np.float64))
        rest = np.maximum(np.square(centred).sum(axis=1) - along.sum(axis=1), 0)
        return np.asarray(((along / self.variance).sum(axis=1) + rest / self.noise) / embedding.shape[1])


def fit(embedding: Floats, rank: int = RANK) -> Gate:
    """A gate from features [N, D] of chest radiographs, N > rank.

    The noise is the mean variance of the directions that are not among the first `rank` principal axes.
    """
    mean = embedding.mean(axis=0, dtype=np.float64)
    _, singular, axes = np.linalg.svd(embedding - mean, full_matrices=False)
    variance = np.square(singular) / (len(embedding) - 1)
    noise = variance[rank:].sum() / (embedding.shape[1] - rank)
    return Gate(
        mean.astype(np.float32), axes[:rank].astype(np.float32), variance[:rank].astype(np.float32), float(noise)
    )
