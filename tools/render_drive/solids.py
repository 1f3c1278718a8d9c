"""Meshes as arrays with a bounding volume hierarchy: what the LiDAR and the labels cast their rays against."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from mathutils.bvhtree import BVHTree
from numpy.typing import NDArray

from .materials import DEFAULT_REFLECTANCE

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Solid:
    """Triangles in one frame: points (n, 3) metres, triangles (m, 3) indices, reflectance (m,) 0 to 1."""

    points: Array
    triangles: NDArray[np.int32]
    reflectance: Array

    @cached_property
    def tree(self) -> Any:
        """The hierarchy that answers ray casts."""
        return BVHTree.FromPolygons(self.points.tolist(), self.triangles.tolist(), all_triangles=True)

    @cached_property
    def used(self) -> Array:
        """Return the points that belong to a triangle, (k, 3)."""
        return self.points[np.unique(self.triangles)]

    @cached_property
    def ball(self) -> tuple[Array, float]:
        """A centre and a radius around all points."""
        centre = (self.used.min(0) + self.used.max(0)) / 2
        return centre, float(np.linalg.norm(self.used - centre, axis=1).max())

    def cast(
        self, origin: Array, directions: Array, reach: Array | float = np.inf
    ) -> tuple[Array, NDArray[np.int64], Array]:
        """Cast rays from one origin (3,) along (n, 3) unit directions.

        Returns distances (n,), inf where nothing was hit within `reach`; the triangles hit (n,), -1 for none; and the
        cosine of the angle between ray and surface (n,).
        """
        n = len(directions)
        far, which, facing = np.full(n, np.inf), np.full(n, -1, np.int64), np.zeros(n)
        limits = np.broadcast_to(np.minimum(reach, 1e6), (n,)).tolist()
        start, ray_cast = origin.tolist(), self.tree.ray_cast
        for i, direction in enumerate(directions.tolist()):
            _, normal, index, distance = ray_cast(start, direction, limits[i])
            if index is not None:
                far[i], which[i] = distance, index
                facing[i] = abs(normal[0] * direction[0] + normal[1] * direction[1] + normal[2] * direction[2])
        return far, which, facing


def solid_of(meshes: list[tuple[Any, Array]]) -> Solid:
    """Return the triangles of Blender meshes, each with its (4, 4) place, as one Solid."""
    points, triangles, reflectance, start = [], [], [], 0
    for mesh, place in meshes:
        mesh.calc_loop_triangles()
        xyz = np.empty(3 * len(mesh.vertices))
        mesh.vertices.foreach_get("co", xyz)
        corners = np.empty(3 * len(mesh.loop_triangles), np.int32)
        mesh.loop_triangles.foreach_get("vertices", corners)
        slots = np.empty(len(mesh.loop_triangles), np.int32)
        mesh.loop_triangles.foreach_get("material_index", slots)
        known = [m.get("reflectance", DEFAULT_REFLECTANCE) if m else DEFAULT_REFLECTANCE for m in mesh.materials]
        points.append(xyz.reshape(-1, 3) @ place[:3, :3].T + place[:3, 3])
        triangles.append(corners.reshape(-1, 3) + start)
        reflectance.append(np.array(known or [DEFAULT_REFLECTANCE])[np.minimum(slots, max(len(known) - 1, 0))])
        start += len(mesh.vertices)
    return Solid(np.concatenate(points), np.concatenate(triangles), np.concatenate(reflectance))
