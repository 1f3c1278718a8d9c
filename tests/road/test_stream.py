"""Live sources, replayed with a clock that only the test moves."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import cv2
import pytest

from tightrope.errors import BadInputError
from tightrope.runtime import FakeClock
from tightrope_road.frames import Frame
from tightrope_road.newest import LatestSlot, NewestFrames
from tightrope_road.stream import LiveSource, Retry

from .conftest import make_frame, make_picture


class FakeCapture:
    """A capture that gives `frames` pictures, each `period` seconds after the one before."""

    def __init__(self, clock: FakeClock, frames: int, declared: int = -1, period: float = 0.1) -> None:
        self._clock, self._left, self._period = clock, frames, period
        self._values = {cv2.CAP_PROP_FRAME_COUNT: declared, cv2.CAP_PROP_FPS: 10.0}
        self._opened = frames > 0

    def isOpened(self) -> bool:  # noqa: N802
        return self._opened

    def get(self, key: int) -> float:
        return self._values.get(key, 32.0)

    def read(self) -> tuple[bool, object]:
        self._clock.advance(self._period)
        self._left -= 1
        return (True, make_picture(32, 32)) if self._left >= 0 else (False, None)

    def release(self) -> None:
        self._opened = False


class FakeStop:
    """Never set by itself; waiting only moves the clock."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.waits: list[float] = []

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float) -> bool:
        self.waits.append(timeout)
        self._clock.advance(timeout)
        return False


def live(captures: list[FakeCapture], clock: FakeClock, stop: FakeStop, attempts: int = 3) -> LiveSource:
    pending = iter(captures)
    return LiveSource("cam", "cam", lambda: next(pending), stop, Retry(attempts, pause_s=1.0), clock)  # type: ignore[arg-type]


def test_an_unreachable_stream_is_given_up_after_bounded_attempts() -> None:
    clock = FakeClock()
    stop = FakeStop(clock)

    with pytest.raises(BadInputError, match="cam cannot be reached, 3 attempts in 3 s"):
        list(live([FakeCapture(clock, 0) for _ in range(3)], clock, stop))

    assert stop.waits == [1.0, 2.0]


def test_a_stream_that_comes_back_goes_on_counting() -> None:
    clock = FakeClock()
    captures = [FakeCapture(clock, n) for n in (2, 0, 3, 0, 0, 0)]
    frames: list[Frame] = []

    with pytest.raises(BadInputError, match="cam broke off after 5 frames, 3 attempts"):
        frames.extend(live(captures, clock, FakeStop(clock)))

    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert frames[0].seconds == pytest.approx(0.1)
    assert frames[2].seconds > frames[1].seconds + 1.0  # the pause lies between them


def test_a_file_behind_an_address_ends_with_its_last_frame() -> None:
    clock = FakeClock()

    frames = list(live([FakeCapture(clock, 4, declared=4)], clock, FakeStop(clock)))

    assert len(frames) == 4
    assert all(frame.live for frame in frames)


def test_a_stop_ends_a_stream_between_two_frames() -> None:
    clock, stop = FakeClock(), threading.Event()
    source = LiveSource("cam", "cam", lambda: FakeCapture(clock, 100), stop, Retry(), clock)  # type: ignore[arg-type, return-value]
    frames = []

    for frame in source:
        frames.append(frame)
        if len(frames) == 3:
            stop.set()

    assert len(frames) == 3


def test_the_slot_keeps_the_newest_and_counts_what_it_dropped() -> None:
    slot, stop = LatestSlot(), threading.Event()
    for index in range(4):
        slot.put(make_frame(index))

    taken = slot.take(stop)

    assert taken is not None
    assert taken.index == 3
    assert slot.dropped == 3


def test_the_slot_gives_its_last_frame_after_the_end_and_then_nothing() -> None:
    slot, stop = LatestSlot(), threading.Event()
    slot.put(make_frame(7))
    slot.close()

    assert slot.take(stop) is not None
    assert slot.take(stop) is None
    assert slot.dropped == 0


def test_a_slow_consumer_sees_the_newest_frame_only() -> None:
    first_taken, all_put, stop = threading.Event(), threading.Event(), threading.Event()

    def source() -> Iterator[Frame]:
        yield make_frame(0)
        first_taken.wait(10)
        for index in (1, 2, 3):
            yield make_frame(index)
        all_put.set()

    seen = []
    with NewestFrames(source(), stop) as newest:
        for frame in newest:
            seen.append(frame.index)
            first_taken.set()
            all_put.wait(10)

    assert seen == [0, 3]
    assert newest.dropped == 2


def test_the_error_of_a_live_source_comes_after_its_frames() -> None:
    def source() -> Iterator[Frame]:
        yield make_frame(0)
        raise BadInputError("cam broke off")

    seen: list[Frame] = []
    with NewestFrames(source(), threading.Event()) as newest, pytest.raises(BadInputError, match="cam broke off"):
        seen.extend(newest)

    assert [frame.index for frame in seen] == [0]


def test_leaving_early_ends_the_thread() -> None:
    def endless() -> Iterator[Frame]:
        while True:
            yield make_frame(0)

    with NewestFrames(endless(), threading.Event()) as newest:
        next(iter(newest))

    assert not [thread for thread in threading.enumerate() if thread.name == "grabber" and thread.is_alive()]
