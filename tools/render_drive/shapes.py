"""A mesh put together from quads, boxes and cylinders, then handed to Blender as one object."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bpy

Point = Sequence[float]


class Shape:
    """Faces with a material each; `build` turns them into one Blender object. Faces may be seen from both sides."""

    def __init__(self) -> None:
        self._points: list[tuple[float, float, float]] = []
        self._faces: list[list[int]] = []
        self._slots: list[int] = []
        self._materials: list[Any] = []

    def face(self, points: Sequence[Point], material: Any) -> None:
        """Add a planar polygon from its corners in order."""
        if material not in self._materials:
            self._materials.append(material)
        start = len(self._points)
        self._points.extend((float(p[0]), float(p[1]), float(p[2])) for p in points)
        self._faces.append(list(range(start, start + len(points))))
        self._slots.append(self._materials.index(material))

    def box(self, low: Point, high: Point, material: Any) -> None:
        """Add an axis-aligned box from its lowest to its highest corner."""
        (a, b, c), (d, e, f) = low, high
        corners = [(a, b, c), (d, b, c), (d, e, c), (a, e, c), (a, b, f), (d, b, f), (d, e, f), (a, e, f)]
        for ring in ((3, 2, 1, 0), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)):
            self.face([corners[i] for i in ring], material)

    def flat(self, x: tuple[float, float], y: tuple[float, float], z: float, material: Any) -> None:
        """Add a level rectangle."""
        self.face([(x[0], y[0], z), (x[1], y[0], z), (x[1], y[1], z), (x[0], y[1], z)], material)

    def cylinder(
        self,
        base: Point,
        top: Point,
        radius: float,
        material: Any,
        top_radius: float | None = None,
        sides: int = 16,
        caps: bool = True,
    ) -> None:
        """Add a cylinder, or a cone's frustum, between the centres of its two ends, which lie along one axis."""
        axis = max(range(3), key=lambda i: abs(top[i] - base[i]))
        second = radius if top_radius is None else top_radius
        rings = []
        for centre, r in ((base, radius), (top, second)):
            ring = []
            for k in range(sides):
                point = [float(v) for v in centre]
                point[(axis + 1) % 3] += r * math.cos(2 * math.pi * k / sides)
                point[(axis + 2) % 3] += r * math.sin(2 * math.pi * k / sides)
                ring.append(point)
            rings.append(ring)
        for k in range(sides):
            j = (k + 1) % sides
            self.face([rings[0][k], rings[0][j], rings[1][j], rings[1][k]], material)
        if caps:
            self.face(rings[0][::-1], material)
            self.face(rings[1], material)

    def extrude(self, outline: Sequence[tuple[float, float]], y: tuple[float, float], material: Any) -> None:
        """Add a prism: an outline in x and z, drawn out from y[0] to y[1]."""
        near = [(x, y[0], z) for x, z in outline]
        far = [(x, y[1], z) for x, z in outline]
        self.face(near, material)
        self.face(far[::-1], material)
        for k in range(len(outline)):
            j = (k + 1) % len(outline)
            self.face([near[k], far[k], far[j], near[j]], material)

    def build(self, name: str, bevel: float = 0.0) -> Any:
        """Return the object, linked to the scene; `bevel` rounds its sharp edges by that many metres."""
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata(self._points, [], self._faces)
        for material in self._materials:
            mesh.materials.append(material)
        mesh.polygons.foreach_set("material_index", self._slots)
        made = bpy.data.objects.new(name, mesh)
        bpy.context.scene.collection.objects.link(made)
        if bevel:
            weld = made.modifiers.new("weld", "WELD")
            weld.merge_threshold = 1e-4
            rounded = made.modifiers.new("bevel", "BEVEL")
            rounded.width, rounded.segments, rounded.limit_method = bevel, 3, "ANGLE"
            rounded.harden_normals = True
            depsgraph = bpy.context.evaluated_depsgraph_get()
            made.data = bpy.data.meshes.new_from_object(made.evaluated_get(depsgraph))
            made.modifiers.clear()
        return made
