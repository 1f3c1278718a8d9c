"""A Kalman filter for things that keep their speed: one of place and speed an axis, the axes apart.

>>> import numpy as np
>>> motion = Motion.at(np.array([10.0]), np.array([0.04]), np.array([25.0]))
>>> for step in range(1, 20):
...     motion = motion.after(0.1, np.array([1.0])).seen(np.array([10.0 + 0.2 * step]), np.array([0.04]))
>>> bool(abs(motion.speed[0] - 2.0) < 0.3)
True
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Flat = NDArray[np.float64]


@dataclass(frozen=True)
class Motion:
    """Place and speed on each of n axes.

    Attributes:
        place, speed: float64 [n]; metres and metres a second, or pixels.
        covariance: float64 [n, 2, 2], of (place, speed) on each axis.
    """

    place: Flat
    speed: Flat
    covariance: NDArray[np.float64]

    @classmethod
    def at(cls, place: Flat, place_variance: Flat, speed_variance: Flat) -> Motion:
        """At rest, as far as is known."""
        covariance = np.zeros((len(place), 2, 2))
        covariance[:, 0, 0], covariance[:, 1, 1] = place_variance, speed_variance
        return cls(place, np.zeros(len(place)), covariance)

    def after(self, seconds: float, acceleration_variance: Flat) -> Motion:
        """Where it will be; its speed changes at random, by this much variance [n] a second."""
        step = np.array([[1.0, seconds], [0.0, 1.0]])
        # Bar-Shalom, Li and Kirubarajan, 'Estimation with Applications to Tracking and Navigation', 2001, eq. 6.2.2-12.
        noise = np.array([[seconds**3 / 3, seconds**2 / 2], [seconds**2 / 2, seconds]])
        covariance = step @ self.covariance @ step.T + acceleration_variance[:, None, None] * noise
        return Motion(self.place + self.speed * seconds, self.speed, covariance)

    def seen(self, place: Flat, variance: Flat) -> Motion:
        """After a measurement of the place [n] of this variance [n]."""
        gain = self.covariance[:, :, 0] / (self.covariance[:, 0, 0] + variance)[:, None]
        wrong = place - self.place
        covariance = self.covariance - gain[:, :, None] * self.covariance[:, None, 0, :]
        return Motion(self.place + gain[:, 0] * wrong, self.speed + gain[:, 1] * wrong, covariance)
