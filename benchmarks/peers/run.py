"""Compression side by side: the same models, data and machine, for the peers and for us.

    python benchmarks/peers/run.py [CASE ...] [--only-measure] [--rounds 100]

Peers are installed into environments of their own under .cache/peers, which needs the network once; what they and we
make stays there, and is made again only when something that it rests on has changed. A case's artifacts are then judged
by its Task, and timed interleaved on one thread: that part wants a quiet machine, and `--only-measure` is that part
alone. Written are benchmarks/results/peers.json and peers.md; cases that are not named stay as they were.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from cases import Case, all_cases, weights_file
from contestants import contestants
from inputs import Inputs, prepare
from judging import KEEP, kept, rows, times, verdict
from page import page

from tightrope.compress.task import Task
from tightrope.errors import TightropeError
from tightrope.models import open_artifact
from tightrope.writing import write_text

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"


def main() -> int:
    work = ROOT / ".cache" / "peers"
    known = all_cases(work)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(known)}; all without")
    parser.add_argument(
        "--only-measure", action="store_true", help="time what is made, judge what is not judged yet; make nothing"
    )
    parser.add_argument("--only-make", action="store_true", help="make and judge what is missing; time nothing")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    if strange := set(arguments.cases) - set(known):
        parser.error(f"no case {', '.join(sorted(strange))}; there are {', '.join(known)}")
    for name in arguments.cases or known:
        print(name, flush=True)
        try:
            task, inputs = ready(known[name], work, make=not arguments.only_measure)
        except TightropeError as error:
            print(f"  left out: {error}")
            continue
        if arguments.only_make:
            made = list(contestants(known[name], inputs, work))
            if known[name].scored:
                kept(made, task, inputs)
            continue
        publish(name, compared(known[name], task, inputs, work, arguments), arguments.out)
    return 0


def ready(case: Case, work: Path, make: bool) -> tuple[Task, Inputs]:
    """The case's Task, its weights trained, and what contestants are given.

    Raises:
        TightropeError: the data is not there, or `make` is false and there is nothing yet.
    """
    of, task = [], case.make()
    if case.reference:
        of.append(open_artifact(task.app, case.reference).path / "model.onnx")
    if case.learn is not None:
        weights = weights_file(work, case.name)
        if not weights.exists():
            if not make:
                raise TightropeError("its weights are not trained yet; run it once without --only-measure")
            case.learn(weights)
        of.append(weights)
    return task, prepare(task, case.scored, work / case.name, of)


def compared(case: Case, task: Task, inputs: Inputs, work: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """All that is known of a case."""
    made = list(contestants(case, inputs, work, make=not arguments.only_measure))
    samples, environment, errors = times(made, task, arguments.rounds)
    found = rows(made, task, inputs, case.scored, samples, errors)
    return {
        "title": case.title,
        "scored": case.scored,
        "keep": KEEP,
        "rounds": arguments.rounds,
        "environment": environment,
        "rows": found,
        "verdict": verdict(found, samples),
    }


def publish(name: str, found: dict[str, Any], folder: Path) -> None:
    """Put a case into the results, in the order of the cases."""
    file = folder / "peers.json"
    cases: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["cases"] if file.exists() else {}
    cases[name] = found
    ordered = {key: cases[key] for key in all_cases(folder) if key in cases}
    write_text(file, json.dumps({"cases": ordered}, indent=1) + "\n")
    write_text(folder / "peers.md", page({"cases": ordered}, KEEP))


if __name__ == "__main__":
    raise SystemExit(main())
