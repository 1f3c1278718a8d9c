"""A picture made ready for a graph, as an artifact's constants say: size, colour, layout, mean and std.

>>> ready = PictureInput(width=224, height=224, mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375))
>>> ready(np.zeros((480, 640, 3), np.uint8)).shape
(1, 3, 224, 224)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from tightrope.runtime.session import Array

Colour = Literal["RGB", "BGR", "GRAY"]
Layout = Literal["NCHW", "NHWC"]
Resize = Literal["letterbox", "stretch", "crop"]
KIND = "picture"
_PAD = 114  # grey level around a letterboxed picture


@dataclass(frozen=True)
class PictureInput:
    """How a picture becomes the input of a graph.

    Attributes:
        width, height: of the graph's input, pixels.
        colour: order of the channels; GRAY: one channel.
        layout: where the channels stand.
        dtype: of the input. Whole numbers get the pixels as they are, without mean and std.
        mean, std: for each channel in that order, in pixel values (0 to 255).
        resize: letterbox keeps all of the picture and its shape; stretch keeps all of it; crop keeps its shape and the
            middle of it.
        source: width and height of a usual picture before that: what is timed.
    """

    width: int
    height: int
    colour: Colour = "RGB"
    layout: Layout = "NCHW"
    dtype: str = "float32"
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    resize: Resize = "stretch"
    source: tuple[int, int] = (640, 480)

    @classmethod
    def of(cls, constants: Mapping[str, Any]) -> PictureInput:
        """From an artifact's `preprocess`, as `to_dict` wrote it."""
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in constants.items()
            if key != "takes"
        }
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        return {"takes": KIND, **asdict(self)}

    def __call__(self, picture: Array) -> Array:
        """A BGR picture, uint8 [h, w, 3], to [1, channels, height, width], or [1, height, width, channels]."""
        import cv2

        resized = self._resized(picture)
        if self.colour != "BGR":
            wanted = cv2.COLOR_BGR2RGB if self.colour == "RGB" else cv2.COLOR_BGR2GRAY
            resized = cv2.cvtColor(resized, wanted).reshape(self.height, self.width, -1)
        array: Array = resized
        if np.dtype(self.dtype).kind == "f":
            array = (resized - np.asarray(self.mean, np.float32)) / np.asarray(self.std, np.float32)
        if self.layout == "NCHW":
            array = array.transpose(2, 0, 1)
        return np.ascontiguousarray(array[None], dtype=self.dtype)

    def _resized(self, picture: Array) -> Array:
        """uint8 [height, width, 3]."""
        height, width = picture.shape[:2]
        if self.resize == "stretch":
            return _scaled(picture, self.width, self.height)
        choose = min if self.resize == "letterbox" else max
        scale = choose(self.width / width, self.height / height)
        scaled = _scaled(picture, max(1, round(width * scale)), max(1, round(height * scale)))
        return self._cropped(scaled) if self.resize == "crop" else self._padded(scaled)

    def _cropped(self, picture: Array) -> Array:
        left, top = (picture.shape[1] - self.width) // 2, (picture.shape[0] - self.height) // 2
        return picture[top : top + self.height, left : left + self.width]

    def _padded(self, picture: Array) -> Array:
        height, width = picture.shape[:2]
        left, top = (self.width - width) // 2, (self.height - height) // 2
        padded = np.full((self.height, self.width, 3), _PAD, np.uint8)
        padded[top : top + height, left : left + width] = picture
        return padded


def _scaled(picture: Array, width: int, height: int) -> Array:
    import cv2

    if picture.shape[:2] == (height, width):
        return picture
    smaller = width < picture.shape[1] or height < picture.shape[0]
    scaled: Array = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return scaled
