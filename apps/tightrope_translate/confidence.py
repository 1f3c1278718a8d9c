"""How far a translation is to be trusted: the network's own probability, calibrated against the quality measured.

    constants = fit_confidence(scores, texts, references)  # on development sentences, when an artifact is made
    confidence = Confidence(**constants)
    confidence(-0.4)            # 0.63: translations with this score have a chrF of 63 on average
    confidence(-0.4) >= confidence.sure_from

Isotonic regression (Barlow et al. 1972, by pooling adjacent violators) of sentence chrF on the mean log-probability of
a token, kept as the corners of a piecewise linear curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

CORNERS = 20
BINS = 10
# Below this chrF a third of what the network writes has nearly nothing of the reference: its words alone say as much.
SURE_FROM = 0.36


@dataclass(frozen=True)
class Confidence:
    """A curve through (`scores`, `quality`), and from which quality on a translation counts as sure."""

    scores: tuple[float, ...] = (-1.2, -0.9, -0.7, -0.5, -0.3, -0.15)
    quality: tuple[float, ...] = (0.30, 0.39, 0.46, 0.56, 0.69, 0.86)
    sure_from: float = SURE_FROM

    def __call__(self, score: float) -> float:
        """The expected sentence chrF, 0 to 1, of a translation with this mean log-probability."""
        return float(np.interp(score, self.scores, self.quality))


def fit_confidence(scores: ArrayLike, texts: Sequence[str], references: Sequence[str]) -> dict[str, Any]:
    """Constants for `Confidence`, JSON values, from translations whose references are known.

    Needs sacrebleu. Raises ValueError unless all three are of one length.
    """
    quality = qualities(texts, references)
    order = np.argsort(np.asarray(scores, np.float64), kind="stable")
    x, y = np.asarray(scores, np.float64)[order], quality[order]
    # Groups grow from the doubtful to the likely: the curve is finest where the decision falls.
    edges = np.unique((np.linspace(0, 1, CORNERS + 1) ** 1.5 * len(x)).astype(int))
    groups = np.split(np.arange(len(x)), edges[1:-1])
    corners = [float(x[group].mean()) for group in groups]
    heights = isotonic([float(y[group].mean()) for group in groups], [len(group) for group in groups])
    return {
        "scores": [round(value, 4) for value in corners],
        "quality": [round(float(value), 4) for value in heights],
        "sure_from": SURE_FROM,
    }


def qualities(texts: Sequence[str], references: Sequence[str]) -> NDArray[np.float64]:
    """Sentence chrF of each text, 0 to 1. Needs sacrebleu; raises ValueError unless both are of one length."""
    from sacrebleu.metrics.chrf import CHRF

    metric = CHRF()
    return np.array([metric.sentence_score(t, [r]).score / 100 for t, r in zip(texts, references, strict=True)])


def calibration(confidences: ArrayLike, quality: ArrayLike) -> dict[str, Any]:
    """How well confidence foretells the quality that was measured, on translations that it was not fitted on.

    `error` is the mean distance of both in groups of equal size by rising confidence (Naeini et al. 2015, with equal
    counts); `groups` has their means, confidence first; `correlation` is Pearson's, over single translations.
    """
    expected, found = np.asarray(confidences, np.float64), np.asarray(quality, np.float64)
    order = np.argsort(expected, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    groups = [(float(expected[part].mean()), float(found[part].mean())) for part in parts]
    apart = sum(len(part) * abs(one - other) for part, (one, other) in zip(parts, groups, strict=True))
    spread = bool(expected.std() and found.std())
    return {
        "error": apart / len(order),
        "correlation": float(np.corrcoef(expected, found)[0, 1]) if spread else 0.0,
        "groups": [[round(value, 4) for value in group] for group in groups],
    }


def isotonic(values: Sequence[float], weights: Sequence[float]) -> NDArray[np.float64]:
    """The nondecreasing sequence nearest to `values` in weighted squares."""
    pools: list[list[float]] = []  # mean, weight, count
    for value, weight in zip(values, weights, strict=True):
        pools.append([value, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, mass, count = pools.pop()
            last = pools[-1]
            last[0] = (last[0] * last[1] + mean * mass) / (last[1] + mass)
            last[1] += mass
            last[2] += count
    return np.repeat([mean for mean, _, _ in pools], [int(count) for _, _, count in pools])
