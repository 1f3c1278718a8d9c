"""A live camera at its newest picture: what came while the last one was being worked on is dropped, and counted.

with Newest(camera(0)) as pictures:
    for picture in pictures:
        ...
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from tightrope.errors import BadInputError
from tightrope.interrupt import Stop
from tightrope_translate.image.pictures import Picture

_POLL_S = 0.2  # a signal that sets `stop` does not wake a waiting thread


def camera(index: int) -> Iterator[Picture]:
    """Pictures, BGR, uint8 [h, w, 3], of a camera of this machine. Raises BadInputError where there is none."""
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # it tells of every driver that it tried
    device = cv2.VideoCapture(index)
    if not device.isOpened():
        raise BadInputError(f"camera {index} cannot be opened: is it connected, and used by no other program?")
    return _frames(device)


def _frames(device: cv2.VideoCapture) -> Iterator[Picture]:
    try:
        while True:
            whole, picture = device.read()
            if not whole:
                return
            yield np.asarray(picture, np.uint8)
    finally:
        device.release()


class Newest:
    """Iterates a source in a thread of its own. Raises what the source raised, after its last picture."""

    def __init__(self, source: Iterable[Picture], stop: Stop) -> None:
        self._source, self._stop = source, stop
        self._changed = threading.Condition()
        self._picture: Picture | None = None
        self._ended = False
        self._left = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._grab, name="grabber", daemon=True)
        self.dropped = 0

    def __enter__(self) -> Newest:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._left = True
        self._thread.join(timeout=1.0)

    def __iter__(self) -> Iterator[Picture]:
        while (picture := self._take()) is not None:
            yield picture
        if self._error is not None and not self._stop.is_set():
            raise self._error

    def _take(self) -> Picture | None:
        with self._changed:
            while self._picture is None and not self._ended and not self._stop.is_set():
                self._changed.wait(_POLL_S)
            picture, self._picture = self._picture, None
            return None if self._stop.is_set() else picture

    def _grab(self) -> None:
        try:
            for picture in self._source:
                with self._changed:
                    self.dropped += self._picture is not None
                    self._picture = picture
                    self._changed.notify()
                if self._left or self._stop.is_set():
                    break
        except Exception as error:  # raised again where the pictures are taken
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify()
