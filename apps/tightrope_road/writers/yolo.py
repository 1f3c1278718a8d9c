"""YOLO txt: yolo/<name>.txt, a line an object: COCO-80 index, centre x, centre y, width, height as shares, score."""

from __future__ import annotations

from pathlib import Path

from tightrope.runtime.pipeline import Answer
from tightrope.writing import write_text
from tightrope_road.detections import Detections
from tightrope_road.frames import Frame
from tightrope_road.writers.writer import Writer


class YoloWriter(Writer):
    """Writes one file a frame; an empty one where nothing was found."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder / "yolo"

    def write(self, frame: Frame, answer: Answer[Detections]) -> None:
        write_text(self._folder / f"{frame.name}.txt", yolo_lines(answer.result))


def yolo_lines(found: Detections) -> str:
    """Centre and extent of every box as shares of the picture's width and height, then the score."""
    width, height = found.size
    lines = []
    for box, score, index in zip(found.boxes.astype(float), found.scores, found.classes, strict=True):
        left, top, right, bottom = box / (width, height, width, height)
        values = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
        lines.append(f"{index} {' '.join(f'{value:.6f}' for value in values)} {score:.4f}\n")
    return "".join(lines)
