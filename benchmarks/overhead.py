"""What Tightrope's runtime adds to a bare onnxruntime call: Session and Pipeline against InferenceSession.run.

    python benchmarks/overhead.py [ARTIFACT] [--app road] [--rounds 300] [--threads 1]

All run interleaved in one process, in a new random order every round. The bar is 3% for the Session; `same session`
isolates the Python around the call, `own session` has onnxruntime's default options, as a user without us would.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import onnxruntime as ort

from tightrope.app import find_app
from tightrope.artifact import Artifact
from tightrope.measure.environment import Watch
from tightrope.measure.latency import interleaved
from tightrope.measure.statistics import Percentiles, Ratio
from tightrope.measure.workload import feeds_for, main_graph
from tightrope.models import artifact_names, open_artifact
from tightrope.runtime import Pipeline
from tightrope.writing import write_text

BAR = 1.03
RESULTS = Path(__file__).parent / "results" / "overhead.json"


def main() -> int:
    parser = argparse.ArgumentParser(description="Overhead of tightrope.runtime over a bare onnxruntime call.")
    parser.add_argument("artifact", nargs="?", help="shipped name or folder; the app's first shipped one without")
    parser.add_argument("--app", default="road")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    artifact = open_artifact(arguments.app, arguments.artifact or artifact_names(arguments.app)[0])
    result = measure(artifact, arguments.rounds, arguments.threads)
    write_text(RESULTS, json.dumps(result, indent=1) + "\n")
    show(result)
    return 0 if result["met"] else 1


def measure(artifact: Artifact, rounds: int, threads: int) -> dict[str, Any]:
    """Ratios of Session and Pipeline to bare calls, with the environment that they were measured in."""
    graph = main_graph(artifact)
    session = artifact.session(threads, graph)
    workload = find_app(artifact.manifest.app).open(artifact, threads)
    feeds = dict(feeds_for(session, workload, graph)[0])
    (array,) = feeds.values()  # a graph of one input: that is what Session.__call__ is for
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    own = ort.InferenceSession(artifact.graph(graph), options, providers=["CPUExecutionProvider"])
    pipeline: Pipeline[Any, None, Any] = Pipeline(lambda x: (x, None), session, lambda outputs, _: outputs)
    runs = {
        "same session": lambda: session.ort.run(None, feeds),
        "own session": lambda: own.run(None, feeds),
        "Session": lambda: session(array),
        "Pipeline": lambda: pipeline(array),
    }
    with Watch(threads) as watch:
        samples = interleaved(runs, rounds, warmup=10)
    ratios = {
        f"{ours} / {bare}": Ratio.of(samples[ours], samples[bare]).to_dict()
        for ours in ("Session", "Pipeline")
        for bare in ("same session", "own session")
    }
    return {
        "artifact": artifact.manifest.name,
        "bytes": artifact.size,
        "bar": BAR,
        "met": all(ratios[f"Session / {bare}"]["value"] <= BAR for bare in ("same session", "own session")),
        "ratios": ratios,
        "latency_ms": {name: Percentiles.of(values).to_dict() for name, values in samples.items()},
        "environment": watch.record.to_dict(),
    }


def show(result: dict[str, Any]) -> None:
    here = result["environment"]
    print(f"{result['artifact']}, {here['threads']} thread(s), {here['cpu']}, onnxruntime {here['onnxruntime']}")
    for name, ratio in result["ratios"].items():
        print(f"{name:<26} {ratio['value']:.4f}  95% [{ratio['low']:.4f}, {ratio['high']:.4f}]  {ratio['n']} rounds")
    print(f"bar {result['bar']}: {'met' if result['met'] else 'MISSED'}; foreign load {here['foreign_load']:.1%}")


if __name__ == "__main__":
    raise SystemExit(main())
