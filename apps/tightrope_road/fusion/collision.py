"""Time to collision: the gap over the speed at which it closes, and how uncertain that is. A number, not a decision.

>>> Collision.of(gap_m=20.0, closing_mps=10.0, gap_error_m=0.2, closing_error_mps=1.0)
Collision(seconds=2.0, error_s=0.200...)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_SLOWEST_MPS = 0.5
_LONGEST_S = 60.0


@dataclass(frozen=True)
class Collision:
    """If both keep their speed, seconds until the gap is closed, and their standard deviation."""

    seconds: float
    error_s: float

    @classmethod
    def of(cls, gap_m: float, closing_mps: float, gap_error_m: float, closing_error_mps: float) -> Collision | None:
        """None: the gap does not close, not by more than its uncertainty, or not within a minute.

        The error is that of a quotient, to the first order.
        """
        if closing_mps <= max(_SLOWEST_MPS, closing_error_mps):
            return None
        seconds = gap_m / closing_mps
        if seconds > _LONGEST_S:
            return None
        return cls(seconds, math.hypot(gap_error_m, seconds * closing_error_mps) / closing_mps)
