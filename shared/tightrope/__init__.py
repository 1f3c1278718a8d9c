"""Tightrope: compress a network until it fits its latency budget, prove it, and keep it inside while it runs."""

from __future__ import annotations

__version__ = "0.1.0"
