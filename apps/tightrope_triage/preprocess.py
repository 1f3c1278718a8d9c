"""From the pixels of one radiograph to what the network takes. numpy and OpenCV only: training and runtime share it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

INPUT_SIZE = 256  # pixels, width and height; training crops are smaller and zoomed in, see train.TRAIN_SIZE
PIXEL_MEAN, PIXEL_STD = 0.498, 0.502  # of pixels in 0..1; the values that the ImageNet weights were trained with
WINDOW_PERCENTILES = (0.5, 99.5)
# Of the shorter side: JPEG 2000 is decoded no further. benchmarks/triage_file/reduced.py measures what that changes.
ENOUGH_PIXELS = 2 * INPUT_SIZE


def to_grey8(pixels: NDArray[np.generic], size: int = INPUT_SIZE) -> NDArray[np.uint8]:
    """Shrink a radiograph [H, W] to uint8 [size, size] and stretch its grey values over 0..255.

    `pixels` are linear in what the detector's values mean (modality rescale done, bright is dense: MONOCHROME2),
    of any real dtype. The window runs between two percentiles, so that exposure and bit depth do not matter. The
    aspect ratio is not kept, because both training sets were made so. A constant picture becomes zeros.
    """
    shrink = cv2.INTER_AREA if min(pixels.shape) >= size else cv2.INTER_LINEAR
    small = cv2.resize(np.asarray(pixels, np.float32), (size, size), interpolation=shrink)
    low, high = np.percentile(small, WINDOW_PERCENTILES)
    scaled = (small - low) * (255.0 / max(float(high - low), 1e-6))
    return np.asarray(np.clip(np.rint(scaled), 0, 255), np.uint8)


def to_tensor(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 [..., H, W] -> float32 [..., 1, H, W] normalized by PIXEL_MEAN and PIXEL_STD."""
    scaled = grey.astype(np.float32) * np.float32(1 / 255)
    return ((scaled - np.float32(PIXEL_MEAN)) / np.float32(PIXEL_STD))[..., None, :, :]


def preprocess(pixels: NDArray[np.generic]) -> NDArray[np.float32]:
    """One radiograph [H, W] -> the network's input, float32 [1, 1, 256, 256]."""
    return to_tensor(to_grey8(pixels)[None])
