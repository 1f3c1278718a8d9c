"""The road app's tab of the demo page."""

from __future__ import annotations
