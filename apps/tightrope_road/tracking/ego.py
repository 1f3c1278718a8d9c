"""Where the camera itself is, seen from above, at one moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Flat = NDArray[np.float64]


@dataclass(frozen=True)
class Ego:
    """The camera on the ground of the world's frame (x and z of its first pose).

    Attributes:
        at_s: the moment, seconds.
        place: float64 [2], metres.
        turn: float64 [2, 2], from the camera's x and z to the world's.
        velocity: float64 [2], metres a second, the world's frame; None: its motion is not known, and the world is the
            camera's own frame, in which what stands moves.
    """

    at_s: float
    place: Flat
    turn: NDArray[np.float64]
    velocity: Flat | None

    @classmethod
    def still(cls, at_s: float) -> Ego:
        """Of a camera whose motion is not known."""
        return cls(at_s, np.zeros(2), np.eye(2), None)

    def to_world(self, centre: Flat) -> Flat:
        """A place [2] in the camera's frame in the world's."""
        return self.turn @ centre + self.place

    def to_camera(self, centre: Flat) -> Flat:
        """A place [2] in the world's frame in the camera's."""
        return self.turn.T @ (centre - self.place)

    def relative(self, velocity: Flat) -> Flat:
        """A velocity [2] in the world's frame as the camera sees it; its own turning is left out."""
        own = np.zeros(2) if self.velocity is None else self.velocity
        return self.turn.T @ (velocity - own)
