"""LiDAR sweeps: files to points, points to ground and clusters, clusters to boxes. Needs numpy and OpenCV alone."""

from __future__ import annotations

from tightrope_road.lidar.files import SUFFIXES, read_points
from tightrope_road.lidar.points import PointCloud

__all__ = ["SUFFIXES", "PointCloud", "read_points"]
