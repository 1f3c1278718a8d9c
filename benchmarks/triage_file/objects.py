"""DX objects of 2048 x 2048 pixels and 12 bits to measure on, made from held-out radiographs by tools/write_dx.py.

They are NIH's pictures of 512 pixels enlarged, with a sensor's noise: they cost what real ones cost to decode, but show
no finer detail than 512 pixels do.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from tightrope_triage.data import read_nih

SIZE = 2048
FOLD = 0  # whom the shipped network's training held out
NOTE = f"NIH radiographs enlarged to {SIZE} x {SIZE}, 12 bits, with a sensor's noise (tools/write_dx.py)"


def writer() -> Any:
    """tools/write_dx.py as a module."""
    tools = str(Path(__file__).parents[2] / "tools")
    if tools not in sys.path:
        sys.path.append(tools)
    import write_dx

    return write_dx


def held_out(data: Path, count: int) -> list[Any]:
    """`count` of the adults whom the network never saw, evenly spread, as write_dx's cases."""
    tested = {case.path.name for case in read_nih(data, FOLD) if case.split == "test"}
    cases = [case for case in writer().read_cases(data) if case.picture.name in tested]
    return cases[:: max(1, len(cases) // count)][:count]


def dx(case: Any) -> Any:
    """An uncompressed DX dataset of a case; the same every time."""
    tool = writer()
    grey = tool.read_picture(case)
    values = tool.sensor_values(grey, SIZE, np.random.default_rng(case.number))
    return tool.dx_object(values, case, case.spacing_mm * grey.shape[1] / SIZE)
