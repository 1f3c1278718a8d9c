"""Photo to overlay on one thread, by stage, for pictures of 12 and of 2 megapixels; and the memory that it takes.

    python benchmarks/camera/latency.py [--signs 40] [--rounds 1] [--reader out/signs-int8]

Rendered signs, enlarged to the size that a telephone or a video camera gives, with its grain, as JPEG.
Reading the file counts; the sides that the detector may see are compared on the same pictures,
and with `--reader` the networks of the wheel with compressed ones.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from render_signs import LANGUAGES, render
from sign_texts import SIGNS

from tightrope.measure.environment import Watch
from tightrope.measure.statistics import Percentiles
from tightrope.runtime.clock import Clock, SystemClock
from tightrope.writing import write_text
from tightrope_translate.engine import OTHER, Engine
from tightrope_translate.image.pictures import read_photograph
from tightrope_translate.image.reader import Reader
from tightrope_translate.image.translated import SignTranslator

RESULTS = Path(__file__).parents[1] / "results" / "camera-latency.json"
BUDGET_MS = 1500
SIZES = {"12 megapixels": (4000, 3000), "2 megapixels": (1632, 1224)}


class CpuClock:
    """CPU seconds of this process: on one thread, what an idle machine's clock would show."""

    def now(self) -> float:
        return time.process_time()


def main() -> None:
    parser = argparse.ArgumentParser(description="Photo to overlay on one thread.")
    parser.add_argument("--signs", type=int, default=len(SIGNS))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--sides", type=int, nargs="+", default=[960])
    parser.add_argument("--cpu-time", action="store_true", help="count the process's CPU time: for a busy machine")
    parser.add_argument(
        "--reader", type=Path, help="artifact of `reader_task.py`, measured beside the wheel's networks"
    )
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    clock: Clock = CpuClock() if arguments.cpu_time else SystemClock()
    cv2.setNumThreads(1)
    engine = Engine.open()
    before = psutil.Process().memory_info().rss
    result: dict[str, Any] = {"budget_ms": BUDGET_MS, "clock": "CPU time" if arguments.cpu_time else "wall clock"}
    with tempfile.TemporaryDirectory() as folder, Watch(1) as watch:
        for size in SIZES:
            _photograph(Path(folder), size, arguments.signs)
        for reader, side in product(dict.fromkeys((None, arguments.reader)), arguments.sides):
            signs = SignTranslator(Reader.load(reader, side=side), engine, clock)
            for size in SIZES:
                photos = sorted(Path(folder, size).iterdir())
                name = f"{size}, detector {side}{'' if reader is None else ', ' + reader.name}"
                result[name] = measure(signs, photos, arguments.rounds, clock)
                result[name]["met"] = result[name]["total"]["p90"]["value"] <= BUDGET_MS
    result["rss_mb"] = round(psutil.Process().memory_info().rss / 2**20)
    result["rss_before_mb"] = round(before / 2**20)
    result["environment"] = watch.record.to_dict()
    write_text(arguments.out, json.dumps(result, indent=1) + "\n")
    for name, row in result.items():
        if isinstance(row, dict) and "total" in row:
            stages = {stage: value for stage, value in row.items() if stage != "met"}
            times = (f"{stage} {v['p50']['value']:.0f}/{v['p90']['value']:.0f}" for stage, v in stages.items())
            print(name, "met " if row["met"] else "MISSED ", "  ".join(times))
    print(f"ms at p50/p90; {result['rss_mb']} MB in the end, {result['rss_before_mb']} MB of them before any model")


def measure(signs: SignTranslator, photos: list[Path], rounds: int, clock: Clock) -> dict[str, Any]:
    """Percentiles of every stage, reading included; the first picture warms up."""
    now, samples = clock.now, {}
    for photo in photos[:1] + photos * rounds:
        language = photo.stem.split("-")[1]
        start = now()
        picture, photograph = read_photograph(photo)
        times = {"read": (now() - start) * 1e3}
        times |= signs.translate(picture, language, OTHER[language], photograph=photograph).milliseconds
        for stage, value in (*times.items(), ("total", sum(times.values()))):
            samples.setdefault(stage, []).append(value)
    return {stage: Percentiles.of(values[1:]).to_dict() for stage, values in samples.items()}


def _photograph(folder: Path, size: str, signs: int) -> None:
    (folder / size).mkdir()
    rng = np.random.default_rng(0)
    for sign in range(signs):
        language = LANGUAGES[sign % 2]
        large = cv2.resize(render(sign, language, "clean").picture, SIZES[size], interpolation=cv2.INTER_CUBIC)
        noisy = cv2.add(large, rng.integers(0, 12, large.shape, np.uint8))
        cv2.imwrite(str(folder / size / f"{sign:02d}-{language}.jpg"), noisy, [cv2.IMWRITE_JPEG_QUALITY, 92])


if __name__ == "__main__":
    main()
