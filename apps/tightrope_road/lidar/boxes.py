"""A box around the points of one thing, seen from above: an L-shape fit, completed by what such things measure.

The fit is the 'closeness' search of Zhang, Xu, Dong and Dolan, 'Efficient L-Shape Fitting for Vehicle Detection Using
Laser Scanners', IV 2017. A sweep sees only the sides that face it; the rest of a car is where a car's length puts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Flat = NDArray[np.float64]

_ANGLES = np.radians(np.arange(0.0, 90.0, 3.0))
_CLOSEST_M = 0.05
_ENOUGH = 200
"""So many points tell a direction."""
_END_M, _END_SHARE = 0.4, 0.6
"""An end is seen where points so close to it spread over so much of the width."""
_ACROSS = 0.35
"""Cosine between an axis and the line of sight, below which the axis lies across it."""
_EDGE = 0.01
"""Share of the points that may lie outside of two sides, as mirrors do."""


@dataclass(frozen=True)
class FlatBox:
    """A rectangle on the ground, metres.

    Attributes:
        centre: float64 [2].
        axis: float64 [2], unit vector along its length.
        length, width: along the axis and across it.
    """

    centre: Flat
    axis: Flat
    length: float
    width: float

    def corners(self) -> Flat:
        """float64 [4, 2], in order around."""
        along = self.axis * self.length / 2
        across = np.array([-self.axis[1], self.axis[0]]) * self.width / 2
        offsets = [along + across, along - across, -along - across, -along + across]
        return np.asarray(self.centre + np.array(offsets), np.float64)

    def gap(self) -> float:
        """Distance from the origin to the nearest point of it; 0 inside."""
        local = np.array([self.axis @ self.centre, self.axis[0] * self.centre[1] - self.axis[1] * self.centre[0]])
        outside = np.maximum(0.0, np.abs(local) - (self.length / 2, self.width / 2))
        return float(np.hypot(*outside))


class Usual(NamedTuple):
    """What such things measure, metres.

    Attributes:
        length, width: the usual ones.
        shortest: length from which on a side that is seen is taken to be whole.
    """

    length: float
    width: float
    shortest: float


def fit_box(points: Flat, usual: Usual | None = None, grid: float | None = None, cut: bool = False) -> FlatBox:
    """The box of a thing.

    Args:
        points: float64 [n, 2], n > 0, metres on the ground, the sensor at the origin.
        usual: of such things; None: the box ends where the points do.
        grid: direction, radians, that the thing is likely to be parallel or at right angles to.
        cut: it reaches out of what the sensors see, on the side that is nearer to them.

    Returns:
        FlatBox; where `usual` is given it is never smaller than that, and grows to where nothing can be seen.
    """
    angle = _angle(points, grid)
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    seen = points @ axes.T
    low, high = bounds(seen, _EDGE / 2)
    if usual is not None:
        view = axes @ _direction(points)
        low, high = _completed(low, high, usual, view, cut and not _end_seen(seen, low, high, view, usual))
    extent, centre = high - low, (low + high) / 2 @ axes
    along = int(extent[1] > extent[0])
    return FlatBox(centre, axes[along], float(extent[along]), float(extent[1 - along]))


def bounds(values: Flat, share: float) -> tuple[Flat, Flat]:
    """The smallest and the largest of each column of [n, m], n > 0, without this share of them at either end."""
    ordered = np.sort(values, axis=0)
    left_out = int(share * (len(values) - 1) + 0.5)
    return ordered[left_out], ordered[len(values) - 1 - left_out]


def _direction(points: Flat) -> Flat:
    middle = np.median(points, axis=0)
    return np.asarray(middle / max(1e-9, float(np.hypot(*middle))), np.float64)


def _angle(points: Flat, grid: float | None) -> float:
    """The direction of one side, radians."""
    if len(points) < 3:
        return float(np.arctan2(*_direction(points)[::-1])) if grid is None else grid
    points = points[:: 1 + len(points) // _ENOUGH]
    angles = _ANGLES if grid is None else grid + _ANGLES
    axes = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    first, second = points @ axes.T, points @ np.stack([-axes[:, 1], axes[:, 0]])
    nearest = np.minimum(_to_side(first), _to_side(second))
    scores = (1 / np.maximum(nearest, _CLOSEST_M)).sum(axis=0)
    if grid is not None:
        # Most things on a road are parallel to it; another direction must fit clearly better.
        scores[0] *= 1.2
    return float(angles[int(np.argmax(scores))])


def _to_side(values: Flat) -> Flat:
    return np.asarray(np.minimum(values - values.min(axis=0), values.max(axis=0) - values), np.float64)


def _end_seen(seen: Flat, low: Flat, high: Flat, view: Flat, usual: Usual) -> bool:
    """Whether the points show the narrow end that faces the sensor."""
    along = int(np.argmax(high - low))
    near = seen[:, along] - low[along] if view[along] > 0 else high[along] - seen[:, along]
    end = seen[near < _END_M, 1 - along]
    return len(end) > 2 and float(np.ptp(end)) > _END_SHARE * usual.width


def _completed(low: Flat, high: Flat, usual: Usual, view: Flat, cut: bool) -> tuple[Flat, Flat]:
    """Grow to the usual measures: away from the sensor, or to both sides across the line of sight.

    What is longer than wide shows its side; else it is its narrow end that faces the sensor. The far end of a side
    that is cut is seen, so there it is the near one that is missing.
    """
    extent = high - low
    side = extent.max() > 1.25 * usual.width
    along = int(np.argmax(extent if side else np.abs(view)))
    wanted = np.full(2, usual.width)
    wanted[along] = extent[along] if side and not cut and extent[along] >= usual.shortest else usual.length
    missing = np.maximum(0.0, wanted - extent)
    share = np.where(np.abs(view) < _ACROSS, 0.5, (view > 0).astype(float))
    if cut:
        share[along] = float(view[along] < 0)
    return low - missing * (1 - share), high + missing * share
