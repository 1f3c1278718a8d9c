"""A live source at its newest frame.

A thread grabs frames as they come and keeps one: what was not taken before the next came is dropped, and counted.

    with NewestFrames(source, stop) as frames:
        for frame in frames:
            ...
    frames.dropped
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from tightrope.interrupt import Stop
from tightrope_road.frames import Frame

_POLL_S = 0.2


class LatestSlot:
    """Holds one frame: the newest that was put. Taking empties it; putting over one that was not taken drops that."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._frame: Frame | None = None
        self._closed = False
        self.dropped = 0

    def put(self, frame: Frame) -> None:
        with self._condition:
            self.dropped += self._frame is not None
            self._frame = frame
            self._condition.notify()

    def close(self) -> None:
        """No more frames will come; the last one can still be taken."""
        with self._condition:
            self._closed = True
            self._condition.notify()

    def take(self, stop: Stop) -> Frame | None:
        """The newest frame, waiting for it if need be; None after the end or when `stop` is set."""
        with self._condition:
            # A limit on each wait, because a signal that sets `stop` does not wake a waiting thread.
            while self._frame is None and not self._closed and not stop.is_set():
                self._condition.wait(_POLL_S)
            frame, self._frame = self._frame, None
            return None if stop.is_set() else frame


class NewestFrames:
    """Iterates a live source in a thread of its own, and gives out only the newest frame.

    Raises what the source raised, when its frames have been taken.
    """

    def __init__(self, source: Iterable[Frame], stop: Stop) -> None:
        self._source = source
        self._stop = stop
        self._slot = LatestSlot()
        self._left = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._grab, name="grabber", daemon=True)

    @property
    def dropped(self) -> int:
        """Frames that came but were never given out."""
        return self._slot.dropped

    def __enter__(self) -> NewestFrames:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._left.set()
        # A read that hangs is bounded by the stream's own timeout; the thread is a daemon, so the process may end.
        self._thread.join(timeout=1.0)

    def __iter__(self) -> Iterator[Frame]:
        while (frame := self._slot.take(self._stop)) is not None:
            yield frame
        if self._error is not None and not self._stop.is_set():
            raise self._error

    def _grab(self) -> None:
        try:
            for frame in self._source:
                self._slot.put(frame)
                if self._left.is_set() or self._stop.is_set():
                    break
        except Exception as error:  # raised again where the frames are taken
            self._error = error
        finally:
            self._slot.close()
