"""An MCAP recording as a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tightrope.errors import BadInputError, nearest
from tightrope_road.calibration import Camera, check_camera
from tightrope_road.logs.log import Broken, Event, Shot, Sweep
from tightrope_road.logs.mcap.frames import TRANSFORMS, Frames
from tightrope_road.logs.mcap.lens import Lens, lens_of
from tightrope_road.logs.mcap.reading import Message, Recording
from tightrope_road.logs.mcap.sensors import (
    CAMERAS,
    CLOUDS,
    PICTURES,
    captured_at,
    frame_of,
    picture_of,
    points_of,
    projection_of,
    size_of,
)
from tightrope_road.logs.trajectory import Trajectory

_USUAL_PERIOD_S = 0.1
_PROBED = 20


@dataclass(frozen=True)
class McapLog:
    """One camera and one LiDAR of a recording; `logs.log.Log` says what its attributes are.

    Attributes:
        lens: straightens the pictures; None where they are straight.
    """

    name: str
    recording: Recording
    pictures: str
    sweeps: str | None
    period_s: float
    camera: Camera | None
    trajectory: Trajectory | None
    lens: Lens | None = None

    def __iter__(self) -> Iterator[Event]:
        topics = [self.pictures, *([self.sweeps] if self.sweeps else [])]
        number, at = 0, 0.0
        try:
            for message in self.recording.messages(topics):
                at = captured_at(message)
                yield self._event(message, at, number)
                number += message.topic == self.pictures
        except BadInputError as error:
            yield Broken(at, str(error))

    def _event(self, message: Message, at: float, number: int) -> Event:
        name = f"{self.name} {message.topic}"
        try:
            if message.topic == self.pictures:
                picture = picture_of(message, f"{name} #{number}")
                return Shot(at, number, f"{number:06d}", self.lens.straight(picture) if self.lens else picture)
            return Sweep(at, points_of(message, name))
        except BadInputError as error:
            return Broken(at, str(error))


def open_mcap(path: Path, topic: str | None = None) -> McapLog:
    """Open a recording.

    The calibration is the first one of the picture's frame, the LiDAR's place comes from the tree of frames; where one
    of the two is missing the camera is without LiDAR.

    Args:
        path: the file.
        topic: of the pictures; None: the first by name that has a calibration, else the first.

    Raises:
        BadInputError: no MCAP, no pictures in it, no such topic, or a mistake in the calibration.
        MissingExtraError: the packages that read it are not installed.
    """
    recording = Recording(path)
    found = {kind: _topics(recording, kinds) for kind, kinds in (("p", PICTURES), ("c", CLOUDS), ("k", CAMERAS))}
    if not found["p"]:
        raise BadInputError(f"{path} has no pictures; there are {', '.join(sorted(recording.schemas)) or 'no topics'}")
    if topic is not None and topic not in found["p"]:
        raise BadInputError(f"{path} has no pictures under {topic!r}{nearest(topic, found['p'])}")
    firsts = {one.topic: one for one in recording.messages([*found["p"], *found["c"], *found["k"]], one_each=True)}
    calibrations = {frame_of(firsts[name]): firsts[name] for name in found["k"] if name in firsts}
    known = [name for name in found["p"] if name in firsts and frame_of(firsts[name]) in calibrations]
    pictures = topic or (known or found["p"])[0]
    sweeps = next(iter(found["c"]), None)
    frame = frame_of(firsts[pictures]) if pictures in firsts else ""
    frames = Frames.of(recording.messages(_topics(recording, TRANSFORMS)))
    camera = None
    if sweeps in firsts and frame in calibrations:
        camera = _camera(calibrations[frame], frames, frame_of(firsts[sweeps]), frame, str(path))
    return McapLog(
        str(path),
        recording,
        pictures,
        sweeps if camera else None,
        _period(recording, pictures),
        camera,
        frames.trajectory(frame, str(path)),
        _lens(calibrations[frame], pictures, str(path)) if camera else None,
    )


def _topics(recording: Recording, schemas: Sequence[str]) -> list[str]:
    return sorted(topic for topic, schema in recording.schemas.items() if schema in schemas)


def _camera(calibration: Message, frames: Frames, lidar: str, frame: str, name: str) -> Camera:
    transform = frames.between(lidar, frame)
    if transform is None:
        raise BadInputError(f"{name}: no transforms lead from {lidar!r} to {frame!r}")
    camera = Camera(projection_of(calibration, name), transform, size_of(calibration))
    check_camera(camera, name)
    return camera


def _lens(calibration: Message, topic: str, name: str) -> Lens | None:
    """None also for pictures whose topic says that they are rectified, as ROS names them."""
    return None if "rect" in topic else lens_of(calibration, projection_of(calibration, name), name)


def _period(recording: Recording, topic: str) -> float:
    times: list[float] = []
    for message in recording.messages([topic]):
        times.append(captured_at(message))
        if len(times) == _PROBED:
            break
    steps = [step for step in np.diff(sorted(times)) if step > 0]
    return float(np.median(steps)) if steps else _USUAL_PERIOD_S
