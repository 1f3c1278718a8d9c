"""Whether a chest radiograph is upright and bright where it is dense, or turned, or inverted.

A network that was trained to be robust gives a turned radiograph an answer too, and the gate lets many of them through:
their textures are the same. So one template of 16 x 16 weights scores how upright a thumbnail looks, and each picture
is compared with its own three turns and their negatives: probabilities by a softmax over eight scores. What all eight
share (exposure, noise, the patient) cancels out. tools/write_orientation.py fitted the template to training
radiographs; how, and what it gets wrong, stands beside it in orientation.json.

    >>> Pose.of(np.zeros((256, 256), np.uint8)).upright_log_odds       # nothing is to be seen: one in eight
    -1.9459101490553132
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SIZE = 16  # pixels, width and height of thumbnail and template
TEMPLATE = Path(__file__).with_name("orientation.json")


@dataclass(frozen=True)
class Pose:
    """How a radiograph seems to lie.

    Attributes:
        turned: likeliest turn, counterclockwise: 0, 90, 180 or 270 degrees.
        inverted: black and white are likelier exchanged than not.
        upright_log_odds: of being neither turned nor inverted, against the seven other ways.
    """

    turned: int
    inverted: bool
    upright_log_odds: float

    @classmethod
    def of(cls, grey: NDArray[np.uint8]) -> Pose:
        """That of a picture [H, W]."""
        scores = pose_scores(thumbnail(grey)[None], template())
        likeliest = int(scores[0].argmax())
        return cls(90 * (likeliest % 4), likeliest >= 4, float(upright_log_odds(scores)[0]))


@cache
def template() -> Floats:
    """The fitted weights [SIZE, SIZE]."""
    return np.array(json.loads(TEMPLATE.read_text(encoding="utf-8"))["template"], np.float64)


def thumbnail(grey: NDArray[np.uint8]) -> Floats:
    """A picture [H, W] at [SIZE, SIZE], of mean 0 and standard deviation 1; zeros for a constant one."""
    small = cv2.resize(grey, (SIZE, SIZE), interpolation=cv2.INTER_AREA).astype(np.float64)
    return np.asarray((small - small.mean()) / max(float(small.std()), 1e-3))


def turned_back(thumbnails: Floats) -> Floats:
    """Thumbnails [N, H, W] as they would be if they had been turned by 0, 90, 180, 270 degrees: [N, 4, H, W]."""
    return np.stack([np.rot90(thumbnails, -turn, (1, 2)) for turn in range(4)], axis=1)


def pose_scores(thumbnails: Floats, weights: Floats) -> Floats:
    """Scores [N, 8] of thumbnails [N, SIZE, SIZE]: the four turns, and the four of the negative."""
    scores = (turned_back(thumbnails) * weights).sum((2, 3))
    return np.concatenate([scores, -scores], axis=1)


def upright_log_odds(scores: Floats) -> Floats:
    """Log-odds [N] of the first of the eight scores [N, 8] against all others."""
    return np.asarray(scores[:, 0] - np.logaddexp.reduce(scores[:, 1:], axis=1))
