"""The ground under a sweep: one plane near the vehicle, bent with what lies lowest farther away.

The seeds and the refinement of the plane are those of Zermas, Izzat and Papanikolopoulos, 'Fast Segmentation of 3D
Point Clouds', ICRA 2017; the correction by cells is ours, for roads that rise or fall.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_NEAR_M = 25.0
_ROUNDS = 4
_SEED_M = 0.4
_PLANE_M = 0.2
_CELL_M = 3.0
_STEEPEST = 0.05
"""How far the ground may leave the plane: metres a metre of distance, as on the steepest main roads."""
_FEWEST = 20


@dataclass(frozen=True)
class Ground:
    """Height above the ground of every point of a sweep, metres; float32 [n]."""

    height: NDArray[np.float32]


def find_ground(xyz: NDArray[np.float32]) -> Ground:
    """Heights of points [n, 3] of a sensor that stands upright, z up. Of fewer than 20 points the lowest is ground."""
    if len(xyz) < _FEWEST:
        lowest = xyz[:, 2].min() if len(xyz) else 0.0
        return Ground((xyz[:, 2] - lowest).astype(np.float32))
    slope = _plane(xyz)
    above = (xyz[:, 2] - (xyz[:, :2] @ slope[:2] + slope[2])).astype(np.float32)
    return Ground(above - _bend(xyz, above))


def _plane(xyz: NDArray[np.float32]) -> NDArray[np.float64]:
    """a, b, c of the plane z = a x + b y + c."""
    distance = np.hypot(xyz[:, 0], xyz[:, 1])
    near = xyz[distance < _NEAR_M]
    near = near if len(near) >= _FEWEST else xyz
    low = np.quantile(near[:, 2], 0.1)
    # What lies far below is a reflection, not the ground.
    inside = near[np.abs(near[:, 2] - low) < _SEED_M]
    plane = np.array([0.0, 0.0, float(np.median(inside[:, 2]))])
    for _ in range(_ROUNDS):
        chosen = np.abs(near[:, 2] - near[:, :2] @ plane[:2] - plane[2]) < _PLANE_M
        if chosen.sum() < _FEWEST:
            break
        rows = np.column_stack([near[chosen, :2], np.ones(chosen.sum())]).astype(np.float64)
        fitted = np.linalg.lstsq(rows, near[chosen, 2].astype(np.float64), rcond=None)[0]
        if np.hypot(*fitted[:2]) > _STEEPEST:
            break
        plane = fitted
    return plane


def _bend(xyz: NDArray[np.float32], above: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the ground is higher than the plane at each point, from the lowest points of its cell and its neighbours."""
    distance = np.hypot(xyz[:, 0], xyz[:, 1])
    allowed = (_PLANE_M + _STEEPEST * np.maximum(0.0, distance - _NEAR_M / 2)).astype(np.float32)
    candidate = np.abs(above) < allowed
    if not candidate.any():
        return np.zeros(len(xyz), np.float32)
    corner = xyz[:, :2].min(axis=0)
    cells = ((xyz[:, :2] - corner) / _CELL_M).astype(np.intp)
    shape = cells.max(axis=0) + 1
    if shape.prod() > 4_000_000:  # stray points far away
        return np.zeros(len(xyz), np.float32)
    lowest = np.full(shape, np.inf, np.float32)
    np.minimum.at(lowest, (cells[candidate, 0], cells[candidate, 1]), above[candidate])
    known = np.isfinite(lowest).astype(np.float32)
    total = cv2.boxFilter(np.where(known > 0, lowest, 0), -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    count = cv2.boxFilter(known, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    smooth = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    return np.asarray(smooth[cells[:, 0], cells[:, 1]], np.float32)
