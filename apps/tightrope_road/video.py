"""Video files, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2

from tightrope.errors import BadInputError
from tightrope_road.frames import Frame
from tightrope_road.pictures import check_size
from tightrope_road.preprocess import Picture

SUFFIXES = frozenset((".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".mts", ".wmv", ".gif"))
# Files that hold the number of their frames; of others OpenCV guesses it from a duration, which sound may prolong.
_COUNTED = frozenset((".mp4", ".m4v", ".mov", ".avi"))
_USUAL_FPS = 30.0


class VideoFile:
    """One video file; the frames of a truncated one until it breaks off, then BadInputError."""

    live = False

    def __init__(self, path: Path, stem: str) -> None:
        self.name = str(path)
        self._path, self._stem = path, stem

    def __iter__(self) -> Iterator[Frame]:
        capture = self._open()
        count = 0
        try:
            fps = _fps(capture)
            declared = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if self._path.suffix.lower() in _COUNTED else 0
            while (picture := read_next(capture)) is not None:
                seconds = capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
                yield Frame(self.name, self._stem, count, seconds, picture, fps)
                count += 1
        finally:
            capture.release()
        if count == 0:
            raise BadInputError(f"{self.name} has no frame that can be decoded; perhaps it is truncated")
        if count < declared:
            raise BadInputError(f"{self.name} ends early: {count} of {declared} frames could be decoded")

    def fps(self) -> float:
        """Frames a second, as the file says; the usual number where it cannot be opened, which iterating tells of."""
        try:
            capture = self._open()
        except BadInputError:
            return _USUAL_FPS
        try:
            return _fps(capture)
        finally:
            capture.release()

    def _open(self) -> cv2.VideoCapture:
        if not self._path.is_file():
            raise BadInputError(f"{self.name} is not a file")
        if self._path.stat().st_size == 0:
            raise BadInputError(f"{self.name} is empty")
        # FFmpeg by name: left to choose, OpenCV would also look for numbered pictures beside the file.
        capture = cv2.VideoCapture(str(self._path.absolute()), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise BadInputError(f"{self.name} cannot be opened as a video; perhaps it is truncated")
        width, height = (int(capture.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        check_size(width, height, self.name)
        return capture


def _fps(capture: cv2.VideoCapture) -> float:
    fps = capture.get(cv2.CAP_PROP_FPS)
    return fps if 0 < fps < 1000 else _USUAL_FPS


def read_next(capture: cv2.VideoCapture) -> Picture | None:
    """The next frame, uint8 [h, w, 3] BGR; None where there is none."""
    try:
        found, picture = capture.read()
    except cv2.error:
        return None
    return picture if found else None
