"""The `tightrope` command."""

from __future__ import annotations
