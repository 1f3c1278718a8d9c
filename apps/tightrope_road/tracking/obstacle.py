"""A tracked thing as a value: what is told, drawn and written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope_road.fusion.collision import Collision
from tightrope_road.fusion.observation import Place, Seen


class Status(str, Enum):
    """How sure it is that the thing is there now."""

    tentative = "tentative"
    tracked = "tracked"
    coasting = "coasting"


@dataclass(frozen=True)
class Obstacle:
    """One thing at one moment.

    Attributes:
        number: its identity; None while it is tentative.
        kind: class name, or 'unknown obstacle'.
        status: coasting: not seen at this moment, carried on by its speed.
        score: of the newest camera box.
        box: float64 [4], left, top, right, bottom, pixels.
        seen: by which sensors, when it was seen last.
        age_s: since it was seen first.
        unseen_s: since it was seen last; 0 now.
        place: as measured now, or carried on; None where nothing is known.
        velocity: float64 [2], metres a second to the right and ahead, relative to the camera; None: not known.
        speed_mps: over the ground; None where the motion of the camera is not known.
        collision: None where the gap does not close.
    """

    number: int | None
    kind: str
    status: Status
    score: float
    box: NDArray[np.float64]
    seen: Seen
    age_s: float
    unseen_s: float
    place: Place | None = None
    velocity: NDArray[np.float64] | None = None
    speed_mps: float | None = None
    collision: Collision | None = None

    @property
    def current(self) -> bool:
        """Whether it was seen at this moment."""
        return self.status is not Status.coasting

    @property
    def until_collision(self) -> str:
        """Such as 'TTC 2.1 +- 0.4 s', never without its standard deviation; empty where the gap does not close."""
        if self.collision is None:
            return ""
        return f"TTC {self.collision.seconds:.1f} +- {self.collision.error_s:.1f} s"

    def __str__(self) -> str:
        """Such as 'car 3 at 23.8 m', 'car 3 at ~24 m' where it is guessed by size."""
        name = self.kind if self.number is None else f"{self.kind} {self.number}"
        if self.place is None:
            return name
        far = f"{self.place.distance_m:.1f}" if self.place.points else f"~{self.place.distance_m:.0f}"
        return f"{name} at {far} m"

    def to_dict(self) -> dict[str, Any]:
        """Plain values; lengths in metres, times in seconds; what is not known is null."""
        place, collision = self.place, self.collision
        return {
            "id": self.number,
            "class": self.kind,
            "status": self.status.value,
            "score": round(self.score, 4),
            "box": np.round(self.box, 2).tolist(),
            "seen_by": self.seen.value,
            "age_s": round(self.age_s, 3),
            "unseen_s": round(self.unseen_s, 3),
            "distance_m": _rounded(place.distance_m if place else None),
            "distance_error_m": _rounded(place.error_m if place else None),
            "gap_m": _rounded(place.gap_m if place else None),
            "position_m": None if place is None else _floats([place.centre[0], place.y, place.centre[1]]),
            "points": place.points if place else 0,
            "velocity_mps": None if self.velocity is None else _floats(self.velocity),
            "speed_mps": _rounded(self.speed_mps),
            "ttc_s": _rounded(collision.seconds if collision else None),
            "ttc_error_s": _rounded(collision.error_s if collision else None),
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 3)


def _floats(values: Any) -> list[float]:
    return [round(float(value), 3) for value in values]
