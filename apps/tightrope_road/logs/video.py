"""A video and the times of its frames: NAME.csv beside NAME.mp4, seconds in the first column. There is no LiDAR."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tightrope.errors import BadInputError
from tightrope_road.calibration import Camera
from tightrope_road.logs.log import Broken, Event, Shot
from tightrope_road.logs.trajectory import Trajectory
from tightrope_road.video import SUFFIXES, VideoFile


@dataclass(frozen=True)
class VideoLog:
    """Frames of a video; `logs.log.Log` says what its attributes are."""

    name: str
    video: VideoFile
    times: tuple[float, ...]
    period_s: float
    camera: Camera | None = None
    trajectory: Trajectory | None = None

    def __iter__(self) -> Iterator[Event]:
        at = self.times[0] if self.times else 0.0
        try:
            for frame in self.video:
                if self.times and frame.index >= len(self.times):
                    yield Broken(at, f"{self.name} has more frames than the {len(self.times)} times beside it")
                    return
                at = self.times[frame.index] if self.times else frame.seconds
                yield Shot(at, frame.index, frame.name, frame.picture)
        except BadInputError as error:
            yield Broken(at, str(error))


def open_video(path: Path) -> VideoLog:
    """Open a video; without times beside it those of the file count. Raises BadInputError if they are malformed."""
    if path.suffix.lower() not in SUFFIXES:
        raise BadInputError(f"{path} is no log that is known; there are folders, .mcap and videos")
    listed = path.with_suffix(".csv")
    times = read_csv(listed) if listed.is_file() else ()
    video = VideoFile(path, path.stem)
    period = float(np.median(np.diff(times))) if len(times) > 1 else 1 / video.fps()
    return VideoLog(str(path), video, times, period)


def read_csv(path: Path) -> tuple[float, ...]:
    """The first column, seconds; a first row without a number is a heading. Raises BadInputError."""
    try:
        rows = [row for row in csv.reader(path.read_text(encoding="utf-8-sig").splitlines()) if row]
        times = [float(row[0]) for row in (rows[1:] if rows and not _is_number(rows[0][0]) else rows)]
    except (OSError, UnicodeDecodeError, ValueError, csv.Error) as error:
        raise BadInputError(f"{path} is no list of times: {error}") from error
    if not times or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise BadInputError(f"{path}: its times do not ascend")
    return tuple(times)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
