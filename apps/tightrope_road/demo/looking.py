"""The functions behind the tab's events. Each takes the person's Session; none keeps anything of its own."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tightrope.demo.cockpit import Cockpit
from tightrope.demo.comparing import pair_of
from tightrope.demo.pictures import LONG_SIDE, Upload, as_jpeg
from tightrope.demo.session import Session
from tightrope.errors import BadInputError
from tightrope.runtime.clock import SystemClock
from tightrope_road.demo.comparing import compare
from tightrope_road.demo.fusing import Fused, beside, in_words
from tightrope_road.demo.playing import drive, paced
from tightrope_road.demo.seeing import Wanted, decoded, drawn, drive_frame, in_a_line, in_a_table, see
from tightrope_road.demo.videos import video_frames
from tightrope_road.frames import Frame
from tightrope_road.preprocess import Picture

START = 24  # a frame of the bundled drive with several road users
_FUSED_SIDE = 910  # with the street from above beside it
_STREAM_SIDE = 640  # pixels of what a stream shows: it is encoded ten times a second


class Looking:
    """On one cockpit. A stream's functions give only what changes with every frame: picture, line and budget bar."""

    def __init__(self, cockpit: Cockpit) -> None:
        self._cockpit = cockpit
        self._clock = SystemClock()

    def upload(self, upload: Upload | None, classes: Any, score: float, session: Session) -> tuple[Any, ...]:
        return upload, *self.again(upload, classes, score, session)

    def frame(self, number: float, classes: Any, score: float, session: Session) -> tuple[Any, ...]:
        upload = drive_frame(int(number))
        return upload, *self.again(upload, classes, score, session)

    def again(self, upload: Upload | None, classes: Any, score: float, session: Session) -> tuple[Any, ...]:
        if upload is None:
            return None, "", "", None, *self._cockpit.figures(session)
        picture = decoded(upload)
        detections = see(picture, Wanted(classes, score), self._cockpit, session)
        result = drawn(picture, detections, LONG_SIDE)
        said = in_a_line(detections), in_a_table(detections), detections.to_dict()
        return result, *said, *self._cockpit.figures(session)

    def camera(self, upload: Upload | None, classes: Any, score: float, session: Session) -> tuple[Any, ...]:
        if upload is None:
            raise BadInputError("no camera frame came")
        with session.meter.work(self._clock):
            shown, line = self._streamed(decoded(upload), Wanted(classes, score), session)
        return shown, f"<p>{line}</p>", self._cockpit.bar_of(session)

    def video(self, path: str | None, classes: Any, score: float, session: Session) -> Iterator[tuple[Any, ...]]:
        if path is None:
            raise BadInputError("choose a video first")
        yield from self._play(video_frames(Path(path)), Wanted(classes, score), session)

    def drive(self, classes: Any, score: float, session: Session) -> Iterator[tuple[Any, ...]]:
        yield from self._play(drive(), Wanted(classes, score), session)

    def fused(self, session: Session) -> Iterator[tuple[Any, ...]]:
        """The bundled drive with its LiDAR, from above too."""
        fused = Fused(self._clock)
        for frame, dropped in paced(drive(), self._clock, time.sleep):
            with session.meter.work(self._clock):
                scene = fused.scene(frame, self._cockpit, session)
                shown = as_jpeg(beside(scene, _FUSED_SIDE))
            words = f"<p>frame {frame.index}, {dropped} dropped: {in_words(scene)}</p>"
            yield shown, words, self._cockpit.bar_of(session)

    def compare(self, upload: Upload | None, classes: Any, score: float, session: Session) -> tuple[Any, str]:
        upload = upload or drive_frame(START)
        pair = pair_of(self._cockpit.artifact(session), self._cockpit.artifacts)
        with self._cockpit.turn():
            return compare(decoded(upload), pair, Wanted(classes, score), self._cockpit.budget(session).threads)

    def _play(self, frames: Iterable[Frame], wanted: Wanted, session: Session) -> Iterator[tuple[Any, ...]]:
        for frame, dropped in paced(frames, self._clock, time.sleep):
            with session.meter.work(self._clock):
                shown, line = self._streamed(frame.picture, wanted, session)
            words = f"<p>frame {frame.index}, {dropped} dropped: {line}</p>"
            yield shown, words, self._cockpit.bar_of(session)

    def _streamed(self, picture: Picture, wanted: Wanted, session: Session) -> tuple[str, str]:
        """The frame with its boxes as the page takes it, and a line on what was found."""
        detections = see(picture, wanted, self._cockpit, session)
        return as_jpeg(drawn(picture, detections, _STREAM_SIDE)), str(detections)
