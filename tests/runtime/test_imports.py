"""What importing the runtime costs: nothing that is not asked for."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import tightrope.runtime as runtime
assert not {"onnxruntime", "numpy", "tightrope.runtime.governor"} & set(sys.modules), "before anything is asked for"
from tightrope.runtime import FakeClock
assert "onnxruntime" not in sys.modules, "for a clock"
assert all(getattr(runtime, name) is not None for name in runtime.__all__)
assert not hasattr(runtime, "Engine")
"""


def test_each_name_is_imported_when_it_is_asked_for() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
