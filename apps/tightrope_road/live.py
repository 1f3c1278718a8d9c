"""A live source through the core's runner: always at its newest frame, and every answer says how old it is.

    for emitted in live_answers(source, one_model(detector), stop):
        show(emitted.item.picture, emitted.result, emitted.age_s)

A thread reads the source and pushes each frame as it comes; another one detects. What came while a frame was being done
and was replaced by a newer one is counted by the runner.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, TimeoutError
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from tightrope.interrupt import Stop
from tightrope.runtime import Abstain, Answer, Emit, Limits, LiveRunner, Runner, Step, SystemClock, Telemetry
from tightrope.runtime.telemetry import Record
from tightrope_road.detections import Detections
from tightrope_road.detector import Classes, Detector
from tightrope_road.frames import Frame
from tightrope_road.preprocess import Picture
from tightrope_road.rungs import shipped_ladder

if TYPE_CHECKING:
    from tightrope.budget import Budget

Detect = Callable[[Picture], Answer[Detections]]
RoadRunner = Runner[Frame, Detections]

_POLL_S = 0.2
_HOUR_S = 3600.0
# Without a budget nothing is late: only a run that has hung for a minute is given up.
UNHURRIED = Limits(_HOUR_S, 1.0, 24 * _HOUR_S, 24 * _HOUR_S, 60.0)
_SAMPLE = Frame("sample", "sample", 0, 0.0, np.full((720, 1280, 3), 114, np.uint8))


def one_model(detect: Detect, name: str = "model") -> RoadRunner:
    """A runner with this detector as its only rung, and no deadline."""
    return Runner([Step(name, lambda: _on_frames(detect), 1.0)], UNHURRIED, _SAMPLE)


def governed(
    budget: Budget,
    sample: Frame,
    threads: int,
    score: float,
    classes: Classes,
    write: Callable[[Record], None] | None = None,
) -> RoadRunner:
    """A runner on the shipped ladder, as far as it can meet the profile's period by its evidence, within its memory.

    Args:
        budget: deadline, share of misses, and memory.
        sample: a frame of the source: which rungs are worth running depends on its shape, and they are warmed with it.
        threads, score, classes: as `Detector` takes them.
        write: is told everything that happens, as `Telemetry` records it.

    Raises:
        ArtifactError: a shipped artifact does not verify.
    """
    # The budget says how soon an answer must be there; how often this camera gives a picture nobody knows.
    limits = replace(Limits.of(budget), overdue_s=math.inf)
    height, width = sample.picture.shape[:2]
    ladder = shipped_ladder(limits.period_s, (width, height))
    steps = ladder.steps(lambda artifact: _on_frames(Detector(artifact, threads, score, classes)))
    clock = SystemClock()
    telemetry = Telemetry(steps, limits, clock.now(), write)
    memory = round(budget.peak_rss_mb * 1e6) if budget.peak_rss_mb else None
    return Runner(steps, limits, sample, clock=clock, telemetry=telemetry, memory_bytes=memory)


def begun(source: Iterable[Frame], stop: Stop) -> tuple[Frame, Iterator[Frame]] | None:
    """The first frame, and all of them from the first one; None if there is none or `stop` is set before it comes.

    Raises what the source raised.
    """
    frames = iter(source)
    first: Future[Frame | None] = Future()

    def wait() -> None:
        try:
            first.set_result(next(frames, None))
        except Exception as error:  # raised again below
            first.set_exception(error)

    # In a thread of its own, because a camera that does not answer must not keep `stop` from being seen.
    threading.Thread(target=wait, name="grabber", daemon=True).start()
    while not stop.is_set():
        with suppress(TimeoutError):
            frame = first.result(_POLL_S)
            return None if frame is None else (frame, chain([frame], frames))
    return None


def live_answers(
    source: Iterable[Frame], runner: RoadRunner, stop: Stop, failed: Callable[[str], None] = lambda _: None
) -> Generator[Emit[Detections], None, None]:
    """The newest answer, again and again, until the source ends or `stop` is set.

    Args:
        failed: told of every run that raised an error or was given up.

    Raises what the source raised, when the answer to its last frame has been given.
    """
    with LiveRunner(runner) as live:
        feeder = _Feeder(source, live, stop)
        feeder.start()
        try:
            # A limit on each wait, because a signal that sets `stop` does not wake a waiting thread.
            while not stop.is_set() and (outcome := live.pull(_POLL_S)) is not None:
                if isinstance(outcome, Emit):
                    yield outcome
                elif isinstance(outcome, Abstain) and outcome.reason.name in ("error", "stuck"):
                    failed(outcome.why)
        finally:
            feeder.leave()
    if feeder.error is not None and not stop.is_set():
        raise feeder.error


class _Feeder(threading.Thread):
    """Reads the source and pushes its frames."""

    def __init__(self, source: Iterable[Frame], live: LiveRunner[Frame, Detections], stop: Stop) -> None:
        super().__init__(name="grabber", daemon=True)
        self._source, self._live, self._stop_asked = source, live, stop
        self._left = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            for frame in self._source:
                self._live.push(frame, frame.seconds)
                if self._left.is_set() or self._stop_asked.is_set():
                    break
        except Exception as error:  # raised again where the answers are taken
            self.error = error
        finally:
            self._live.close()

    def leave(self) -> None:
        """End after the frame that is being read."""
        self._left.set()
        # A read that hangs is bounded by the stream's own timeout; the thread is a daemon, so the process may end.
        self.join(timeout=1.0)


def _on_frames(detect: Detect) -> Callable[[Frame], Answer[Detections]]:
    return lambda frame: detect(frame.picture)
