"""Lenses that bend straight lines: pictures are straightened by their calibration before anything looks at them."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from tightrope.errors import BadInputError
from tightrope_road.logs.mcap.reading import Field, Message
from tightrope_road.preprocess import Picture

_MODELS = ("", "plumb_bob", "rational_polynomial")
_FISHEYES = ("equidistant", "kannala_brandt")
_COEFFICIENTS = (4, 5, 8, 12, 14)


@dataclass
class Lens:
    """OpenCV's models of distortion; `straight` is cached for pictures of one size.

    Attributes:
        camera: float64 [3, 3], K.
        bends: float64 [n], D.
        turn: float64 [3, 3], R.
        target: float64 [3, 3], of the straight picture: the left part of P.
        fisheye: which of the two models.
    """

    camera: NDArray[np.float64]
    bends: NDArray[np.float64]
    turn: NDArray[np.float64]
    target: NDArray[np.float64]
    fisheye: bool
    _maps: dict[tuple[int, int], tuple[NDArray[np.float32], NDArray[np.float32]]] = field(default_factory=dict)

    def straight(self, picture: Picture) -> Picture:
        """The picture as a pinhole camera would have taken it; what lies outside of it is black."""
        size = picture.shape[1], picture.shape[0]
        if size not in self._maps:
            make = cv2.fisheye.initUndistortRectifyMap if self.fisheye else cv2.initUndistortRectifyMap
            self._maps[size] = make(self.camera, self.bends, self.turn, self.target, size, cv2.CV_32FC1)
        return np.asarray(cv2.remap(picture, *self._maps[size], cv2.INTER_LINEAR), np.uint8)


def lens_of(calibration: Message, projection: NDArray[np.float64], name: str) -> Lens | None:
    """The lens of a calibration message; None where it does not bend. Raises BadInputError for a model not known."""
    try:
        bends = np.array(list(Field.first(calibration.fields, ("D",), ("d",))), np.float64)
        camera = np.array(list(Field.first(calibration.fields, ("K",), ("k",))), np.float64).reshape(3, 3)
        turn = np.array(list(Field.first(calibration.fields, ("R",), ("r",))), np.float64)
        model = str(Field.of(calibration.fields, "distortion_model"))
    except (KeyError, ValueError, TypeError) as error:
        raise BadInputError(f"{name}: the calibration is malformed: {error!r}") from error
    if not bends.any():
        return None
    counts = (4,) if model in _FISHEYES else _COEFFICIENTS
    if model not in (*_MODELS, *_FISHEYES) or len(bends) not in counts or not np.isfinite(bends).all():
        raise BadInputError(f"{name}: the lens is described by {model!r} with {len(bends)} numbers, which is not known")
    rectified = turn.reshape(3, 3) if turn.size == 9 and turn.any() else np.eye(3)
    return Lens(camera, bends, rectified, projection[:, :3].copy(), model in _FISHEYES)
