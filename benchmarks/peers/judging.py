"""Accuracy kept and time taken, of all contestants of a case alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from contestants import Made
from inputs import Inputs
from runtimes import THREADS, Run, open_made

from tightrope.compress.gate import judge
from tightrope.compress.task import Task
from tightrope.measure.cpu import detect_cpu
from tightrope.measure.environment import Watch
from tightrope.measure.latency import interleaved
from tightrope.measure.statistics import Percentiles, Ratio
from tightrope.runtime.session import Session, first_line
from tightrope.writing import write_text

KEEP = 0.99


def digest_of(made: Made, inputs: Inputs) -> str:
    """Of the file that is measured; an OpenVINO model's weights lie beside it."""
    file = made.file or inputs.model
    digest = hashlib.sha256(file.read_bytes())
    if file.suffix == ".xml":
        digest.update(file.with_suffix(".bin").read_bytes())
    return digest.hexdigest()


def size_of(made: Made, inputs: Inputs) -> int:
    """Bytes on disk; of PyTorch's, those of the exported graph."""
    file = made.file or inputs.model
    return file.stat().st_size + (file.with_suffix(".bin").stat().st_size if file.suffix == ".xml" else 0)


def kept(all_made: Iterable[Made], task: Task, inputs: Inputs) -> dict[str, dict[str, Any]]:
    """The gate's verdict of each by name; what was judged before on such a processor is not judged again.

    The held-out split judges, and its float graph in onnxruntime is what there is to keep.
    """
    file = inputs.folder / "scores.json"
    known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    found, reference = {}, None
    for made in all_made:
        if made.error:
            continue
        key = "-".join((digest_of(made, inputs), made.runtime, "ours" * made.ours, detect_cpu().instruction_set))
        if key not in known:
            print(f"  judging {made.name}", flush=True)
            reference = reference or task.evaluate(Session(inputs.model))
            try:
                scores = task.evaluate(open_made(made, task))
            except Exception as error:  # the runtimes' exceptions share no base but Exception
                print(f"  {made.name} cannot be judged: {first_line(error)}", flush=True)
                continue
            known[key] = judge(reference, scores, task.gate_metrics, KEEP).to_dict()
            write_text(file, json.dumps(known) + "\n")
        found[made.name] = known[key]
    return found


def times(all_made: Sequence[Made], task: Task, rounds: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """Milliseconds by name as samples, interleaved; the environment; and the errors of graphs that cannot be opened."""
    runs: dict[str, Run] = {}
    errors = {}
    for made in all_made:
        if made.error:
            continue
        try:
            runs[made.name] = open_made(made, task)
            runs[made.name](task.example())
        except Exception as error:  # the runtimes' exceptions share no base but Exception
            errors[made.name] = first_line(error)
            runs.pop(made.name, None)
    array = task.example()
    with Watch(THREADS) as watch:
        samples = interleaved({name: partial(run, array) for name, run in runs.items()}, rounds, warmup=10)
    return samples, watch.record.to_dict(), errors


def rows(
    all_made: Sequence[Made],
    task: Task,
    inputs: Inputs,
    scored: bool,
    samples: Mapping[str, Any],
    errors: Mapping[str, str],
) -> list[dict[str, Any]]:
    """A row a contestant: what it made, what it keeps, how long one inference takes."""
    verdicts = kept([made for made in all_made if made.name in samples], task, inputs) if scored else {}
    found = []
    for made in all_made:
        row: dict[str, Any] = {
            "name": made.name,
            "ours": made.ours,
            "runtime": made.runtime,
            "version": made.version,
            "cpu_seconds": made.cpu_seconds,
            "wall_seconds": made.wall_seconds,
            "user_lines": made.lines,
            "notes": made.notes,
        }
        if made.name in samples and (made.name in verdicts or not scored):
            row |= {
                "bytes": size_of(made, inputs),
                "sha256": digest_of(made, inputs),
                "latency_ms": Percentiles.of(samples[made.name]).to_dict(),
                "gate": verdicts.get(made.name),
            }
        else:
            row["error"] = made.error or errors.get(made.name, "it could not be judged")
        found.append(row)
    return found


def verdict(found: Sequence[Mapping[str, Any]], samples: Mapping[str, Any]) -> dict[str, Any]:
    """Our fastest that counts against each peer's that counts: ratios of times, the peer's over ours.

    What counts has passed the gate or, where no accuracy is compared, runs at all.
    """
    counts = [row for row in found if "error" not in row and (row["gate"] is None or row["gate"]["passed"])]
    ours = [row for row in counts if row["ours"]]
    if not ours:
        return {"ours": None, "over_ours": {}}
    best = min(ours, key=lambda row: row["latency_ms"]["p50"]["value"])["name"]
    over = {row["name"]: Ratio.of(samples[row["name"]], samples[best]).to_dict() for row in counts if not row["ours"]}
    return {"ours": best, "over_ours": over}
