"""The governor on recorded timing traces, beside every fixed rung and an oracle: deterministic, on a fake clock.

    python benchmarks/governor/replayed.py [tests/runtime/traces] [--rate 20]

`record.py` made the traces. Results go to benchmarks/results/governor-replayed.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

from tightrope.ladder import Ladder
from tightrope.models import artifact_names, open_artifact
from tightrope.runtime import Limits
from tightrope.runtime.policies import Fixed, Hysteresis, Oracle, Policy
from tightrope.runtime.replay import TimingTrace, replay
from tightrope.writing import write_text

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "governor-replayed.json"


def main() -> None:
    parser = argparse.ArgumentParser(description="Deadlines missed by fixed rungs, the governor and an oracle.")
    parser.add_argument("traces", nargs="?", type=Path, default=ROOT / "tests" / "runtime" / "traces")
    parser.add_argument("--app", default="road")
    parser.add_argument("--rate", type=float, default=20.0, help="inputs a second; the next one is the deadline")
    parser.add_argument("--models", type=Path, help="folder of more artifacts, for their scores")
    arguments = parser.parse_args()
    period = 1 / arguments.rate
    qualities = qualities_of(arguments.app, arguments.models)
    rows = []
    for file in sorted(arguments.traces.glob("*.csv")):
        trace = within(TimingTrace.load(file, period), period, qualities)
        print(f"{file.stem}: {'; '.join(trace.notes)}")
        for name, policy in contestants(trace).items():
            told = [qualities[rung] for rung in trace.rungs]
            summary = replay(trace, policy, Limits.every(period), told).summary
            rows.append({"trace": file.stem, "notes": trace.notes, "policy": name, "summary": summary.to_dict()})
            print(f"  {name:<22} {summary}")
    write_text(RESULTS, json.dumps({"rate": arguments.rate, "runs": rows}, indent=1) + "\n")


def within(trace: TimingTrace, period: float, rungs: Container[str]) -> TimingTrace:
    """The rungs that the ladder has: the others are not run, nor are those that not even at their quickest hold."""
    quickest = trace.seconds.min(axis=0)
    kept = [index for index, name in enumerate(trace.rungs) if name in rungs and quickest[index] <= period]
    return TimingTrace(tuple(trace.rungs[i] for i in kept), trace.seconds[:, kept], trace.period_s, trace.notes)


def contestants(trace: TimingTrace) -> dict[str, Policy]:
    fixed: dict[str, Policy] = {name: Fixed(index) for index, name in enumerate(trace.rungs)}
    return {**fixed, "governor": Hysteresis(), "oracle": Oracle(trace.at)}


def qualities_of(app: str, more: Path | None) -> dict[str, float]:
    """Score of every rung over that of the best."""
    names = [*artifact_names(app), *(str(folder) for folder in sorted(more.iterdir() if more else []))]
    artifacts = [open_artifact(app, name) for name in names]
    steps: Sequence[Any] = Ladder.of(artifacts).compressed().steps(lambda artifact: lambda item: None)  # type: ignore[arg-type, return-value]
    return {step.name: step.quality for step in steps}


if __name__ == "__main__":
    main()
