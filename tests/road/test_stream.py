"""Live sources, replayed with a clock that only the test moves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tightrope.budget import Budget
from tightrope.errors import BadInputError
from tightrope.runtime import Answer, FakeClock, JsonLines, SystemClock
from tightrope_road.detections import Detections
from tightrope_road.frames import Frame
from tightrope_road.live import governed, live_answers, one_model
from tightrope_road.preprocess import Picture
from tightrope_road.stream import LiveSource, Retry

from .conftest import make_answer, make_frame, make_picture


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


def detect(_: Picture) -> Answer[Detections]:
    return make_answer()


def test_a_slow_detector_sees_the_newest_frame_only() -> None:
    first_taken, all_put = threading.Event(), threading.Event()

    def source() -> Iterator[Frame]:
        yield make_frame(0)
        first_taken.wait(10)
        for index in (1, 2, 3):
            yield make_frame(index)
        all_put.set()

    def slow(picture: Picture) -> Answer[Detections]:
        if picture.shape[0] == 48:  # not the sample
            first_taken.set()
            all_put.wait(10)
        return make_answer()

    runner = one_model(slow)
    seen = [emitted.item.index for emitted in live_answers(source(), runner, threading.Event())]

    assert seen[-1] == 3
    assert runner.counts.answered == 2
    assert runner.counts.replaced == 2


def test_the_error_of_a_live_source_comes_after_its_frames() -> None:
    def source() -> Iterator[Frame]:
        yield make_frame(0)
        raise BadInputError("cam broke off")

    seen: list[Frame] = []
    with pytest.raises(BadInputError, match="cam broke off"):
        seen.extend(emitted.item for emitted in live_answers(source(), one_model(detect), threading.Event()))

    assert [frame.index for frame in seen] == [0]


def test_a_frame_that_cannot_be_done_is_told_and_the_next_one_is_done() -> None:
    done = threading.Event()

    def source() -> Iterator[Frame]:
        yield make_frame(0)
        done.wait(10)
        yield make_frame(1)

    def moody(picture: Picture) -> Answer[Detections]:
        if np.array_equal(picture, make_frame(0).picture):
            raise ValueError("no such thing")
        return make_answer()

    told: list[str] = []
    answers = live_answers(source(), one_model(moody), threading.Event(), lambda why: told.append(why) or done.set())  # type: ignore[func-returns-value]

    assert [emitted.item.index for emitted in answers] == [1]
    assert told == ["model: no such thing"]


def test_leaving_early_ends_the_threads() -> None:
    def endless() -> Iterator[Frame]:
        while True:
            yield make_frame(0)

    answers = live_answers(endless(), one_model(detect), threading.Event())
    next(answers)
    answers.close()

    mine = [thread for thread in threading.enumerate() if thread.name in ("grabber", "tightrope runner")]
    assert not [thread for thread in mine if thread.is_alive()]


def test_under_a_budget_every_answer_says_which_rung_made_it_and_how_old_it_is(tmp_path: Path) -> None:
    start = SystemClock().now()

    def source() -> Iterator[Frame]:
        for index in range(5):
            yield replace(make_frame(index), seconds=SystemClock().now())

    with JsonLines(tmp_path / "run.jsonl") as lines:
        budget = Budget(latency_ms=60_000, percentile=99, peak_rss_mb=400)
        runner = governed(budget, make_frame(0), 1, 0.3, "road", lines.write)
        answers = list(live_answers(source(), runner, threading.Event()))

    assert answers[-1].item.index == 4
    assert answers[-1].rung == "nanodet-384x640-int8"  # a minute is enough for the best
    assert answers[-1].met
    assert 0 < answers[-1].age_s < SystemClock().now() - start
    assert "nanodet-384x640-int8" in (tmp_path / "run.jsonl").read_text()
