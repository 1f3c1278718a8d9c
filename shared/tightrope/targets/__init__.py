"""Instruction sets as data: which int8 form each one wants, and what int8 is expected to bring there.

>>> from tightrope.targets import load
>>> load("x86-avx2").reduce_range
True
"""

from __future__ import annotations

from tightrope.targets.target import Target, detect, load, target_names

__all__ = ["Target", "detect", "load", "target_names"]
