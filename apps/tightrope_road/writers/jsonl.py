"""JSON lines: detections.jsonl, one object a frame."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from tightrope.runtime import Answer, Emit
from tightrope_road.detections import Detections
from tightrope_road.frames import Frame
from tightrope_road.writers.streamed import StreamedFile
from tightrope_road.writers.writer import Writer


class JsonLinesWriter(Writer):
    """Writes `record` of every frame to detections.jsonl."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    @cached_property
    def _file(self) -> StreamedFile:
        return self.enter_context(StreamedFile(self._folder / "detections.jsonl"))

    def write(self, frame: Frame, answer: Answer[Detections]) -> None:
        self._file.write(json.dumps(record(frame, answer)) + "\n")


def record(frame: Frame, answer: Answer[Detections]) -> dict[str, Any]:
    """A frame and its answer as plain values: source, name, frame, seconds, width, height, detections, times (ms).

    Of a live frame also the rung that answered it, the answer's age (ms), whether it met its deadline, and the state.
    """
    times = {stage: round(value, 3) for stage, value in answer.times.to_dict().items()}
    place = {"source": frame.source, "name": frame.name, "frame": frame.index, "seconds": round(frame.seconds, 4)}
    return {**place, **answer.result.to_dict(), "times": times, **_live(answer)}


def _live(answer: Answer[Detections]) -> dict[str, Any]:
    if not isinstance(answer, Emit):
        return {}
    age = round(answer.age_s * 1e3, 3)
    return {"rung": answer.rung, "age_ms": age, "met": answer.met, "state": answer.state.value}
