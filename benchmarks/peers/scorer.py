"""Score what a peer's accuracy control tries: started by `by/metric.py`, one line in and one number out at a time.

    python benchmarks/peers/scorer.py CASE WORK

A line names an .npz with the outputs on validation.npy.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from cases import all_cases
from inputs import worst_share

from tightrope.compress.scores import metrics
from tightrope.runtime.session import Session


def main() -> None:
    name, work = sys.argv[1], Path(sys.argv[2])
    task = all_cases(work)[name].make()
    reference = metrics(task.evaluate(Session(work / name / "model.onnx"), "calibration"))
    for line in sys.stdin:
        with np.load(line.strip()) as outputs:
            print(worst_share(task, [outputs[key] for key in outputs.files], reference), flush=True)


if __name__ == "__main__":
    main()
