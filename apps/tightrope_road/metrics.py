"""COCO's average precision, kept so that any resample of the pictures is scored in milliseconds.

The protocol of cocodataset.org, 'Detection evaluation': 101-point interpolated precision, ten IoU thresholds from 0.50
to 0.95, at most 100 boxes a picture. `tightrope road val` uses faster-coco-eval, and a test holds both together; this
one exists because a paired bootstrap asks a thousand times. It knows no crowd regions: use it on labels without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tightrope_road.detections import Detections

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Truth:
    """Labels of one picture: boxes float32 [n, 4] in pixels (left, top, right, bottom) and classes int64 [n]."""

    boxes: Floats
    classes: NDArray[np.int64]


@dataclass(frozen=True)
class _Matches:
    """One class over all pictures: its detections with picture index, score and hit per threshold; truths a picture."""

    pictures: NDArray[np.int64]
    scores: Floats
    hits: NDArray[np.bool_]
    truths: NDArray[np.int64]


class DetectionScores:
    """Scores (see tightrope.compress) of one model's detections on labelled pictures.

    Metrics: 'mAP50-95 all' and 'mAP50 all' over every class that has a label in the sample, and the same for 'road'.

    Args:
        detections: at confidence 0.001 and at most 100 a picture, as the protocol asks.
        truths: labels of the same pictures in the same order.
        road: indices of the road classes.
    """

    def __init__(self, detections: Sequence[Detections], truths: Sequence[Truth], road: Sequence[int]) -> None:
        self._count = len(truths)
        self._road = frozenset(road)
        classes = sorted({int(c) for truth in truths for c in truth.classes})
        self._matches = {c: _match_class(detections, truths, c) for c in classes}

    def __len__(self) -> int:
        return self._count

    def on(self, sample: NDArray[np.int64]) -> dict[str, float]:
        weights = np.bincount(sample, minlength=self._count)
        precision = {c: _average_precision(m, weights) for c, m in self._matches.items()}
        present = {c: values for c, values in precision.items() if values is not None}
        road = [values for c, values in present.items() if c in self._road]
        return {
            "mAP50-95 all": _mean(list(present.values())),
            "mAP50 all": _mean([values[:1] for values in present.values()]),
            "mAP50-95 road": _mean(road),
            "mAP50 road": _mean([values[:1] for values in road]),
        }


def _mean(values: Sequence[NDArray[np.float64]]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _match_class(detections: Sequence[Detections], truths: Sequence[Truth], index: int) -> _Matches:
    pictures, scores, hits = [], [], []
    counts = np.array([int((truth.classes == index).sum()) for truth in truths])
    for picture, (found, truth) in enumerate(zip(detections, truths, strict=True)):
        mine = found.classes == index
        scores.append(found.scores[mine])
        hits.append(_match(found.boxes[mine], truth.boxes[truth.classes == index]))
        pictures.append(np.full(int(mine.sum()), picture))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    return _Matches(np.concatenate(pictures)[order], np.concatenate(scores)[order], np.concatenate(hits)[order], counts)


def _match(boxes: Floats, truths: Floats) -> NDArray[np.bool_]:
    """Which boxes, best first, hit a truth at each threshold: bool [n, 10]. A truth is hit once."""
    hits = np.zeros((len(boxes), len(THRESHOLDS)), bool)
    if not len(boxes) or not len(truths):
        return hits
    overlaps = intersection_over_union(boxes, truths)
    for column, threshold in enumerate(THRESHOLDS):
        free = np.ones(len(truths), bool)
        for row in range(len(boxes)):
            best = np.where(free, overlaps[row], -1.0)
            chosen = int(best.argmax())
            if best[chosen] >= threshold:
                hits[row, column], free[chosen] = True, False
    return hits


def intersection_over_union(first: Floats, second: Floats) -> NDArray[np.float64]:
    """IoU of every pair: boxes [n, 4] and [m, 4] to float64 [n, m]."""
    a, b = first[:, None].astype(np.float64), second[None].astype(np.float64)
    overlap = np.clip(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None).prod(axis=2)
    area_a, area_b = (a[..., 2:] - a[..., :2]).prod(axis=2), (b[..., 2:] - b[..., :2]).prod(axis=2)
    return np.asarray(overlap / np.maximum(area_a + area_b - overlap, 1e-12))


def _average_precision(matches: _Matches, weights: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """AP at each threshold, pictures counted `weights` times; None where the sample has no truth of the class."""
    total = int(matches.truths @ weights)
    if not total:
        return None
    repeats = weights[matches.pictures]
    found = np.cumsum(matches.hits * repeats[:, None], axis=0, dtype=np.float64)
    seen = np.cumsum(repeats, dtype=np.float64)[:, None]
    precision = found / np.maximum(seen, 1)
    precision = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
    recall = found / total
    result = np.zeros(len(THRESHOLDS))
    for column in range(len(THRESHOLDS)):
        position = np.searchsorted(recall[:, column], RECALLS, side="left")
        reached = position < len(recall)
        result[column] = precision[position[reached], column].sum() / len(RECALLS)
    return result
