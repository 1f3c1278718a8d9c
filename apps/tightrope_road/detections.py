"""What the road app sees in one picture: a value, with `to_dict()`, `to_json()` and `draw()`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope_road.labels import COCO


@dataclass(frozen=True)
class Detections:
    """Boxes of one picture, best first.

    Attributes:
        boxes: float32 [n, 4], left, top, right, bottom in pixels of the original picture, clipped to it.
        scores: float32 [n], 0 to 1, descending.
        classes: int64 [n], indices into `names`.
        size: (width, height) of the original picture in pixels.
        names: class names by index; COCO's 80.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]
    size: tuple[int, int]
    names: tuple[str, ...] = COCO

    def __len__(self) -> int:
        return len(self.scores)

    def __str__(self) -> str:
        """A line such as '3 cars, 1 person', or 'nothing found'."""
        indices, counts = np.unique(self.classes, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        parts = [_count(int(counts[k]), self.names[int(indices[k])]) for k in order]
        return ", ".join(parts) or "nothing found"

    def to_dict(self) -> dict[str, Any]:
        width, height = self.size
        return {
            "width": width,
            "height": height,
            "detections": [
                {
                    "class": self.names[c],
                    "class_id": int(c),
                    "score": round(float(s), 4),
                    "box": np.round(b, 2).tolist(),
                }
                for b, s, c in zip(self.boxes.astype(float), self.scores, self.classes, strict=True)
            ],
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def draw(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A copy of the BGR picture uint8 [h, w, 3] with boxes, class names and scores on it."""
        from tightrope_road.drawing import draw_boxes

        return draw_boxes(picture, self)


def _count(number: int, name: str) -> str:
    plural = {"person": "people", "bus": "buses"}.get(name, f"{name}s")
    return f"{number} {name if number == 1 else plural}"
