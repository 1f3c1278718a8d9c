"""The trees along both pavements, and those that close the street's far end."""

from __future__ import annotations

import math
import random
from typing import Any

import bpy

from . import materials
from .scenario import KERB
from .shapes import Shape
from .street import END, ROAD_HALF


def tree(rng: random.Random, height: float, bark: Any, leaves: Any) -> Any:
    """Return a tree whose crown is a cloud of leaf-sized quads around some boughs."""
    s = Shape()
    fork = height * 0.42
    s.cylinder((0, 0, 0), (0, 0, fork * 1.25), 0.17, bark, top_radius=0.10, sides=10, caps=False)
    for _ in range(11):
        angle, reach = rng.uniform(0, 2 * math.pi), rng.uniform(0.1, 1.0) * height * 0.2
        cx, cy = reach * math.cos(angle), reach * math.sin(angle)
        cz = rng.uniform(fork * 1.15, height * 0.86)
        size = rng.uniform(0.16, 0.24) * height
        for _ in range(520):
            a, b = rng.uniform(0, 2 * math.pi), math.acos(rng.uniform(-1, 1))
            r = size * rng.uniform(0.45, 1.0) ** 0.5
            centre = (
                cx + r * math.sin(b) * math.cos(a),
                cy + r * math.sin(b) * math.sin(a),
                cz + 0.8 * r * math.cos(b),
            )
            u = [rng.gauss(0, 0.052) for _ in range(3)]
            v = [rng.gauss(0, 0.052) for _ in range(3)]
            s.face([[c + i * p + j * q for c, p, q in zip(centre, u, v, strict=True)]
                    for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))], leaves)  # fmt: skip
    return s.build("tree")


def greenery() -> list[Any]:
    """Return the trees along both pavements."""
    rng = random.Random(3)
    bark = materials.mottled("bark", (0.05, 0.035, 0.025), (0.11, 0.08, 0.06), (3.0, 20.0))
    leaves = materials.mottled("leaves", (0.035, 0.085, 0.015), (0.10, 0.19, 0.035), (0.7, 5.0), roughness=0.6)
    leaves["reflectance"] = 0.4
    kinds = [tree(rng, height, bark, leaves) for height in (6.2, 7.0, 5.6)]
    made = []
    for side in (-1, 1):
        for k, x in enumerate((-6.0, 6.5, 20.0, 34.0, 47.0, 82.0, 94.0, 107.0, 121.0, 136.0, 150.0)):
            copy = bpy.data.objects.new("tree", kinds[(k + (side > 0)) % 3].data)
            copy.location = (x + rng.uniform(-1, 1) + 3 * (side > 0), side * (ROAD_HALF + 0.9), KERB)
            copy.rotation_euler[2] = rng.uniform(0, 6.28)
            bpy.context.scene.collection.objects.link(copy)
            made.append(copy)
    for kind in kinds:
        bpy.data.objects.remove(kind)
    for k in range(14):  # closes the street's far end
        copy = bpy.data.objects.new("tree", made[k % 3].data)
        copy.location, copy.scale = (END - 6 + rng.uniform(-4, 4), -20 + 3 * k, 0), (1.5, 1.5, 1.3)
        bpy.context.scene.collection.objects.link(copy)
        made.append(copy)
    return made
