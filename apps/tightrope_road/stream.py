"""Cameras and network streams, opened with bounded patience.

To be read through `live.live_answers`: a detector that takes every frame of a source faster than itself falls behind
for minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import cv2

from tightrope.errors import BadInputError
from tightrope.interrupt import Stop
from tightrope.runtime.clock import Clock, SystemClock
from tightrope_road.frames import Frame
from tightrope_road.pictures import check_size
from tightrope_road.video import read_next

SCHEMES = ("rtsp", "rtsps", "http", "https")
_USUAL_FPS = 30.0


@dataclass(frozen=True)
class Retry:
    """How often and how long a connection is tried. The pause doubles after every attempt.

    Attributes:
        attempts: tries in a row without a frame before it is given up.
        pause_s: pause after the first failure, seconds.
        timeout_s: limit of one attempt, and of waiting for one frame, seconds.
    """

    attempts: int = 3
    pause_s: float = 1.0
    timeout_s: float = 5.0


class LiveSource:
    """A camera or stream.

    Args:
        name: what messages call it.
        stem: its short name for output files.
        connect: opens it; called again if the stream breaks off.
        stop: ends it between two frames, and the pause between two attempts.
    """

    live = True

    def __init__(
        self,
        name: str,
        stem: str,
        connect: Callable[[], cv2.VideoCapture],
        stop: Stop,
        retry: Retry | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self._stem = stem
        self._connect = connect
        self._stop = stop
        self._retry = retry or Retry()
        self._now = (clock or SystemClock()).now

    def __iter__(self) -> Iterator[Frame]:
        start = self._now()
        index = failures = 0
        while not self._stop.is_set():
            capture = self._connect()
            try:
                declared = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
                for frame in self._frames(capture, index):
                    yield frame
                    index, failures = frame.index + 1, 0
            finally:
                capture.release()
            if 0 < declared <= index:
                return  # a file behind an address: it has an end, and has come to it
            failures += 1
            if failures >= self._retry.attempts:
                raise BadInputError(self._epitaph(failures, index, self._now() - start))
            self._stop.wait(self._retry.pause_s * 2 ** (failures - 1))

    def _frames(self, capture: cv2.VideoCapture, index: int) -> Iterator[Frame]:
        if not capture.isOpened():
            return
        width, height = (int(capture.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        check_size(width, height, self.name)
        fps = capture.get(cv2.CAP_PROP_FPS)
        fps = fps if 0 < fps < 1000 else _USUAL_FPS
        while not self._stop.is_set() and (picture := read_next(capture)) is not None:
            yield Frame(self.name, self._stem, index, self._now(), picture, fps, live=True)
            index += 1

    def _epitaph(self, attempts: int, frames: int, seconds: float) -> str:
        what = f"broke off after {frames} frames" if frames else "cannot be reached"
        effort = f", {attempts} attempts in {seconds:.0f} s" if attempts > 1 else ""
        return f"{self.name} {what}{effort}; check that it is there and running"


def camera(index: int, unique: Callable[[str], str], stop: Stop) -> LiveSource:
    """The camera of that index. One that is not there is not tried twice."""
    name = f"camera {index}"
    return LiveSource(name, unique(f"camera-{index}"), lambda: cv2.VideoCapture(index), stop, Retry(attempts=1))


def network_stream(address: str, unique: Callable[[str], str], stop: Stop) -> LiveSource:
    """The stream at an address (rtsp, rtsps, http or https). This opens a socket when it is iterated."""
    retry = Retry()
    limit_ms = int(retry.timeout_s * 1000)
    options = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, limit_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, limit_ms]
    host = urlsplit(address).hostname or "stream"
    stem = unique("".join(c if c.isalnum() else "-" for c in host))
    return LiveSource(
        without_password(address), stem, lambda: cv2.VideoCapture(address, cv2.CAP_FFMPEG, options), stop, retry
    )


def without_password(address: str) -> str:
    """The address as it may be shown: 'rtsp://me:secret@host/1' becomes 'rtsp://host/1'."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
