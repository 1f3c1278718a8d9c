"""From a DICOM file to the result, for each transfer syntax; and what the heat map, its picture and the report add.

    python benchmarks/triage_file/latency.py --data DIR [ARTIFACT] [--files 4] [--rounds 50]
    python benchmarks/triage_file/latency.py --data DIR --share 0.5 --rounds 30

Files of 2048 x 2048 pixels and 12 bits, warm in the file cache, one thread. All syntaxes run interleaved, in a new
random order every round. With a share below 1 all that is timed runs on one core with that share of its time, as
`tightrope emulate` grants it, against a limit that is longer by as much; its figures go to a file of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from objects import NOTE, dx, held_out, writer

from tightrope.artifact import Artifact
from tightrope.budget import Budget
from tightrope.measure.environment import Watch
from tightrope.measure.latency import interleaved
from tightrope.measure.statistics import Percentiles, Quantile
from tightrope.models import open_artifact
from tightrope.runtime.device import Device, run_emulated
from tightrope.runtime.summary import EMULATED
from tightrope.writing import write_text
from tightrope_triage.app import APP
from tightrope_triage.commands import DEFAULT_MODEL
from tightrope_triage.dicom import DecodedOnce, display_pixels, read_dataset
from tightrope_triage.outputs.capture import secondary_capture
from tightrope_triage.outputs.files import encoded, write_outputs
from tightrope_triage.outputs.jsonl import JsonLines
from tightrope_triage.outputs.overlay import SEEN_PIXELS, render
from tightrope_triage.outputs.sr import structured_report
from tightrope_triage.triager import Triager

RESULTS = Path(__file__).parents[1] / "results"
SYNTAXES = ("explicit-le", "deflated", "rle", "jpeg-lossless", "jpeg-ls", "j2k")
WRITTEN = ("jpeg-lossless", "j2k")  # the slowest to decode, and the one that is decoded in part
JUDGED = ("file_to_result_ms", "file_to_report_ms")  # held against the budget
Runs = dict[str, Callable[[], Any]]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("artifact", nargs="?", default=DEFAULT_MODEL, help="shipped name or folder")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds cxr-nih")
    parser.add_argument("--files", type=int, default=4, help="radiographs in each syntax")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--folder", type=Path, help="keep the files there, or take them if they are there already")
    parser.add_argument("--share", type=float, default=1.0, help="of one core's time, emulated")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        files = write(arguments.data, folder, arguments.files)
        if arguments.share < 1 and EMULATED not in os.environ:
            command = [sys.executable, __file__, *sys.argv[1:], "--folder", str(folder)]
            return run_emulated(command, Device(arguments.share, cores=1))[0]
        artifact = open_artifact("triage", arguments.artifact)
        result = measure(artifact, files, arguments.rounds, arguments.share, Path(temporary))
    name = "triage-file-emulated.json" if result["emulated"] else "triage-file.json"
    write_text(RESULTS / name, json.dumps(result, indent=1) + "\n")
    show(result)
    return 0 if all(row["met"] for group in JUDGED for row in result[group].values()) else 1


def write(data: Path, folder: Path, count: int) -> dict[str, list[Path]]:
    """`count` files of each syntax, of the same radiographs."""
    tool = writer()
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, list[Path]] = {syntax: [] for syntax in SYNTAXES}
    for case in held_out(data, count):
        for syntax in SYNTAXES:
            path = folder / f"{case.number:04}.{syntax}.dcm"
            if not path.exists():
                tool.encode(dx(case), tool.SYNTAXES[syntax]).save_as(path, enforce_file_format=True)
            files[syntax].append(path)
    return files


def measure(
    artifact: Artifact, files: Mapping[str, list[Path]], rounds: int, share: float, scratch: Path
) -> dict[str, Any]:
    """Percentiles of every syntax with the budget's verdict, of the results' parts, and the environment.

    The budget is that of a whole core, so `share` of one has longer.
    """
    budget = APP.budget().profile(None)
    limit_ms = budget.latency_ms / share
    triager = Triager(artifact, budget.threads, heat=True)
    with Watch(budget.threads) as watch:
        judged = interleaved(
            {syntax: _each_in_turn(triager, paths) for syntax, paths in files.items()}, rounds, warmup=4
        )
        drawn = interleaved(_drawing(triager, files), rounds, warmup=2)
        reported = interleaved(_writing(triager, files, scratch), rounds, warmup=2)
    return {
        "what": "DICOM file to result, one thread, warm file cache",
        "emulated": os.environ.get(EMULATED),
        "artifact": artifact.manifest.name,
        "graph_sha256": artifact.manifest.graphs["model"].sha256,
        "made_from": NOTE,
        "bytes": {syntax: [path.stat().st_size for path in paths] for syntax, paths in files.items()},
        "file_to_result_ms": {syntax: _row(values, budget, limit_ms) for syntax, values in judged.items()},
        "file_to_report_ms": {name: _row(values, budget, limit_ms) for name, values in reported.items()},
        "results_ms": {name: Percentiles.of(values).to_dict() for name, values in drawn.items()},
        "environment": watch.record.to_dict(),
    }


def _drawing(triager: Triager, files: Mapping[str, list[Path]]) -> Runs:
    """What --out and --heat do after the judgement; the heat map itself is an output of the same graph."""
    runs: Runs = {}
    for syntax, paths in files.items():
        dataset = read_dataset(paths[0])
        runs[f"decode for the eye, {syntax}"] = partial(display_pixels, dataset, 1, SEEN_PIXELS)
    reading = next(found for found in (triager(path).result for path in paths) if found.heat is not None)
    displayed = display_pixels(dataset, 1, SEEN_PIXELS)
    picture = render(displayed, reading)
    return {
        **runs,
        "draw the picture without the heat map": lambda: render(displayed, replace(reading, heat=None)),
        "draw the picture with the heat map": lambda: render(displayed, reading),
        "make the report": lambda: encoded(structured_report(dataset, reading)),
        "make the Secondary Capture of the picture": lambda: encoded(secondary_capture(dataset, reading, picture)),
        "make the JSON line": reading.to_json,
    }


def _writing(triager: Triager, files: Mapping[str, list[Path]], folder: Path) -> Runs:
    """From the file to report, picture with the heat map and JSON line, all written: what --out --heat does."""

    def written(path: Path) -> None:
        dataset = read_dataset(path)
        once = DecodedOnce(SEEN_PIXELS)
        reading = triager(dataset, None, once).result
        displayed = display_pixels(dataset, 1, SEEN_PIXELS, once)
        with JsonLines(folder / "readings.jsonl") as lines:
            lines.add(write_outputs(folder, dataset, reading, displayed).reading)

    return {f"file to report and picture, {syntax}": _each_in_turn(written, files[syntax]) for syntax in WRITTEN}


def _each_in_turn(run: Callable[[Path], Any], paths: list[Path]) -> Callable[[], Any]:
    turn = cycle(paths)
    return lambda: run(next(turn))


def _row(values: Any, budget: Budget, limit_ms: float) -> dict[str, Any]:
    """Percentiles, and the verdict at the budget's percentile."""
    found = Quantile.of(values, budget.percentile)
    return {**Percentiles.of(values).to_dict(), "limit": limit_ms, "met": found.value <= limit_ms}


def show(result: Mapping[str, Any]) -> None:
    here = result["environment"]
    print(f"{result['artifact']}, {here['threads']} thread(s), {here['cpu']}, foreign load {here['foreign_load']:.1%}")
    if result["emulated"]:
        print(f"emulated: {result['emulated']}")
    for group in (*JUDGED, "results_ms"):
        for name, row in result[group].items():
            verdict = f"  {'met' if row['met'] else 'MISSED'} (limit {row['limit']:g})" if "met" in row else ""
            print(f"{name:<45} p50 {row['p50']['value']:7.1f}  p90 {row['p90']['value']:7.1f} ms{verdict}")


if __name__ == "__main__":
    raise SystemExit(main())
