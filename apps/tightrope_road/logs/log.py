"""What a recorded drive is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from tightrope_road.calibration import Camera
from tightrope_road.lidar import PointCloud
from tightrope_road.logs.trajectory import Trajectory
from tightrope_road.preprocess import Picture


@dataclass(frozen=True)
class Shot:
    """A picture: when it was captured (seconds of the log's clock), its number in the log, its name, BGR pixels.

    `camera` is its own calibration, where that is another one than the log's.
    """

    captured_at: float
    number: int
    name: str
    picture: Picture
    camera: Camera | None = None


@dataclass(frozen=True)
class Sweep:
    """A LiDAR sweep: when it was captured, and its points in the sensor's frame."""

    captured_at: float
    points: PointCloud


@dataclass(frozen=True)
class Broken:
    """Something that should have been there and cannot be read: when, and why in a line."""

    captured_at: float
    why: str


Event = Shot | Sweep | Broken


class Log(Protocol):
    """A recorded drive. Iterating it reads and decodes one event after the other."""

    @property
    def name(self) -> str:
        """What the user named."""

    @property
    def period_s(self) -> float:
        """Between two pictures, the median; of a single picture 0.1."""

    @property
    def camera(self) -> Camera | None:
        """None where there is no calibration; then nothing can be fused."""

    @property
    def trajectory(self) -> Trajectory | None:
        """Where the camera was; None where no poses are."""

    def __iter__(self) -> Iterator[Event]: ...
