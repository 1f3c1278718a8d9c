"""The Task's own score for a model that lives in another environment: not counted as user code, for users have one.

A process of Tightrope's environment scores the outputs; how to start it stands in the variable TIGHTROPE_SCORER.
"""

import atexit
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np


class Metric:
    """Share of the reference's accuracy that outputs keep on the calibration split; of several metrics the worst.

    Args:
        count: of the inputs in validation.npy.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        command = json.loads(os.environ["TIGHTROPE_SCORER"])
        self.scorer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self.scorer.communicate)  # it ends with its input; only what is waited for has its time counted

    def __call__(self, rows: Sequence[Sequence[np.ndarray]]) -> float:
        """Score outputs: those of each input of validation.npy, in its order.

        Raises:
            ValueError: they are more or fewer than the inputs.
        """
        if len(rows) != self.count:
            raise ValueError(f"{len(rows)} outputs for {self.count} inputs")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "outputs.npz"
            np.savez(file, *(np.stack(column) for column in zip(*rows, strict=True)))
            print(file, file=self.scorer.stdin, flush=True)
            return float(self.scorer.stdout.readline())
