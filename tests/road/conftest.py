"""Pictures, detections and answers made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest
from hypothesis import settings

from tightrope.runtime import Answer, StageTimes
from tightrope_road.detections import Detections
from tightrope_road.frames import Frame
from tightrope_road.preprocess import Picture

# A busy machine is no error.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

Rows = Sequence[tuple[int, float, tuple[float, float, float, float]]]


def make_picture(width: int = 64, height: int = 48, seed: int = 0) -> Picture:
    """Smooth colours, so that a lossy format changes little."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 5), np.uint8)


def make_detections(rows: Rows, size: tuple[int, int] = (64, 48)) -> Detections:
    """From rows of (class, score, box), best first."""
    ordered = sorted(rows, key=lambda row: -row[1])
    return Detections(
        np.array([row[2] for row in ordered], np.float32).reshape(-1, 4),
        np.array([row[1] for row in ordered], np.float32),
        np.array([row[0] for row in ordered], np.int64),
        size,
    )


def make_answer(rows: Rows = (), size: tuple[int, int] = (64, 48)) -> Answer[Detections]:
    return Answer(make_detections(rows, size), StageTimes(1.0, 20.0, 2.0))


def make_frame(index: int = 0, stem: str = "drive", fps: float | None = None, live: bool = False) -> Frame:
    seconds = index / fps if fps else 0.0
    return Frame(f"{stem}.jpg", stem, index, seconds, make_picture(seed=index), fps, live)


@pytest.fixture
def encoded() -> Callable[[str], bytes]:
    """A picture's file in the format of a suffix."""
    return lambda suffix: bytes(cv2.imencode(suffix, make_picture())[1])
