"""The programs under tools/, as modules, and what they make of real radiographs."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
from pydicom.dataset import Dataset

from tightrope_triage.data import Case

TOOLS = Path(__file__).parents[2] / "tools"


def tool(name: str) -> ModuleType:
    """tools/<name>.py."""
    if str(TOOLS) not in sys.path:
        sys.path.append(str(TOOLS))
    return importlib.import_module(name)


def as_dx(case: Case, size: int = 512) -> Dataset:
    """A radiograph as a DX object, uncompressed, of size x size pixels and 12 bits."""
    writer = tool("write_dx")
    row = writer.Case(case.path, 1, case.view, case.age, case.sex, 0.2)
    values = writer.sensor_values(writer.read_picture(row), size, np.random.default_rng(0))
    dataset: Dataset = writer.dx_object(values, row, 0.2)
    return dataset
