"""COCO results: detections.coco.json, a list as cocodataset.org, 'Results format', describes it.

`image_id` is the picture's name where that is a number, as in COCO ('000000000139.jpg' is 139), else the position in
the run, from 1; `file_name` beside it says which. `category_id` is COCO's own, from 1 to 90.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path

import numpy as np

from tightrope.runtime.pipeline import Answer
from tightrope_road.annotations.coco import CATEGORY_IDS
from tightrope_road.detections import Detections
from tightrope_road.frames import Frame
from tightrope_road.writers.streamed import StreamedFile
from tightrope_road.writers.writer import Writer


class CocoWriter(Writer):
    """Writes one JSON list, entry by entry, so that a long run takes no more memory than a short one."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._separator = "\n"
        self._frames = 0

    @cached_property
    def _file(self) -> StreamedFile:
        file = self.enter_context(StreamedFile(self._folder / "detections.coco.json"))
        file.write("[")
        # Runs before the file is closed, because it is registered later.
        self.push(lambda kind, *_: file.write("\n]\n") if kind is None else None)
        return file

    def write(self, frame: Frame, answer: Answer[Detections]) -> None:
        self._frames += 1
        file = self._file
        image = int(frame.name) if frame.name.isascii() and frame.name.isdigit() else self._frames
        found = answer.result
        sizes = np.concatenate((found.boxes[:, :2], found.boxes[:, 2:] - found.boxes[:, :2]), axis=1)
        for box, score, index in zip(sizes.astype(float), found.scores, found.classes, strict=True):
            entry = {
                "image_id": image,
                "file_name": Path(frame.source).name,
                "category_id": CATEGORY_IDS[int(index)],
                "bbox": np.round(box, 2).tolist(),
                "score": round(float(score), 5),
            }
            file.write(self._separator + json.dumps(entry))
            self._separator = ",\n"
