"""What is told of one picture: a value, with `to_dict()` and `draw()`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tightrope.runtime import State
from tightrope_road.drive.moment import Moment
from tightrope_road.preprocess import Picture
from tightrope_road.tracking import Obstacle, Status

_ORDER = (State.OK, State.DEGRADED, State.STALE, State.FAILED)


@dataclass(frozen=True)
class Notice:
    """The state changed, or something could not be read: when (seconds of the log), what, and why."""

    at_s: float
    state: State
    why: str

    def to_dict(self) -> dict[str, Any]:
        return {"event": "state", "t": round(self.at_s, 4), "state": self.state.value, "why": self.why}


@dataclass(frozen=True)
class Scene:
    """Everything that is known when a picture has been answered, or is known to get no answer.

    Attributes:
        moment: the picture, and the sweep that belongs to it.
        obstacles: current ones and coasting ones; none where the state is STALE or FAILED.
        state, why: of the whole: the runner's, or worse because a sensor is missing.
        shown_at: seconds of the log at which it was there.
        rung: what answered; empty if nothing did.
        met: whether it was there before its deadline.
        stages_ms: what the answer took.
    """

    moment: Moment
    obstacles: tuple[Obstacle, ...]
    state: State
    why: str
    shown_at: float
    rung: str = ""
    met: bool = False
    stages_ms: dict[str, float] | None = None

    @property
    def answered(self) -> bool:
        return bool(self.rung)

    @property
    def age_s(self) -> float:
        """Age of the picture when the scene was there."""
        return self.shown_at - self.moment.shot.captured_at

    @property
    def confirmed(self) -> tuple[Obstacle, ...]:
        """Those with an identity, the nearest first."""
        known = (one for one in self.obstacles if one.number is not None)
        return tuple(sorted(known, key=lambda one: one.place.distance_m if one.place else float("inf")))

    def draw(self, points: bool = False) -> Picture:
        """The picture with boxes, distances and the state, and the scene from above beside it; BGR uint8.

        Args:
            points: draw those of the sweep too, each where the calibration has it in the picture.
        """
        from tightrope_road.drive.drawing import draw_scene

        return draw_scene(self, points)

    def to_dict(self) -> dict[str, Any]:
        shot = self.moment.shot
        return {
            "event": "scene",
            "t": round(shot.captured_at, 4),
            "frame": shot.number,
            "name": shot.name,
            "state": self.state.value,
            "why": self.why,
            "answered": self.answered,
            "age_ms": round(self.age_s * 1e3, 3),
            "met": self.met,
            "rung": self.rung or None,
            "sensors": sensors(self.moment) if self.answered else [],
            "stages_ms": {name: round(value, 3) for name, value in (self.stages_ms or {}).items()},
            "obstacles": [one.to_dict() for one in self.obstacles],
        }

    def __str__(self) -> str:
        """A line, such as '000007: OK, camera+lidar: car 2 at 23.8 m, person 5 at 12.1 m'."""
        head = f"{self.moment.shot.name}: {self.state.value}"
        if not self.answered:
            return f"{head}, no answer: {self.why}"
        named = [one for one in self.confirmed if one.kind != "unknown obstacle"]
        listed = [_words(one) for one in named]
        others = sum(one.number is not None for one in self.obstacles) - len(named)
        listed += [f"{others} unknown obstacle{'s' * (others != 1)}"] if others else []
        why = f" ({self.why})" if self.state is not State.OK else ""
        return f"{head}{why}, {'+'.join(sensors(self.moment)) or 'blind'}: {', '.join(listed) or 'nothing'}"


def sensors(moment: Moment) -> list[str]:
    """Which ones tell of this moment."""
    return ["camera"] * (not moment.no_camera) + ["lidar"] * (moment.points is not None)


def worse(first: State, second: State) -> State:
    """The worse of two states."""
    return max(first, second, key=_ORDER.index)


def _words(one: Obstacle) -> str:
    coasting = "coasting" if one.status is Status.coasting else ""
    return ", ".join(filter(None, (str(one), one.until_collision, coasting)))
