"""The loop behind `tightrope road predict`: frames from sources, through the detector, to whoever wants them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tightrope.errors import BadInputError
from tightrope.interrupt import Stop
from tightrope.measure.statistics import Quantile
from tightrope.runtime.pipeline import Answer, StageTimes
from tightrope_road.detections import Detections
from tightrope_road.frames import Frame, Source
from tightrope_road.newest import NewestFrames
from tightrope_road.preprocess import Picture

_REMEMBERED = 10_000

Consumer = Callable[[Frame, Answer[Detections]], bool]


@dataclass
class Tally:
    """What happened in a run.

    Attributes:
        frames: how many were done.
        dropped: frames of live sources that came while another was being done.
        unusable: a message a source that could not be read, or not to its end.
        times: stage times of the last 10,000 frames.
    """

    frames: int = 0
    dropped: int = 0
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
            "unusable": self.unusable,
            "ms": {f"p{percentile}": self.percentile(percentile) for percentile in (50, 90)},
        }


def run(
    detector: Callable[[Picture], Answer[Detections]],
    sources: Sequence[Source],
    consume: Consumer,
    stop: Stop,
    max_frames: int | None = None,
    done: Callable[[], None] = lambda: None,
) -> Tally:
    """Detect in every frame of every source, in order; a live source is always at its newest frame.

    Args:
        consume: takes a frame and its answer; returns False to end the run.
        stop: ends the run after the frame that is being done.
        max_frames: ends the run after so many frames.
        done: called after every source.

    A source that raises BadInputError is noted, and the next one is taken; other errors go up.
    """
    tally = Tally()
    for source in sources:
        try:
            for frame in _frames(source, stop, tally):
                answer = detector(frame.picture)
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


def _frames(source: Source, stop: Stop, tally: Tally) -> Iterator[Frame]:
    if not source.live:
        yield from source
        return
    with NewestFrames(source, stop) as newest:
        try:
            yield from newest
        finally:
            tally.dropped += newest.dropped
