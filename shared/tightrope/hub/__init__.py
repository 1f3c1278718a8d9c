"""Artifacts to and from a Hugging Face hub, when a person asks for it: `tightrope push` and `tightrope pull`."""

from __future__ import annotations

import os

# Read when huggingface_hub is first imported: it would otherwise tell the hub about the machine that asks.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
