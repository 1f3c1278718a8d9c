"""Run a recipe of ours on a case, in a process of its own as a peer is:

    python benchmarks/peers/ours.py CASE WORK RECIPE OUT

The gate is not part of it: what comes out is judged with all others.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cases import all_cases

from tightrope.compress.candidate import Candidate
from tightrope.compress.recipe import Recipe
from tightrope.compress.registry import run_pass
from tightrope.compress.task import Task
from tightrope.writing import write_bytes, write_text


def main() -> None:
    name, work, recipe, out = sys.argv[1], *map(Path, sys.argv[2:5])
    write(compressed(all_cases(work)[name].make(), recipe), out)


def compressed(task: Task, recipe: Path) -> Candidate:
    """What the recipe's passes make of the task's reference."""
    candidate = task.origin()
    for step in Recipe.load(recipe).passes:
        candidate = run_pass(step, candidate, task)
    return candidate


def write(candidate: Candidate, folder: Path) -> None:
    """Its graph, and the passes that made it with what they noted."""
    write_bytes(folder / "model.onnx", candidate.graph_bytes)
    passes = [record.to_dict() for record in candidate.lineage]
    write_text(folder / "passes.json", json.dumps(passes, indent=1) + "\n")


if __name__ == "__main__":
    main()
