"""Is this a frontal chest radiograph at all? A distance in the model's own features, taken before its answer counts.

A classifier trained on chest radiographs gives every picture a confident answer, a leg too. The gate knows what pooled
features of chest radiographs look like: a Gaussian with a low-rank covariance (probabilistic PCA, Tipping and Bishop
1999). Whatever lies further out in Mahalanobis distance (Lee et al. 2018, arXiv:1807.03888) than nearly all chest
radiographs is not judged. It is fitted to chest radiographs only, so there is no kind of picture that it relies on
having seen.

    >>> gate = Gate.load(Path("gate.npz"))
    >>> gate.distance(embedding)    # [N]: higher is less like a chest radiograph
    >>> gate.accepts(embedding)     # [N] of bool
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import ArtifactError
from tightrope.writing import atomic_path

Floats = NDArray[np.float32]
RANK = 32


@dataclass(frozen=True, eq=False)
class Gate:
    """A Gaussian over D features with covariance axes^T diag(variance - noise) axes + noise * identity, and a limit."""

    mean: Floats
    """[D]"""
    axes: Floats
    """[K, D], orthonormal rows"""
    variance: Floats
    """[K], along each axis"""
    noise: float
    """variance in every other direction"""
    limit: float = np.inf
    """the largest distance that is accepted"""

    def distance(self, embedding: Floats) -> NDArray[np.float64]:
        """Squared Mahalanobis distance of each row of [N, D], divided by D: about 1 for what the gate was fitted to."""
        centred = embedding.astype(np.float64) - self.mean
        along = np.square(centred @ self.axes.T.astype(np.float64))
        rest = np.maximum(np.square(centred).sum(axis=1) - along.sum(axis=1), 0)
        return np.asarray(((along / self.variance).sum(axis=1) + rest / self.noise) / embedding.shape[1])

    def accepts(self, embedding: Floats) -> NDArray[np.bool_]:
        """Whether each row of [N, D] looks like a frontal chest radiograph."""
        return np.asarray(self.distance(embedding) <= self.limit)

    def save(self, path: Path) -> None:
        """Write the gate as .npz, whole or not at all."""
        with atomic_path(path) as partial:
            np.savez(partial, **asdict(self))

    @classmethod
    def load(cls, path: Path) -> Gate:
        """Read a gate that `save` wrote. Raises ArtifactError when the file is missing or is not one."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                vectors = {name: arrays[name].astype(np.float32) for name in ("mean", "axes", "variance")}
                return cls(**vectors, noise=float(arrays["noise"]), limit=float(arrays["limit"]))
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise ArtifactError(f"{path} is not a triage gate ({error}): install the artifact again") from error


def fit(embedding: Floats, rank: int = RANK) -> Gate:
    """A gate without a limit from features [N, D] of chest radiographs, N > rank.

    The noise is the mean variance of the directions that are not among the first `rank` principal axes.
    """
    mean = embedding.mean(axis=0, dtype=np.float64)
    _, singular, axes = np.linalg.svd(embedding - mean, full_matrices=False)
    variance = np.square(singular) / (len(embedding) - 1)
    noise = variance[rank:].sum() / (embedding.shape[1] - rank)
    return Gate(
        mean.astype(np.float32), axes[:rank].astype(np.float32), variance[:rank].astype(np.float32), float(noise)
    )
