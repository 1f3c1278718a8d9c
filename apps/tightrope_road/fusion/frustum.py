"""Which of the points behind a camera's box are of the thing in it.

A box also holds what is in front of a thing, beside it and behind it. Sorted by distance, the points of one thing lie
close together; of the groups, that one is taken which is large enough, covers enough of the box and fits the distance
at which such a thing would look as large as it does. Never the mean: it lies where nothing is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tightrope_road.fusion.sizes import Size
from tightrope_road.fusion.standing import Standing
from tightrope_road.lidar.boxes import bounds

Flat = NDArray[np.float64]

_MARGIN = 0.05
"""Share of a box that is left out at each side: there lies what is behind."""
_BREAK_M, _BREAK = 0.8, 0.02
"""A gap in distance that parts two things: metres, and a share of the distance."""
_FEWEST = 2
_DOUBT = 0.25
"""Standard deviation of the log of (distance / distance by size), beyond that of the size itself."""
_NEARER = 0.01
_RASTER = 6
_STRAY = 0.05
_SMALLEST = 0.04
_LEAST = 0.05


def inside(pixels: Flat, box: Flat, margin: float = _MARGIN) -> NDArray[np.bool_]:
    """Which pixels [n, 2] lie in a box and not within `margin`, a share of its measures, of its sides."""
    edge = margin * np.tile(box[2:] - box[:2], 2)
    left, top, right, bottom = box + np.array([1, 1, -1, -1]) * edge
    x, y = pixels[:, 0], pixels[:, 1]
    return np.asarray((x > left) & (x < right) & (y > top) & (y < bottom))


def nearest_thing(
    scene: Standing, box: Flat, width: int, expected: float | None, size: Size | None
) -> NDArray[np.intp] | None:
    """The points that are of the thing in a box, indices; None if there are none.

    Args:
        box: [4], the camera's box.
        width: of the picture, pixels.
        expected: distance by the height of the box, metres; None: nothing is known.
        size: of such things; None: nothing is known.
    """
    behind = np.flatnonzero(inside(scene.pixels, box))
    found = [group for group in _groups(scene.distance[behind], scene.thing[behind]) if len(group) >= _FEWEST]
    if not found:
        return None
    # What has far fewer points than the largest group is a twig in front, or a gap to what is behind.
    enough = _SMALLEST * max(len(group) for group in found)
    groups = [behind[group] for group in found if len(group) >= enough]
    scores = [
        _covered(scene.pixels[group], box)
        + _fitting(scene.distance[group], expected, size)
        + _compact(scene.places[group][:, [0, 2]], size)
        + _beside(scene, group, box, width)
        for group in groups
    ]
    return groups[int(np.argmax(scores))]


def _groups(distance: Flat, thing: NDArray[np.int32]) -> list[NDArray[np.intp]]:
    """Points without a gap in distance between them, and of these once more those of one cluster alone."""
    order = np.argsort(distance)
    steps = np.diff(distance[order])
    ends = np.flatnonzero(steps > _BREAK_M + _BREAK * distance[order][:-1]) + 1
    whole = np.split(order, ends)
    parts = [
        group[thing[group] == number]
        for group in whole
        for number in np.unique(thing[group])
        if number >= 0 and (thing[group] != number).any()
    ]
    return [*whole, *parts]


def _covered(pixels: Flat, box: Flat) -> float:
    """Log of the share of a coarse raster over the box that the points fill: not of how many beams there are."""
    cells = np.clip((pixels - box[:2]) / (box[2:] - box[:2]) * _RASTER, 0, _RASTER - 1).astype(int)
    return float(np.log(len(np.unique(cells[:, 0] * _RASTER + cells[:, 1])) / _RASTER**2))


def _fitting(distance: Flat, expected: float | None, size: Size | None) -> float:
    """Log of how likely this distance is; of two that are equally likely the nearer one."""
    middle = float(np.median(distance))
    score = -_NEARER * middle
    if expected is not None and size is not None:
        score -= 0.5 * (np.log(middle / expected) / np.hypot(size.spread, _DOUBT)) ** 2
    return float(score)


def _compact(places: Flat, size: Size | None) -> float:
    """Log of how likely a thing of that size is to have points so far apart."""
    if size is None:
        return 0.0
    low, high = bounds(places, _STRAY)
    extent = float(np.hypot(*(high - low)))
    excess = max(0.0, extent / np.hypot(size.length * (1 + size.length_spread), size.width) - 1)
    return float(-0.5 * (excess / _DOUBT) ** 2)


def _beside(scene: Standing, group: NDArray[np.intp], box: Flat, width: int) -> float:
    """Log of how well left and right of the box are left and right of the thing: of one that hides it they are not."""
    low, high = sides(scene, group, width)
    common = max(0.0, min(high, box[2]) - max(low, box[0]))
    return float(np.log(max(_LEAST, common / (max(high, box[2]) - min(low, box[0])))))


def sides(scene: Standing, group: NDArray[np.intp], width: int) -> tuple[float, float]:
    """Where the thing that a group of points is of begins and ends in the picture, also outside of its box; pixels."""
    distance = scene.distance[group]
    whole = np.concatenate([group, *(scene.members(number) for number in np.unique(scene.thing[group]) if number >= 0)])
    far = scene.distance[whole]
    same = whole[(far >= distance.min() - _BREAK_M) & (far <= distance.max() + _BREAK_M)]
    across = scene.pixels[same, 0]
    across = across[(across >= 0) & (across < width)]
    across = across if len(across) else scene.pixels[group, 0]
    return float(across.min()), float(across.max())
