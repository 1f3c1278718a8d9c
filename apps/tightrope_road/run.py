"""The loop behind `tightrope road predict`: frames from sources, through the detector, to whoever wants them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tightrope.errors import BadInputError
from tightrope.interrupt import Stop
from tightrope.measure.statistics import Quantile
from tightrope.runtime import Answer, StageTimes
from tightrope_road.detections import Detections
from tightrope_road.frames import Frame, Source
from tightrope_road.live import Detect, RoadRunner, begun, live_answers, one_model

_REMEMBERED = 10_000

Consumer = Callable[[Frame, Answer[Detections]], bool]
OpenRunner = Callable[[Frame], AbstractContextManager[RoadRunner]]


@dataclass
class Tally:
    """What happened in a run.

    Attributes:
        frames: how many were done.
        dropped: frames of live sources that came while another was being done.
        failed: why frames of live sources got no answer, and how many.
        unusable: a message a source that could not be read, or not to its end.
        times: stage times of the last 10,000 frames.
    """

    frames: int = 0
    dropped: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    unusable: list[str] = field(default_factory=list)
    times: deque[StageTimes] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def percentile(self, percentile: float) -> dict[str, float]:
        """Milliseconds of every stage and of all together at this percentile; empty if nothing was done."""
        rows = [times.to_dict() for times in self.times]
        return {
            key.removesuffix("_ms"): round(Quantile.of([row[key] for row in rows], percentile).value, 3)
            for key in (rows[0] if rows else ())
        }

    def to_dict(self) -> dict[str, Any]:
        return {
            "frames": self.frames,
            "dropped": self.dropped,
            **({"failed": dict(self.failed)} if self.failed else {}),
            "unusable": self.unusable,
            "ms": {f"p{percentile}": self.percentile(percentile) for percentile in (50, 90)},
        }


def run(
    detector: Detect,
    sources: Sequence[Source],
    consume: Consumer,
    stop: Stop,
    max_frames: int | None = None,
    done: Callable[[], None] = lambda: None,
    open_runner: OpenRunner | None = None,
) -> Tally:
    """Detect in every frame of every source, in order; a live source is always at its newest frame.

    Args:
        consume: takes a frame and its answer, an Emit if the frame is live; returns False to end the run.
        stop: ends the run after the frame that is being done.
        max_frames: ends the run after so many frames.
        done: called after every source.
        open_runner: makes the runner of a live source from its first frame; None: `detector` alone, without a deadline.

    A source that raises BadInputError is noted, and the next one is taken; other errors go up.
    """
    tally = Tally()
    for source in sources:
        try:
            with closing(_answers(source, detector, open_runner or partial(_alone, detector), stop, tally)) as answers:
                for frame, answer in answers:
                    tally.frames += 1
                    tally.times.append(answer.times)
                    if not consume(frame, answer) or stop.is_set() or tally.frames == max_frames:
                        return tally
        except BadInputError as error:
            tally.unusable.append(str(error))
        done()
        if stop.is_set():
            break
    return tally


def _answers(
    source: Source,
    detector: Detect,
    open_runner: OpenRunner,
    stop: Stop,
    tally: Tally,
) -> Generator[tuple[Frame, Answer[Detections]], None, None]:
    if not source.live:
        for frame in source:
            yield frame, detector(frame.picture)
        return
    if (beginning := begun(source, stop)) is None:
        return
    first, frames = beginning
    given = 0
    with open_runner(first) as runner:
        try:
            for emitted in live_answers(frames, runner, stop, lambda why: tally.failed.update([why])):
                given += 1
                yield emitted.item, emitted
        finally:
            tally.dropped += runner.counts.arrived - given


def _alone(detector: Detect, first: Frame) -> AbstractContextManager[RoadRunner]:
    return nullcontext(one_model(detector))
