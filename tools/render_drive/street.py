"""The street: road, markings, pavements, poles and lamps. Nothing of it is labelled."""

from __future__ import annotations

import random
from typing import Any

from . import materials
from .scenario import JUNCTION, KERB, STOP_LINE, ZEBRA
from .shapes import Shape

ROAD_HALF, WALK_HALF = 5.75, 9.3  # metres from the middle of the street to the kerb and to the houses
BEGIN, END = -25.0, 185.0
LANE_EDGE = 3.5
PAINT = 0.006  # markings lie this far above the asphalt


def ground() -> Any:
    """Return asphalt, kerbs, pavements and markings as one object."""
    asphalt = materials.mottled("asphalt", (0.045, 0.045, 0.048), (0.095, 0.093, 0.09), (0.25, 1.6, 45.0))
    asphalt["reflectance"] = 0.16
    patch = materials.mottled("patch", (0.03, 0.03, 0.032), (0.055, 0.055, 0.055), (1.2, 50.0))
    patch["reflectance"] = 0.12
    paving = materials.bricks(
        "paving", (0.30, 0.28, 0.25), (0.36, 0.33, 0.30), (0.16, 0.15, 0.14), size=2.2, level=True
    )
    stone = materials.mottled("kerb stone", (0.28, 0.27, 0.26), (0.40, 0.39, 0.37), (0.8, 12.0))
    white = materials.mottled("road paint", (0.34, 0.34, 0.33), (0.72, 0.72, 0.70), (1.5, 14.0), reflectance=0.75)
    iron = materials.plain("manhole", (0.05, 0.048, 0.045), roughness=0.5, metallic=0.7, reflectance=0.25)
    s = Shape()
    s.flat((BEGIN, END), (-ROAD_HALF, ROAD_HALF), 0.0, asphalt)
    for side in (-1, 1):
        s.flat(JUNCTION, tuple(sorted((side * ROAD_HALF, side * 60.0))), 0.0, asphalt)
        for x0, x1 in ((BEGIN, JUNCTION[0]), (JUNCTION[1], END)):
            inner, outer = sorted((side * ROAD_HALF, side * (ROAD_HALF + 0.14)))
            s.box((x0, inner, 0), (x1, outer, KERB), stone)
            inner, outer = sorted((side * (ROAD_HALF + 0.14), side * 60.0))
            s.box((x0, inner, 0), (x1, outer, KERB - 0.005), paving)
    _markings(s, white)
    rng = random.Random(5)
    for x, y, length, width in ((12, -2.4, 5, 1.1), (27, 1.2, 9, 1.0), (41, -1.0, 3, 1.6), (5, 2.6, 7, 0.9)):
        s.flat((x, x + length), (y, y + width), PAINT / 2, patch)
    for x in (8.0, 22.0, 39.0, 50.0):
        y = rng.uniform(-2.6, -0.8)
        s.cylinder((x, y, 0.0), (x, y, PAINT / 2), 0.33, iron, sides=24)
    return s.build("ground")


def _markings(s: Shape, white: Any) -> None:
    for start in range(int(BEGIN), int(END), 6):  # dashed middle line
        if not STOP_LINE - 3 < start < JUNCTION[1]:
            s.flat((start, start + 3), (-0.07, 0.07), PAINT, white)
    for side in (-1, 1):
        y = sorted((side * LANE_EDGE, side * (LANE_EDGE + 0.12)))
        for k in range(int(BEGIN), int(STOP_LINE) - 4, 6):  # parking bays
            s.flat((k, k + 6), (y[0], y[1]), PAINT, white)
            s.flat((k, k + 0.1), tuple(sorted((side * LANE_EDGE, side * ROAD_HALF))), PAINT, white)
        s.flat((JUNCTION[1] + 6, END), (y[0], y[1]), PAINT, white)
    for k in range(11):  # zebra crossing
        y = -ROAD_HALF + 0.25 + 1.05 * k
        s.flat(ZEBRA, (y, y + 0.55), PAINT, white)
    s.flat((STOP_LINE, STOP_LINE + 0.45), (-LANE_EDGE, -0.1), PAINT, white)
    s.flat((JUNCTION[1] + 2.0, JUNCTION[1] + 2.45), (0.1, LANE_EDGE), PAINT, white)


def furniture() -> Any:
    """Return the poles that carry the signals, street lamps and bollards."""
    steel = materials.plain("steel", (0.25, 0.26, 0.26), roughness=0.45, metallic=0.6, reflectance=0.4)
    dark = materials.plain("dark steel", (0.02, 0.025, 0.022), roughness=0.5, metallic=0.3, reflectance=0.25)
    s = Shape()
    for y in (-6.3, 6.3):
        s.cylinder((53.35, y, 0), (53.35, y, 5.7 if y < 0 else 3.6), 0.09, steel)
    s.cylinder((53.38, -6.3, 5.55), (53.38, -1.4, 5.55), 0.06, steel)
    for side in (-1, 1):
        for x in (1.0, 27.5, 90.0, 115.0):
            y = side * (ROAD_HALF + 0.5)
            s.cylinder((x + 4 * side, y, 0), (x + 4 * side, y, 6.4), 0.075, dark, top_radius=0.05)
            s.box(
                (x + 4 * side - 0.12, min(y, y - side * 1.5), 6.35),
                (x + 4 * side + 0.12, max(y, y - side * 1.5), 6.45),
                dark,
            )
        for k in range(4):
            x, y = JUNCTION[0] - 1.0, side * (ROAD_HALF + 0.5 + 0.9 * k)
            s.cylinder((x, y, 0), (x, y, 0.95), 0.06, dark)
    return s.build("furniture")
