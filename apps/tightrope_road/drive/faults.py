"""Faults on purpose: what sensors, calibrations and computers do on bad days, in one option.

>>> faults = Faults.parse("drop-camera=0.1, lidar-stale=200ms, stall=300ms")
>>> faults["stall"]
0.3

Whatever is random comes from one seed, so that a run is repeated exactly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tightrope.errors import BadInputError, nearest

_UNITS = {"": 1.0, "s": 1.0, "ms": 1e-3, "deg": 1.0, "%": 1e-2}
_VALUE = re.compile(r"^(\d+(?:\.\d+)?|\.\d+)(s|ms|deg|%)?$")


@dataclass(frozen=True)
class Kind:
    """A fault: the unit of its value ('share', 's', 'deg' or 'number'), and what it does."""

    unit: str
    what: str


KINDS: Mapping[str, Kind] = {
    "drop-camera": Kind("share", "so many pictures never come"),
    "drop-lidar": Kind("share", "so many sweeps never come"),
    "camera-late": Kind("s", "pictures come so much after their capture"),
    "lidar-stale": Kind("s", "sweeps come so much after their capture"),
    "lidar-skew": Kind("s", "the LiDAR's clock is so much ahead of the camera's"),
    "jitter": Kind("s", "everything comes later by a random time up to this, also out of order"),
    "freeze-camera": Kind("s", "every two seconds the camera repeats its picture for so long"),
    "dark-camera": Kind("s", "every two seconds the picture is black for so long"),
    "lidar-nan": Kind("share", "from a second after the start so many points of each sweep are not numbers"),
    "lidar-sparse": Kind("share", "from a second after the start so many points of each sweep are missing"),
    "miscalibrate": Kind("deg", "the LiDAR is turned so much against its mount"),
    "stall": Kind("s", "every two seconds a run takes so much longer"),
    "hang": Kind("s", "every two seconds a run takes so much longer: give it a minute"),
    "error": Kind("share", "so many runs raise an error"),
    "hog": Kind("number", "so many other programs compute on the same core; at true speed only"),
}
_LARGEST = {"share": 1.0, "s": 3600.0, "deg": 45.0, "number": 64.0}


@dataclass(frozen=True)
class Faults:
    """Which faults, and how much of each.

    Attributes:
        values: kind -> share (0 to 1), seconds, degrees, or a number.
        seed: of all that is random.
    """

    values: Mapping[str, float]
    seed: int = 0

    @classmethod
    def parse(cls, text: str, seed: int = 0) -> Faults:
        """'stall=300ms,hog=2' to values; raises BadInputError for an unknown kind, or a value that makes no sense."""
        values: dict[str, float] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, value = part.partition("=")
            if name not in KINDS:
                raise BadInputError(f"no fault {name!r}{nearest(name, list(KINDS))}")
            values[name] = _value(name, value.strip())
        return cls(values, seed)

    def __getitem__(self, kind: str) -> float:
        """How much of it; 0 where it is not asked for."""
        return self.values.get(kind, 0.0)

    def __bool__(self) -> bool:
        return bool(self.values)

    def __str__(self) -> str:
        return ", ".join(f"{name}={value:g}" for name, value in self.values.items()) or "none"


def _value(name: str, text: str) -> float:
    kind = KINDS[name]
    found = _VALUE.match(text)
    units = {"s": ("s", "ms"), "deg": ("deg", ""), "share": ("", "%"), "number": ("",)}[kind.unit]
    if not found or (found[2] or "") not in units:
        example = {"s": "200ms", "deg": "1deg", "share": "0.1", "number": "2"}[kind.unit]
        raise BadInputError(f"{name}={text}: {kind.what}; write {name}={example}")
    value = float(found[1]) * _UNITS[found[2] or ""]
    if value > _LARGEST[kind.unit]:
        raise BadInputError(f"{name}={text} is more than {_LARGEST[kind.unit]:g}, the largest that makes sense")
    return value
