"""The loop: a source that fails is noted, a stop ends it, live sources tell what they dropped."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from tightrope.errors import BadInputError, OutputError
from tightrope.interrupt import Interrupt
from tightrope_road.frames import Frame
from tightrope_road.run import run

from .conftest import make_answer, make_frame


class Fixed:
    """A source of `count` frames that then may fail."""

    def __init__(self, count: int, error: str = "", live: bool = False) -> None:
        self.name, self.live = "fixed", live
        self._count, self._error = count, error

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self._count):
            yield make_frame(index, fps=10.0, live=self.live)
        if self._error:
            raise BadInputError(self._error)


def test_a_failing_source_is_noted_and_the_next_is_taken() -> None:
    seen: list[int] = []
    sources = [Fixed(0, "a is empty"), Fixed(2), Fixed(1, "c ends early"), Fixed(1)]
    steps: list[None] = []

    tally = run(
        lambda _: make_answer(),
        sources,
        lambda frame, _: seen.append(frame.index) is None,
        threading.Event(),
        done=lambda: steps.append(None),
    )

    assert seen == [0, 1, 0, 0]
    assert tally.frames == 4
    assert tally.unusable == ["a is empty", "c ends early"]
    assert tally.percentile(90) == {"preprocess": 1.0, "session": 20.0, "postprocess": 2.0, "total": 23.0}
    assert len(steps) == 4


def test_max_frames_counts_over_all_sources() -> None:
    tally = run(lambda _: make_answer(), [Fixed(2), Fixed(5)], lambda *_: True, threading.Event(), max_frames=3)

    assert tally.frames == 3


def test_a_stop_ends_after_the_frame_being_done() -> None:
    stop = threading.Event()
    taken: list[int] = []

    def consume(frame: Frame, _: object) -> bool:
        taken.append(frame.index)
        stop.set()
        return True

    run(lambda _: make_answer(), [Fixed(5), Fixed(5)], consume, stop)

    assert taken == [0]


def test_an_output_error_goes_up() -> None:
    def consume(*_: object) -> bool:
        raise OutputError("disk full")

    with pytest.raises(OutputError):
        run(lambda _: make_answer(), [Fixed(5)], consume, threading.Event())


def test_nothing_done_gives_no_percentiles() -> None:
    tally = run(lambda _: make_answer(), [Fixed(0)], lambda *_: True, threading.Event())

    assert tally.to_dict() == {"frames": 0, "dropped": 0, "unusable": [], "ms": {"p50": {}, "p90": {}}}


def test_a_live_source_is_done_or_dropped_frame_by_frame() -> None:
    tally = run(lambda _: make_answer(), [Fixed(40, live=True)], lambda *_: True, threading.Event())

    assert tally.frames + tally.dropped == 40
    assert tally.frames >= 1


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """SIGINT as Python sets it up in the foreground."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_the_first_ctrl_c_asks_and_the_second_insists() -> None:
    with Interrupt() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("ctrl_c")
def test_a_signal_that_is_ignored_stays_so() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    with Interrupt() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert not stop.is_set()
