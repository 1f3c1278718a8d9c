"""The translate app's tab of the demo page."""

from __future__ import annotations
