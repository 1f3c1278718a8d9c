"""One moment through the detector and the fusion: stateless, so that a run may be abandoned at any point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tightrope.artifact import Artifact
from tightrope.runtime import Answer, Pipeline
from tightrope_road.calibration import check_picture
from tightrope_road.detections import Detections
from tightrope_road.detector import Detector
from tightrope_road.drive.moment import Moment
from tightrope_road.fusion import Observation, fuse
from tightrope_road.fusion.fuse import by_camera
from tightrope_road.preprocess import Letterbox

Perception = tuple[Observation, ...]
Perceive = Callable[[Moment], Answer[Perception]]

LEAST_SCORE = 0.2
"""Boxes that are less sure than what begins a track still carry one on (ByteTrack's second stage). Below this they are
so many that finding their points takes longer than detecting them, and tracks gain next to nothing."""


@dataclass(frozen=True)
class _Context:
    letterbox: Letterbox
    moment: Moment


def perceiver(artifact: Artifact, threads: int) -> Perceive:
    """The pipeline of an artifact on moments: its postprocessing includes the fusion."""
    inner = Detector(artifact, threads, LEAST_SCORE).pipeline

    def preprocess(moment: Moment) -> tuple[Any, _Context]:
        array, letterbox = inner.preprocess(moment.shot.picture)
        return array, _Context(letterbox, moment)

    def postprocess(outputs: Sequence[Any], context: _Context) -> Perception:
        return combine(inner.postprocess(outputs, context.letterbox), context.moment)

    return Pipeline(preprocess, inner.session, postprocess)


def combine(detections: Detections, moment: Moment) -> Perception:
    """What is seen: by both sensors, or by the one that sees."""
    seen = nothing(detections.size) if moment.no_camera else detections
    if moment.camera is None:
        return by_camera(seen)
    check_picture(moment.camera, detections.size, "the calibration")
    return fuse(seen, moment.points, moment.camera)


def nothing(size: tuple[int, int]) -> Detections:
    """No detections in a picture of that size."""
    return Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64), size)
