"""Two rows of houses with recessed windows, shop fronts and pitched roofs."""

from __future__ import annotations

import random
from typing import Any

from . import materials
from .scenario import JUNCTION, KERB
from .shapes import Shape
from .street import BEGIN, END, WALK_HALF

MIDDLE = sum(JUNCTION) / 2  # of the cross street


def facade(
    s: Shape,
    corner: tuple[float, float],
    along: tuple[int, int],
    width: float,
    floors: int,
    look: dict[str, Any],
    shop: bool,
) -> None:
    """Add a front with recessed windows; `along` is its direction, its outer side lies to the right of that."""
    bays = max(1, round(width / 2.6))
    bay, out = width / bays, (along[1], -along[0])

    def at(u: float, v: float, d: float = 0.0) -> tuple[float, float, float]:
        return corner[0] + along[0] * u + out[0] * d, corner[1] + along[1] * u + out[1] * d, v

    def rect(u0: float, u1: float, v0: float, v1: float, d: float, material: Any) -> None:
        s.face([at(u0, v0, d), at(u1, v0, d), at(u1, v1, d), at(u0, v1, d)], material)

    for floor in range(floors):
        low = KERB + (0 if floor == 0 else 3.7 + 3.0 * (floor - 1))
        high = KERB + 3.7 + 3.0 * floor
        for k in range(bays):
            u0, u1 = k * bay, (k + 1) * bay
            ground_shop = shop and floor == 0
            margin = 0.18 if ground_shop else bay * 0.27
            sill, head = (low + 0.55, high - 0.85) if ground_shop else (low + 0.95, high - 0.5)
            if floor == 0 and not shop and k == bays // 2:
                sill = low + 0.05
            wall = look["base"] if floor == 0 else look["wall"]
            a, b, deep = u0 + margin, u1 - margin, -0.2
            for piece in ((u0, u1, low, sill), (u0, u1, head, high), (u0, a, sill, head), (b, u1, sill, head)):
                rect(*piece, 0.0, wall)
            for p, q in (
                ((a, sill), (b, sill)),
                ((b, sill), (b, head)),
                ((b, head), (a, head)),
                ((a, head), (a, sill)),
            ):
                s.face([at(*p), at(*q), at(*q, deep), at(*p, deep)], look["trim"])
            rect(a, b, sill, head, deep, look["glass"])
            middle = (a + b) / 2
            for u in (a + 0.03, middle, b - 0.03):
                rect(u - 0.035, u + 0.035, sill, head, deep + 0.03, look["trim"])
            for v in (sill + 0.03, (sill + 2 * head) / 3, head - 0.03):
                rect(a, b, v - 0.035, v + 0.035, deep + 0.03, look["trim"])
            if not ground_shop and sill > low + 0.5:
                p, q = at(a - 0.08, sill - 0.08, -0.02), at(b + 0.08, sill, 0.1)
                s.box([min(c) for c in zip(p, q, strict=True)], [max(c) for c in zip(p, q, strict=True)], look["trim"])
    if shop:
        p, q = at(0.1, KERB + 2.95, 0.0), at(width - 0.1, KERB + 3.5, 0.09)
        s.box([min(c) for c in zip(p, q, strict=True)], [max(c) for c in zip(p, q, strict=True)], look["sign"])


def house(x: tuple[float, float], side: int, floors: int, look: dict[str, Any], shop: bool, corner: int = 0) -> Any:
    """Return a house left (side 1) or right (-1) of the street; `corner` is +-1 where it faces the cross street."""
    s = Shape()
    near, depth = side * WALK_HALF, 10.0
    far = side * (WALK_HALF + depth)
    top = KERB + 3.7 + 3.0 * (floors - 1)
    if side > 0:
        facade(s, (x[0], near), (1, 0), x[1] - x[0], floors, look, shop)
    else:
        facade(s, (x[1], near), (-1, 0), x[1] - x[0], floors, look, shop)
    for end, x_end in ((-1, x[0]), (1, x[1])):
        if corner == end:
            start, along = (near, side) if side * end > 0 else (far, -side)
            facade(s, (x_end, start), (0, along), depth, floors, look, False)
        else:
            s.face([(x_end, near, KERB), (x_end, far, KERB), (x_end, far, top), (x_end, near, top)], look["wall"])
    eaves, ridge, middle = 0.35, top + 3.2, (near + far) / 2
    s.box((x[0] - 0.05, min(near, far) - 0.12, top - 0.22), (x[1] + 0.05, max(near, far) + 0.12, top), look["trim"])
    for y in (near - side * eaves, far + side * eaves):
        s.face(
            [(x[0], y, top - 0.02), (x[1], y, top - 0.02), (x[1], middle, ridge), (x[0], middle, ridge)], look["roof"]
        )
    for x_end in x:
        s.face([(x_end, near, top), (x_end, far, top), (x_end, middle, ridge)], look["wall"])
    s.box((x[0] + 1.2, middle - 0.4, ridge - 1.2), (x[0] + 2.0, middle + 0.4, ridge + 0.9), look["base"])
    return s.build("house")


def houses() -> list[Any]:
    """Return two rows of houses with a gap for the cross street."""
    trim = materials.plain("trim", (0.72, 0.70, 0.66), roughness=0.7)
    slate = materials.mottled("slate", (0.05, 0.052, 0.06), (0.10, 0.10, 0.11), (1.0, 9.0))
    tile = materials.mottled("tile", (0.20, 0.065, 0.035), (0.32, 0.11, 0.06), (1.0, 9.0))
    pane = materials.glass("window")
    plaster = [
        materials.mottled(f"plaster {k}", tuple(0.8 * v for v in colour), colour, (0.3, 3.0))
        for k, colour in enumerate(((0.66, 0.58, 0.42), (0.62, 0.60, 0.56), (0.52, 0.36, 0.26), (0.42, 0.48, 0.50)))
    ]
    walls = [
        materials.bricks("red brick", (0.25, 0.075, 0.045), (0.33, 0.11, 0.065), (0.36, 0.33, 0.30)),
        materials.bricks("yellow brick", (0.46, 0.33, 0.18), (0.52, 0.40, 0.24), (0.40, 0.38, 0.34)),
        *plaster,
    ]
    base = materials.mottled("plinth", (0.22, 0.21, 0.20), (0.34, 0.33, 0.31), (0.5, 8.0))
    signs = [
        materials.plain(f"sign {k}", c)
        for k, c in enumerate(((0.02, 0.09, 0.06), (0.20, 0.02, 0.02), (0.02, 0.04, 0.12)))
    ]
    rng = random.Random(11)
    made = []
    for side in (-1, 1):
        for begin, end in ((BEGIN, JUNCTION[0] - 3.0), (JUNCTION[1] + 3.0, END - 10)):
            x = begin
            while x < end - 6:
                width = rng.choice((7.8, 10.4, 13.0))
                stop = end if end - (x + width) < 6 else x + width
                look = {"wall": rng.choice(walls), "trim": trim, "glass": pane, "base": base}
                look |= {"roof": rng.choice((slate, tile)), "sign": rng.choice(signs)}
                corner = 1 if stop == end and end < MIDDLE else -1 if x == begin and begin > MIDDLE else 0
                made.append(house((x, stop), side, rng.choice((2, 3, 3, 4)), look, rng.random() < 0.45, corner))
                x = stop
    return made
