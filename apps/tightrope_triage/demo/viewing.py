"""A radiograph to look at: as its object wants to be shown, or through a window that the person sets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tightrope_triage.dicom import DecodedOnce, display_pixels, model_pixels, read_dataset
from tightrope_triage.dicom.luts import Window
from tightrope_triage.outputs.overlay import LONG_SIDE, render
from tightrope_triage.reading import Reading

Picture = NDArray[np.uint8]

_SAMPLED = 61  # every so many pixels


@dataclass(frozen=True, eq=False)
class Viewed:
    """One frame, shrunk to what is shown.

    Attributes:
        values: float32 [h, w], the modality's values, bright is dense.
        displayed: uint8 [h, w], through the object's own window or table.
        window: the window nearest to that.
    """

    reading: Reading
    values: NDArray[np.float32]
    displayed: Picture
    window: Window

    @classmethod
    def of(cls, path: Path, reading: Reading) -> Viewed:
        """Raises DicomError if the pixels cannot be read."""
        dataset, frame = read_dataset(path), reading.header.frame
        once = DecodedOnce(LONG_SIDE)
        displayed = _shrunk(display_pixels(dataset, frame, decode=once))
        # Of JPEG 2000 the second decoding goes no further than needed; all else is decoded once.
        size = displayed.shape[1], displayed.shape[0]
        values = cv2.resize(model_pixels(dataset, frame, LONG_SIDE, once), size, interpolation=cv2.INTER_AREA)
        return cls(reading, values, displayed, _nearest_window(values, displayed))

    @property
    def limits(self) -> tuple[float, float]:
        """The darkest and the brightest value."""
        return float(self.values.min()), float(self.values.max())

    def picture(self, heat: bool, window: Window | None = None) -> Picture:
        """RGB uint8 [H, W, 3], as the Secondary Capture has it; `window` in place of the object's own."""
        shown = self.displayed if window is None else np.asarray(np.rint(window(self.values) * 255), np.uint8)
        return render(shown, self.reading if heat else replace(self.reading, heat=None))


def _shrunk(pixels: NDArray[Any]) -> NDArray[Any]:
    scale = LONG_SIDE / max(pixels.shape)
    if scale >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _nearest_window(values: NDArray[np.float32], displayed: Picture) -> Window:
    """The linear window that comes nearest to how a frame is displayed: least squares over some of its middle greys."""
    low, high = float(values.min()), float(values.max())
    whole = Window((low + high) / 2, max(high - low, 1.0), "LINEAR_EXACT")
    middle = np.flatnonzero((displayed > 8) & (displayed < 247))[::_SAMPLED]
    x, y = values.ravel()[middle].astype(np.float64), displayed.ravel()[middle] / 255
    spread = float(np.square(x - x.mean()).sum()) if len(x) > 1 else 0.0
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / spread if spread > 0 else 0.0
    if slope <= 0:
        return whole
    return Window(float(x.mean() + (0.5 - y.mean()) / slope), 1 / slope, "LINEAR_EXACT")
