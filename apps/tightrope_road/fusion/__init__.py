"""Late fusion: camera boxes get a place from LiDAR points, and what the camera did not name stays an obstacle."""

from __future__ import annotations

from tightrope_road.fusion.fuse import fuse
from tightrope_road.fusion.observation import Observation, Place

__all__ = ["Observation", "Place", "fuse"]
