"""What `live.py` measured, as a page: benchmarks/results/governor.md.

python benchmarks/governor/page.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tightrope.writing import write_text

RESULTS = Path(__file__).parents[1] / "results" / "governor.json"
_HEADER = "| stream | hogs | policy | missed | age p50, p99, ms | streaming mAP50-95 | time per rung |"


def main() -> None:
    write_page(RESULTS)


def write_page(results: Path) -> None:
    """Beside the results."""
    write_text(results.with_suffix(".md"), "\n".join(_lines(json.loads(results.read_text()))) + "\n")


def _lines(results: dict[str, Any]) -> Iterator[str]:
    yield "# The governor beside fixed rungs\n"
    yield "Written by `benchmarks/governor/live.py`. 0-2-0: no hog for a third of the time, then two, then none.\n"
    yield _HEADER
    yield "|" + " --- |" * (_HEADER.count("|") - 1)
    yield from map(_row, results["runs"])
    yield ""
    for name, late in results.get("late", {}).items():
        scores = "; ".join(f"{pictures}: {found['mAP50-95 all']}" for pictures, found in late.items())
        yield f"What `{name}` leaves of a perfect detector whose answers are so many pictures late: {scores}."
    machines = {_machine(run["environment"]) for run in results["runs"]}
    yield "\n" + " ".join(sorted(machines))


def _row(run: dict[str, Any]) -> str:
    summary = run["summary"]
    missed = 1 - summary["met"] / summary["inputs"]
    whole = sum(summary["rung_s"].values())
    shares = ", ".join(
        f"{name} {spent / whole:.0%}" for name, spent in summary["rung_s"].items() if spent > 0.005 * whole
    )
    age = summary["age_ms"]
    cells = [
        f"{run['stream']}, {run['rate']:g} Hz",
        run["hogs"],
        run["policy"],
        f"{missed:.2%} of {summary['inputs']}",
        f"{age['p50']:.1f}, {age['p99']:.1f}",
        f"{run['streaming']['mAP50-95 all']:.4f}",
        shares,
    ]
    return f"| {' | '.join(cells)} |"


def _machine(here: dict[str, Any]) -> str:
    quiet = "quiet" if here["quiet"] else "disturbed"
    return f"{here['cpu']}, {here['instruction_set']}, onnxruntime {here['onnxruntime']}, {here['date'][:10]}, {quiet}."


if __name__ == "__main__":
    main()
