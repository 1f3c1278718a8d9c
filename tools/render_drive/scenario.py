"""Who is where at which time: the whole story of the drive as a table, without any geometry.

The ego car rolls down a town street towards a red light, behind a leading car. Three vehicles come the other way, one
crosses at the junction, two people use the zebra crossing, and others stand at the kerb.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

FRAMES = 48
RATE = 10.0  # frames a second


@dataclass(frozen=True)
class Motion:
    """Straight motion that brakes evenly from a moment on: start in metres, yaw in radians, speed in m/s."""

    x: float
    y: float
    yaw: float = 0.0
    speed: float = 0.0
    brake_at: float = math.inf
    braking: float = 0.0

    def distance(self, t: float) -> float:
        """Return the metres covered after t seconds; a braking vehicle stops and does not roll back."""
        slowing = max(0.0, t - self.brake_at)
        if self.braking:
            slowing = min(slowing, self.speed / self.braking)
        steady = min(t, self.brake_at)
        return self.speed * (steady + slowing) - 0.5 * self.braking * slowing**2

    def position(self, t: float) -> tuple[float, float]:
        """Return (x, y) in metres at t seconds."""
        d = self.distance(t)
        return self.x + d * math.cos(self.yaw), self.y + d * math.sin(self.yaw)


@dataclass(frozen=True)
class Actor:
    """One labelled object: its track id, KITTI type, the asset that shows it, its paint (linear RGB) and its motion."""

    track: int
    kind: str
    asset: str
    motion: Motion
    paint: tuple[float, float, float] | None = None
    height: float = 0.0  # of its lowest point above the asphalt, metres


BACK, LEFT, RIGHT = math.pi, math.pi / 2, -math.pi / 2
LANE, PARKED, KERB = 1.75, 4.65, 0.12
STOP_LINE, ZEBRA, JUNCTION = 52.5, (54.0, 57.6), (59.5, 73.5)

RED, SILVER, WHITE, NAVY = (0.35, 0.012, 0.012), (0.42, 0.44, 0.46), (0.75, 0.74, 0.70), (0.010, 0.028, 0.12)
GREEN, CREAM, BLACK, ORANGE = (0.02, 0.10, 0.05), (0.62, 0.50, 0.28), (0.012, 0.012, 0.014), (0.55, 0.13, 0.01)

EGO = Motion(0.0, -LANE, speed=10.0, brake_at=0.5, braking=1.0)

ACTORS = (
    Actor(1, "Car", "coupe", Motion(24.0, -LANE, 0.0, 9.0, 0.5, 2.0), RED),
    Actor(2, "Car", "beetle", Motion(35.0, LANE, BACK, 9.0), CREAM),
    Actor(3, "Car", "coupe", Motion(51.0, LANE, BACK, 8.5), SILVER),
    Actor(4, "Bus", "bus", Motion(72.0, LANE, BACK, 7.5), ORANGE),
    Actor(5, "Car", "beetle", Motion(64.7, 24.0, RIGHT, 8.0), RED),
    Actor(6, "Car", "beetle", Motion(9.5, -PARKED), NAVY),
    Actor(7, "Car", "coupe", Motion(16.5, -PARKED), WHITE),
    Actor(8, "Truck", "truck", Motion(36.5, -PARKED), WHITE),
    Actor(9, "Car", "beetle", Motion(44.5, -PARKED), GREEN),
    Actor(10, "Car", "coupe", Motion(12.0, PARKED, BACK), NAVY),
    Actor(11, "Car", "beetle", Motion(19.0, PARKED, BACK), WHITE),
    Actor(12, "Car", "coupe", Motion(31.5, PARKED, BACK), BLACK),
    Actor(13, "Car", "beetle", Motion(42.0, PARKED, BACK), SILVER),
    Actor(20, "Pedestrian", "walker", Motion(56.2, -5.6, LEFT, 1.15)),
    Actor(21, "Pedestrian", "walker", Motion(55.2, 7.4, RIGHT, 1.15)),
    Actor(22, "Pedestrian", "walker", Motion(31.0, -7.4, BACK, 1.15), height=KERB),
    Actor(23, "Pedestrian", "walker", Motion(25.0, 7.2, 0.0, 1.15), height=KERB),
    Actor(30, "Traffic_light", "traffic_light", Motion(53.2, -6.1, BACK), height=2.5),
    Actor(31, "Traffic_light", "traffic_light", Motion(53.2, -1.75, BACK), height=5.0),
    Actor(32, "Traffic_light", "traffic_light", Motion(53.2, 6.1, BACK), height=2.5),
    Actor(40, "Cone", "cone", Motion(22.6, -3.9)),
    Actor(41, "Cone", "cone", Motion(24.4, -3.65)),
    Actor(42, "Cone", "cone", Motion(26.4, -3.6)),
    Actor(43, "Cone", "cone", Motion(28.4, -3.65)),
    Actor(44, "Cone", "cone", Motion(30.2, -3.9)),
    Actor(50, "Misc", "barrier", Motion(21.4, -4.7)),
)


def ego_pose(t: float) -> tuple[float, float, float]:
    """Return the ego car's (x, y) in metres and yaw in radians at t seconds; it drifts 12 cm within its lane."""
    x, y = EGO.position(t)
    speed = max(EGO.speed - EGO.braking * max(0.0, t - EGO.brake_at), 0.1)
    drift, rate = 0.12, 1.3
    return x, y + drift * math.sin(rate * t), math.atan2(drift * rate * math.cos(rate * t), speed)
