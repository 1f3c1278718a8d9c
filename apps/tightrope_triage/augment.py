"""Random changes to training radiographs, so that the model cannot live on shortcuts.

What gives a hospital, a view or a sick patient away without showing a lung: black borders and collimation, side markers
and burnt-in text, the crop, the exposure, and the compression. Each is varied or faked here, on uint8 [H, W] -> uint8
[H, W], with all randomness from the generator that is passed in.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
TEXTS = ("R", "L", "PORTABLE", "AP", "PA", "ERECT", "SUPINE", "SEMI-ERECT", "AP PORTABLE", "12:40", "WARD 3")


def augment(grey: Grey, size: int, rng: np.random.Generator) -> Grey:
    """One random view of a radiograph at size x size. About 1 ms."""
    view = warp(grey, size, rng)
    view = expose(view, rng)
    if rng.random() < 0.3:
        view = collimate(view, rng)
    if rng.random() < 0.4:
        view = mark(view, rng)
    if rng.random() < 0.3:
        view = erase(view, rng)
    if rng.random() < 0.3:
        view = degrade(view, rng)
    return view


def warp(grey: Grey, size: int, rng: np.random.Generator) -> Grey:
    """Mirror, rotate by up to 10 degrees, zoom, stretch and shift, in one resampling."""
    height, width = grey.shape
    zoom = np.exp(rng.uniform(np.log(0.95), np.log(1.38)))
    stretch = np.exp(rng.uniform(-0.1, 0.1))
    angle = np.deg2rad(rng.uniform(-10, 10))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    shift = rng.uniform(-0.06, 0.06, 2) * size
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = rotation @ np.diag([mirror * zoom * stretch * size / width, zoom / stretch * size / height])
    offset = np.array([size / 2, size / 2]) + shift - matrix @ np.array([width / 2, height / 2])
    border = cv2.BORDER_CONSTANT if rng.random() < 0.6 else cv2.BORDER_REFLECT_101
    turned = cv2.warpAffine(
        grey, np.column_stack([matrix, offset]), (size, size), flags=cv2.INTER_LINEAR, borderMode=border
    )
    return np.asarray(turned, np.uint8)


def expose(grey: Grey, rng: np.random.Generator) -> Grey:
    """Gamma, contrast and brightness, as another detector or window would give."""
    gamma = np.exp(rng.uniform(-0.35, 0.35))
    contrast, brightness = rng.uniform(0.8, 1.2), rng.uniform(-0.08, 0.08)
    levels = (np.linspace(0, 1, 256) ** gamma - 0.5) * contrast + 0.5 + brightness
    table = np.clip(np.rint(levels * 255), 0, 255).astype(np.uint8)
    return np.asarray(table[grey], np.uint8)


def collimate(grey: Grey, rng: np.random.Generator) -> Grey:
    """Set a strip of up to 8% along one to three edges to black, or to one grey."""
    out = grey.copy()
    value = 0 if rng.random() < 0.7 else int(rng.integers(0, 256))
    for edge in rng.choice(4, size=int(rng.integers(1, 4)), replace=False):
        depth = int(rng.integers(1, max(2, len(grey) * 8 // 100)))
        np.rot90(out, int(edge))[:depth] = value
    return out


def mark(grey: Grey, rng: np.random.Generator) -> Grey:
    """Burn in a side marker or a line of text in the outer fifth, white or dark."""
    size = len(grey)
    out = np.ascontiguousarray(grey)
    for _ in range(int(rng.integers(1, 3))):
        text = str(rng.choice(TEXTS))
        across, along = rng.uniform(0.02, 0.2), rng.uniform(0.02, 0.9)
        x, y = (along, across) if rng.random() < 0.5 else (across if rng.random() < 0.5 else 0.98 - across, along)
        scale = rng.uniform(0.2, 0.7) * size / 224
        tone = int(rng.integers(200, 256)) if rng.random() < 0.8 else int(rng.integers(0, 60))
        place = (int(x * size), int((y + 0.05) * size))
        cv2.putText(out, text, place, int(rng.integers(0, 4)), scale, tone, int(rng.integers(1, 3)), cv2.LINE_AA)
    return out


def erase(grey: Grey, rng: np.random.Generator) -> Grey:
    """Fill one rectangle of 2..10% of the picture with one grey, so that no single place decides."""
    size = len(grey)
    area, ratio = rng.uniform(0.02, 0.1), np.exp(rng.uniform(-0.7, 0.7))
    height, width = int(size * np.sqrt(area * ratio)), int(size * np.sqrt(area / ratio))
    top, left = int(rng.integers(0, size - height)), int(rng.integers(0, size - width))
    out = grey.copy()
    out[top : top + height, left : left + width] = int(rng.integers(0, 256))
    return out


def degrade(grey: Grey, rng: np.random.Generator) -> Grey:
    """Blur, noise, a JPEG round trip, or a loss of resolution."""
    kind = int(rng.integers(0, 4))
    if kind == 0:
        out = cv2.GaussianBlur(grey, (0, 0), rng.uniform(0.4, 1.2))
    elif kind == 1:
        noisy = grey + rng.normal(0, rng.uniform(2, 8), grey.shape)
        out = np.clip(np.rint(noisy), 0, 255)
    elif kind == 2:
        _, encoded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 95))])
        out = cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)
    else:
        factor = rng.uniform(0.6, 0.95)
        small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        out = cv2.resize(small, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(out).astype(np.uint8, copy=False)
