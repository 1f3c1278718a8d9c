"""MCAP recordings, without ROS: Foxglove's schemas as JSON or protobuf, and ROS 2 messages (CDR)."""

from __future__ import annotations

from tightrope_road.logs.mcap.opening import open_mcap

__all__ = ["open_mcap"]
