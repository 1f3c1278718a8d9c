"""What fusion and tracking cost beside the detector: milliseconds a picture, on one core.

    python benchmarks/fusion/latency.py [--model nanodet-384x640-int8]

Every second picture of the bundled drive, and of the real KITTI drive where it is at hand. Results go to
benchmarks/results/fusion-latency.json.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from distances import DATA, moments

from tightrope.measure.environment import Watch
from tightrope.measure.statistics import Quantile
from tightrope.writing import write_text
from tightrope_road.detector import Detector
from tightrope_road.drive.perceive import LEAST_SCORE, combine
from tightrope_road.logs import open_log
from tightrope_road.tracking import Tracker
from tightrope_road.tracking.ego import Ego

RESULTS = Path(__file__).parents[1] / "results" / "fusion-latency.json"


def main() -> None:
    parser = argparse.ArgumentParser(description="Milliseconds of fusion and tracking.")
    parser.add_argument("--model", default="nanodet-384x640-int8")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    detector = Detector.load(arguments.model, score=LEAST_SCORE)
    sets: dict[str, Any] = {}
    with Watch(1) as watch:
        for name in ("sample", str(DATA / "kitti-drive-0052")):
            if name != "sample" and not DATA.is_dir():
                continue
            log, tracker, rows = open_log(name), Tracker(), []
            for moment in islice(moments(log), 0, None, 2):
                answer = detector(moment.shot.picture)
                begun = time.perf_counter()
                seen = combine(answer.result, moment)
                fused = time.perf_counter()
                tracker.update(seen, Ego.still(moment.shot.captured_at))
                rows.append((answer.times.total_ms, (fused - begun) * 1e3, (time.perf_counter() - fused) * 1e3))
            told = {
                stage: {f"p{p}": round(Quantile.of(list(column), p).value, 2) for p in (50, 90)}
                for stage, column in zip(("detector", "fusion", "tracking"), np.array(rows).T, strict=True)
            }
            sets[Path(name).name] = {**told, "pictures": len(rows)}
            print(Path(name).name, sets[Path(name).name])
    record = {"model": arguments.model, "sets": sets, "environment": watch.record.to_dict()}
    write_text(RESULTS, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
