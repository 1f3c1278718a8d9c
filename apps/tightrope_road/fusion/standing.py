"""The points of a sweep that stand on the ground, as the camera sees them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tightrope_road.calibration.camera import Camera
from tightrope_road.lidar.clusters import find_clusters, standing
from tightrope_road.lidar.ground import find_ground
from tightrope_road.lidar.points import PointCloud

Flat = NDArray[np.float64]


@dataclass(frozen=True)
class Standing:
    """Points that stand on the ground.

    Attributes:
        places: float64 [n, 3], the camera's frame.
        pixels: float64 [n, 2]; NaN behind the camera.
        distance: float64 [n], level, from the camera.
        thing: int32 [n], number of the cluster, -1 for none.
        bearing: float64 [n], radians from straight ahead to the right, from the LiDAR.
        things: how many clusters there are.
        ends: the bearings between which the sweep has points.
    """

    places: Flat
    pixels: Flat
    distance: Flat
    thing: NDArray[np.int32]
    bearing: Flat
    things: int
    ends: tuple[float, float]

    def members(self, number: int) -> NDArray[np.intp]:
        """Indices of the points of a cluster."""
        order, starts = self._by_thing
        return order[starts[number] : starts[number + 1]]

    @cached_property
    def _by_thing(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Indices sorted by cluster, and where each cluster begins among them."""
        order = np.argsort(self.thing, kind="stable")
        return order, np.searchsorted(self.thing[order], np.arange(self.things + 1))


def stand(points: PointCloud, camera: Camera) -> Standing:
    chosen = standing(points.xyz, find_ground(points.xyz).height)
    xyz = points.xyz[chosen]
    places = camera.to_camera(xyz)
    seen, ahead = camera.project(places)
    pixels = np.full((len(places), 2), np.nan)
    pixels[ahead] = seen
    away = places - camera.lidar_to_camera[:3, 3]
    bearing = np.arctan2(away[:, 0], away[:, 2])
    ends = (float(bearing.min()), float(bearing.max())) if len(bearing) else (0.0, 0.0)
    thing = find_clusters(xyz)
    count = int(thing.max(initial=-1)) + 1
    return Standing(places, pixels, np.hypot(places[:, 0], places[:, 2]), thing, bearing, count, ends)
