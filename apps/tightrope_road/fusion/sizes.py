"""What road users usually measure: enough to complete the side of a car that no beam reaches, and to judge a distance.

A car's are the anchor that detectors for KITTI use since VoxelNet (Zhou and Tuzel 2018), a hand wider; ordinary vehicle
sheets for the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Size(NamedTuple):
    """Metres; `spread` and `length_spread` are standard deviations of height and length as shares of them."""

    length: float
    width: float
    height: float
    spread: float
    length_spread: float


_CAR = Size(3.9, 1.7, 1.55, 0.12, 0.1)
_VAN = Size(5.0, 1.95, 2.15, 0.12, 0.1)

SIZES: Mapping[str, Size] = {
    "car": _CAR,
    "truck": Size(7.5, 2.4, 3.0, 0.4, 0.4),
    "bus": Size(11.0, 2.6, 3.1, 0.25, 0.25),
    "train": Size(16.0, 2.5, 3.5, 0.15, 0.4),
    "person": Size(0.7, 0.6, 1.72, 0.12, 0.3),
    "bicycle": Size(1.8, 0.6, 1.6, 0.2, 0.2),
    "motorcycle": Size(2.1, 0.8, 1.5, 0.2, 0.2),
}
"""Of things that stand on the road. A traffic light or a sign hangs: its place is known from points alone."""

_VEHICLES = ("car", "truck", "bus")
_HIGHEST_CAR_M, _HIGHEST_VAN_M = 1.85, 2.6


def usual_size(kind: str, height: float | None) -> Size | None:
    """What such a thing measures; None: not known.

    A camera mixes up cars, vans and trucks, of which only the trucks are long: where the height (metres) is known, it
    says more than the name.
    """
    if kind in _VEHICLES and height is not None and height < _HIGHEST_VAN_M:
        return _CAR if height < _HIGHEST_CAR_M else _VAN
    return SIZES.get(kind)
