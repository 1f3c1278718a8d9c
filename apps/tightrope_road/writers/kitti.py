"""KITTI labels: kitti/<name>.txt, a line an object, 16 columns; what a camera cannot know has KITTI's 'unknown'."""

from __future__ import annotations

from pathlib import Path

from tightrope.runtime.pipeline import Answer
from tightrope.writing import write_text
from tightrope_road.annotations.kitti import kitti_type
from tightrope_road.detections import Detections
from tightrope_road.frames import Frame
from tightrope_road.writers.writer import Writer


class KittiWriter(Writer):
    """Writes one file a frame; an empty one where nothing was found."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder / "kitti"

    def write(self, frame: Frame, answer: Answer[Detections]) -> None:
        write_text(self._folder / f"{frame.name}.txt", kitti_lines(answer.result))


def kitti_lines(found: Detections) -> str:
    """Type, -1 (truncated), -1 (occluded), -10 (alpha), the box in pixels, seven unknowns in 3D, score."""
    lines = []
    for (left, top, right, bottom), score, index in zip(found.boxes, found.scores, found.classes, strict=True):
        box = f"{left:.2f} {top:.2f} {right:.2f} {bottom:.2f}"
        kind = kitti_type(found.names[int(index)])
        lines.append(f"{kind} -1 -1 -10 {box} -1 -1 -1 -1000 -1000 -1000 -10 {score:.4f}\n")
    return "".join(lines)
