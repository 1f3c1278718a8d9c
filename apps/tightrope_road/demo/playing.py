"""Frames at the pace of the world: each at its time, and the newest one where the work takes longer than that.

>>> for frame, dropped in paced(frames, clock, time.sleep):          # doctest: +SKIP
...     show(detect(frame.picture))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tightrope.runtime.clock import Clock
from tightrope_road.demo.seeing import decoded, drive_frame, drive_frames
from tightrope_road.frames import Frame

DRIVE_FPS = 10.0
_ROUNDS = 12  # of the bundled drive: about a minute


def paced(frames: Iterable[Frame], clock: Clock, sleep: Callable[[float], None]) -> Iterator[tuple[Frame, int]]:
    """Each frame when it is due, with how many were dropped until then.

    A frame whose successor is due already is dropped, so that what is shown is never later than one frame.
    """
    start, dropped = clock.now(), 0
    for frame in frames:
        wait = frame.seconds - (clock.now() - start)
        if frame.index and -wait >= 1 / (frame.fps or DRIVE_FPS):
            dropped += 1
            continue
        if wait > 0:
            sleep(wait)
        yield frame, dropped


def drive() -> Iterator[Frame]:
    """The bundled drive at its 10 Hz, over and over for about a minute."""
    count = drive_frames()
    for index in range(_ROUNDS * count):
        picture = decoded(drive_frame(index % count))
        yield Frame("the bundled drive", "drive", index, index / DRIVE_FPS, picture, DRIVE_FPS)
