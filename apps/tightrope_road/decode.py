"""Head outputs to boxes: threshold, expected distances, non-maximum suppression.

Generalized focal loss (Li et al. 2020, arXiv:2006.04388, section 3.2): each side of a box is a distribution over 11
bins; its distance from the anchor point is the expectation of the softmax, times the stride.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tightrope_road.detections import Detections
from tightrope_road.preprocess import Letterbox

Floats = NDArray[np.float32]


class Decode:
    """(class logits [1, points, classes], distance logits [1, points, 4 * bins]) and a Letterbox to Detections.

    Args:
        constants: the artifact's `postprocess`: strides, bins, nms_iou, candidates, and exclusive_groups, lists of
            classes of which one object has only one.
        names: class names by index.
        score: smallest score reported, 0 to 1.
        classes: indices of the classes to report; None: all.
        max_detections: largest number of boxes a picture.
    """

    def __init__(
        self,
        constants: Mapping[str, Any],
        names: tuple[str, ...],
        score: float,
        classes: Sequence[int] | None,
        max_detections: int = 100,
    ) -> None:
        self._constants = constants
        self._names = names
        self._logit = float(np.log(score) - np.log1p(-score)) if score > 0 else -np.inf
        self._classes = np.arange(len(names)) if classes is None else np.array(classes)
        self._max_detections = max_detections
        self._suppression_class = np.arange(len(names))
        for group in constants["exclusive_groups"]:
            self._suppression_class[list(group)] = group[0]

    def __call__(self, outputs: Sequence[NDArray[Any]], box: Letterbox) -> Detections:
        logits, distances = outputs[0][0], outputs[1][0]
        points, classes, scores = self._candidates(logits)
        boxes = box.to_source(self._boxes(distances, points, box.target))
        kept = self._suppress(boxes, classes, scores)[: self._max_detections]
        return Detections(boxes[kept], scores[kept], classes[kept].astype(np.int64), box.source, self._names)

    def _candidates(self, logits: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
        """Points, classes and scores above the threshold, best first, at most `candidates` of them."""
        # Comparing logits spares the sigmoid of a quarter of a million numbers.
        selected = logits if len(self._classes) == logits.shape[1] else logits[:, self._classes]
        points, columns = np.nonzero(selected >= self._logit)
        values = selected[points, columns]
        order = np.argsort(-values, kind="stable")[: int(self._constants["candidates"])]
        scores = 1 / (1 + np.exp(-values[order]))
        return points[order], self._classes[columns[order]], scores.astype(np.float32)

    def _boxes(self, distances: Floats, points: NDArray[np.intp], size: tuple[int, int]) -> Floats:
        """Boxes [n, 4] of these points in pixels of the model's input, which has that width and height."""
        bins = int(self._constants["bins"])
        sides = distances[points].reshape(-1, 4, bins)
        weights = np.exp(sides - sides.max(axis=2, keepdims=True))
        expected = (weights @ np.arange(bins, dtype=np.float32)) / weights.sum(axis=2)
        centres, strides = _grid(size, tuple(self._constants["strides"]))
        left, top, right, bottom = (expected * strides[points, None]).T
        x, y = centres[points].T
        return np.stack((x - left, y - top, x + right, y + bottom), axis=1).astype(np.float32)

    def _suppress(self, boxes: Floats, classes: NDArray[np.intp], scores: Floats) -> NDArray[np.intp]:
        """Class-wise NMS, where the classes of an exclusive group count as one. Best first."""
        if not len(boxes):
            return np.empty(0, np.intp)
        sizes = np.concatenate((boxes[:, :2], boxes[:, 2:] - boxes[:, :2]), axis=1)
        groups = self._suppression_class[classes]
        kept = cv2.dnn.NMSBoxesBatched(
            sizes.tolist(), scores.tolist(), groups.tolist(), 0.0, float(self._constants["nms_iou"])
        )
        return np.sort(np.array(kept, np.intp).reshape(-1))


@lru_cache(maxsize=16)
def _grid(size: tuple[int, int], strides: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Centre [points, 2] and stride [points] of every point, in the order of the network's outputs."""
    centres, steps = [], []
    for stride in strides:
        columns, rows = ((np.arange(side // stride) + 0.5) * stride for side in size)
        grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
        centres.append(grid)
        steps.append(np.full(len(grid), stride))
    return np.concatenate(centres).astype(np.float32), np.concatenate(steps).astype(np.float32)
