"""Pictures with the boxes drawn on: <name>.jpg of a picture, <name>.mp4 of a video, camera or stream."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import cv2

from tightrope.errors import OutputError
from tightrope.runtime.pipeline import Answer
from tightrope.writing import write_bytes
from tightrope_road.detections import Detections
from tightrope_road.frames import Frame
from tightrope_road.preprocess import Picture
from tightrope_road.writers.video import VideoFile
from tightrope_road.writers.writer import Writer

_JPEG_QUALITY = 92


class AnnotatedWriter(Writer):
    """Writes a JPEG a picture, and an MP4 a source that has frames."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._recording: _Recording | None = None

    def write(self, frame: Frame, answer: Answer[Detections]) -> None:
        drawn = answer.result.draw(frame.picture)
        if frame.fps is None:
            encoded = cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
            write_bytes(_not_the_source(self._folder / f"{frame.stem}.jpg", frame), encoded.tobytes())
            return
        if self._recording is None or self._recording.stem != frame.stem:
            self._recording = None
            self.close()  # completes the video of the source before
            self._recording = _Recording(self._folder, frame, frame.fps)
            self.enter_context(self._recording)
        self._recording.write(frame, drawn)


class _Recording(ExitStack):
    """The annotated video of one source."""

    def __init__(self, folder: Path, first: Frame, fps: float) -> None:
        super().__init__()
        self.stem = first.stem
        self._start = first.seconds
        target = _not_the_source(folder / f"{first.stem}.mp4", first)
        height, width = first.picture.shape[:2]
        self._video = self.enter_context(VideoFile(target, fps, (width, height)))
        self._last: Picture = first.picture

    def write(self, frame: Frame, drawn: Picture) -> None:
        if frame.live:
            # A live source drops frames; repeating the one before keeps the recording at the pace of the world.
            due = round((frame.seconds - self._start) * self._video.fps)
            self._video.write(self._last, max(0, due - self._video.count))
        self._video.write(drawn)
        self._last = drawn


def _not_the_source(target: Path, frame: Frame) -> Path:
    """`target`, unless it is the file that is being read. Raises OutputError then."""
    if target.exists() and Path(frame.source).exists() and target.samefile(frame.source):
        raise OutputError(f"{target} would replace the file that it was made from; choose another --out")
    return target
