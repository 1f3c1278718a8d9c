"""Recorded drives, whatever wrote them, as one stream of what the sensors gave, in the order in which it came."""

from __future__ import annotations

from tightrope_road.logs.log import Broken, Event, Log, Shot, Sweep
from tightrope_road.logs.opening import open_log

__all__ = ["Broken", "Event", "Log", "Shot", "Sweep", "open_log"]
