"""The detector at work on the bundled drive: what `tightrope tour` shows and `tightrope measure` times."""

from __future__ import annotations

from pathlib import Path

import cv2

from tightrope.app import Workload
from tightrope.artifact import Artifact
from tightrope.errors import BadInputError
from tightrope_road.detector import Detector

SAMPLE = Path(__file__).parent / "sample" / "drive" / "image_02"
_STEP = 6  # every sixth of the drive's frames: different pictures, and a start that stays quick


def open_workload(artifact: Artifact, threads: int) -> Workload:
    """The artifact's detector with frames of the bundled drive, decoded already.

    Raises:
        BadInputError: the bundled drive is missing from this installation.
    """
    files = sorted(SAMPLE.glob("*.jpg"))[::_STEP]
    if not files:
        raise BadInputError(f"the bundled drive is missing: no pictures in {SAMPLE}; reinstall tightrope")
    pictures = [cv2.imread(str(file)) for file in files]
    return Workload(Detector(artifact, threads).pipeline, pictures, str)
