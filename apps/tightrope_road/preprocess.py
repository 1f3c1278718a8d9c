"""Letterbox and normalization, as the artifact's constants say, and the exact way back.

A letterbox keeps the picture's shape: one scale for both axes, the rest padded. Because sizes are whole pixels the two
real scales differ a little; both are kept, so that boxes return to where they came from. Where the graph takes any size
it is padded no further than to the next multiple of the network's largest stride: a picture of 16:9 in a square then
costs five eighths of the work.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tightrope.runtime.session import TensorSpec

Picture = NDArray[np.uint8]
_SPARED = 0.03  # of a picture's size, where that spares a row of the padding's multiple


@dataclass(frozen=True)
class Letterbox:
    """Where a picture of `source` (width, height) stands inside the model's input.

    Attributes:
        source: size of the picture, pixels.
        scaled: size to which it is resized.
        left, top: padding before it, pixels of the model's input.
        target: size of the model's input.
    """

    source: tuple[int, int]
    scaled: tuple[int, int]
    left: int
    top: int
    target: tuple[int, int]

    @classmethod
    def fit(cls, source: tuple[int, int], target: tuple[int, int], multiple: int | None = None) -> Letterbox:
        """Centre a picture of size `source` (width, height) in `target` (width, height).

        Args:
            multiple: pad to a multiple of this, no further, and rather shrink the picture by a hundredth or three than
                begin another one; None: pad to the whole target. It divides both of the target's sides.
        """
        if multiple is not None:
            target = _needed(source, target, multiple)
        scale = min(target[0] / source[0], target[1] / source[1])
        width = min(target[0], max(1, round(source[0] * scale)))
        height = min(target[1], max(1, round(source[1] * scale)))
        return cls(source, (width, height), (target[0] - width) // 2, (target[1] - height) // 2, target)

    def to_model(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes [n, 4] (left, top, right, bottom) in pixels of the picture to pixels of the model's input."""
        return boxes * self._scales() + self._offsets()

    def to_source(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """The exact inverse of `to_model`, then clipped to the picture."""
        width, height = self.source
        limits = np.array([width, height, width, height], np.float32)
        return np.clip((boxes - self._offsets()) / self._scales(), 0, limits)

    def _scales(self) -> NDArray[np.float32]:
        x, y = self.scaled[0] / self.source[0], self.scaled[1] / self.source[1]
        return np.array([x, y, x, y], np.float32)

    def _offsets(self) -> NDArray[np.float32]:
        return np.array([self.left, self.top, self.left, self.top], np.float32)


def _needed(source: tuple[int, int], limits: tuple[int, int], multiple: int) -> tuple[int, int]:
    """The smallest multiples that take a picture as large as `limits` let it be, or nearly so."""
    scale = (1 - _SPARED) * min(limits[0] / source[0], limits[1] / source[1])
    width, height = (multiple * math.ceil(max(1, side * scale) / multiple) for side in source)
    return width, height


class Preprocess:
    """BGR picture uint8 [h, w, 3] to (float32 [1, 3, height, width], its Letterbox).

    height and width are the artifact's, or, with `multiple`, as much of them as the picture needs.

    Args:
        constants: the artifact's `preprocess`: width, height, mean and std (three numbers each, BGR, in 0..255), pad
            (grey level of the padding).
        multiple: as in `Letterbox.fit`.
    """

    def __init__(self, constants: Mapping[str, Any], multiple: int | None = None) -> None:
        self.size = (int(constants["width"]), int(constants["height"]))
        self._multiple = multiple
        self._pad = float(constants["pad"])
        mean, std = (np.array(constants[key], np.float32) for key in ("mean", "std"))
        self._scale = 1 / std
        self._shift = -mean / std

    def __call__(self, picture: Picture) -> tuple[NDArray[np.float32], Letterbox]:
        height, width = picture.shape[:2]
        box = Letterbox.fit((width, height), self.size, self._multiple)
        shrinking = box.scaled[0] < width
        resized = cv2.resize(picture, box.scaled, interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
        array = np.empty((1, 3, box.target[1], box.target[0]), np.float32)
        inside = np.s_[box.top : box.top + box.scaled[1], box.left : box.left + box.scaled[0]]
        for channel in range(3):
            plane = array[0, channel]
            if box.scaled != box.target:
                plane.fill(self._pad * self._scale[channel] + self._shift[channel])
            np.multiply(resized[..., channel], self._scale[channel], out=plane[inside])
            plane[inside] += self._shift[channel]
        return array, box


def takes_any_size(model: object) -> bool:
    """Whether the height and width of a graph's input are free; False of what is no graph."""
    inputs: Sequence[TensorSpec] = getattr(model, "inputs", ())
    return bool(inputs) and None in inputs[0].shape[2:]
