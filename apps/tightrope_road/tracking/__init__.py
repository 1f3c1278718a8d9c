"""Tracking: observations of one moment after the other become things with an identity, a speed and an age.

A module of our own, because the maintained libraries count frames where this needs seconds (pictures are dropped), know
no places in metres, and bring much along: trackers 2.6 SciPy and supervision, norfair 2.3 a NumPy below 2.
"""

from __future__ import annotations

from tightrope_road.tracking.obstacle import Obstacle, Status
from tightrope_road.tracking.tracker import Tracker

__all__ = ["Obstacle", "Status", "Tracker"]
