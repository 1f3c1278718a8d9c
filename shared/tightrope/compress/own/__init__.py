"""A model that someone brings, compressed without code: an ONNX graph or a torchvision network, and data."""

from __future__ import annotations

from tightrope.compress.own.brought import is_own
from tightrope.compress.own.opening import Opened, default_recipe, open_own
from tightrope.compress.own.settings import OwnSettings
from tightrope.compress.own.task import OwnTask

__all__ = ["Opened", "OwnSettings", "OwnTask", "default_recipe", "is_own", "open_own"]
