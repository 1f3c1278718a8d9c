"""One MP4 file, there when it is whole."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import cv2

from tightrope.errors import OutputError
from tightrope.writing import atomic_path
from tightrope_road.preprocess import Picture

_FINE_FPS = 65.0


class VideoFile:
    """Context manager that writes MPEG-4 part 2 to `target`.

    Args:
        target: its path.
        fps: frames a second.
        size: (width, height) in pixels; frames of another size are scaled to it.

    Raises:
        OutputError: it cannot be written, or frames are missing from what was: OpenCV reports no error when a disk is
            full, so the file is counted before it gets its name.
    """

    def __init__(self, target: Path, fps: float, size: tuple[int, int]) -> None:
        # MPEG-4 counts time in at most 65535 parts of a second: 239.834 frames a second are too finely divided.
        self.target, self.fps, self.size = target, fps if fps < _FINE_FPS else round(fps, 2), size
        self.count = 0

    def __enter__(self) -> VideoFile:
        with ExitStack() as stack:
            self._temporary = stack.enter_context(atomic_path(self.target))
            codec = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._temporary), cv2.CAP_FFMPEG, codec, self.fps, self.size)
            if not self._writer.isOpened():
                raise OutputError(f"cannot write {self.target}: OpenCV opens no MP4 of {self.size[0]} x {self.size[1]}")
            stack.push(self._complete)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._stack.__exit__(kind, error, trace)

    def write(self, picture: Picture, times: int = 1) -> None:
        """Append a BGR picture, uint8 [h, w, 3], `times` times."""
        if (picture.shape[1], picture.shape[0]) != self.size:
            picture = cv2.resize(picture, self.size, interpolation=cv2.INTER_AREA)
        for _ in range(times):
            self._writer.write(picture)
        self.count += times

    def _complete(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.release()
        if kind is not None:
            return
        capture = cv2.VideoCapture(str(self._temporary), cv2.CAP_FFMPEG)
        arrived = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
        capture.release()
        if arrived < self.count:
            raise OutputError(
                f"cannot write {self.target}: {arrived} of {self.count} frames arrived; is the disk full?"
            )
