"""How alike two detectors' answers are, where the graph has selected its boxes: matched as detections are scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tightrope.runtime.session import Array

LEAST_SCORE = 0.3
LEAST_OVERLAP = 0.5


@dataclass(frozen=True)
class BoxOutputs:
    """Which outputs are the boxes [.., n, 4] (left, top, right, bottom), their scores [.., n], and classes [.., n]."""

    boxes: int
    scores: int
    classes: int | None

    @classmethod
    def find(cls, answer: Sequence[Array]) -> BoxOutputs | None:
        """Told by the shapes of one answer; None: it has no such outputs, or several that might be."""
        boxes = [k for k, array in enumerate(answer) if array.ndim in (2, 3) and array.shape[-1] == 4 and _float(array)]
        if len(boxes) != 1:
            return None
        beside = [k for k, array in enumerate(answer) if array.shape == answer[boxes[0]].shape[:-1]]
        scores = [k for k in beside if _float(answer[k])]
        classes = [k for k in beside if answer[k].dtype.kind in "iu"]
        if len(scores) != 1 or len(classes) > 1:
            return None
        return cls(boxes[0], scores[0], classes[0] if classes else None)

    def agreement(self, expected: Sequence[Array], actual: Sequence[Array]) -> float:
        """Twice the matched boxes over all boxes, of those that score 0.3 at the least; 1 where both found none.

        A box matches one of the same class that it overlaps by half (intersection over union), each once, the surest
        first.
        """
        (ours, our_classes), (theirs, their_classes) = (self._sure(answer) for answer in (actual, expected))
        if not len(ours) and not len(theirs):
            return 1.0
        overlap = _overlap(ours, theirs) * (our_classes[:, None] == their_classes[None, :])
        matched, free = 0, np.ones(len(theirs), bool)
        for row in overlap:
            chances = np.where(free, row, 0)
            if len(chances) and chances.max() >= LEAST_OVERLAP:
                free[int(chances.argmax())] = False
                matched += 1
        return 2 * matched / (len(ours) + len(theirs))

    def _sure(self, answer: Sequence[Array]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Boxes [n, 4] and classes [n], the surest first."""
        scores = answer[self.scores].ravel()
        classes = np.zeros(len(scores), np.int64) if self.classes is None else answer[self.classes].ravel()
        chosen = [k for k in np.argsort(-scores, kind="stable") if scores[k] >= LEAST_SCORE]
        return answer[self.boxes].reshape(-1, 4)[chosen].astype(np.float64), classes[chosen].astype(np.int64)


def _overlap(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union, [n, m]."""
    low = np.maximum(ours[:, None, :2], theirs[None, :, :2])
    high = np.minimum(ours[:, None, 2:], theirs[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1) for boxes in (ours, theirs)]
    union = areas[0][:, None] + areas[1][None, :] - shared
    return np.asarray(shared / np.maximum(union, 1e-12))


def _float(array: Array) -> bool:
    return array.dtype.kind == "f"
