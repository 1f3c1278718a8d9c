"""compress: Task + Recipe + Budget -> passes -> Candidate -> gate -> measure -> Artifact with its evidence."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from tightrope import __version__
from tightrope.artifact import Artifact, Manifest, save_artifact
from tightrope.budget import Budget
from tightrope.compress.candidate import Candidate, PassRecord
from tightrope.compress.gate import GateResult, judge
from tightrope.compress.quantize import Quantizer, Scheme, calibrate, tensor_ranges
from tightrope.compress.recipe import Recipe
from tightrope.compress.registry import Pass, run_pass
from tightrope.compress.scores import Scores, metrics
from tightrope.compress.sensitivity import rank_layers
from tightrope.compress.task import Task
from tightrope.errors import BudgetNotMetError
from tightrope.measure.latency import interleaved
from tightrope.measure.statistics import Ratio

Progress = Callable[[str], None]
_SPEED_ROUNDS = 30


@dataclass(frozen=True)
class Compressed:
    """What the passes and the gate gave: the exported reference, the last candidate, and the gate's verdict."""

    reference: Candidate
    candidate: Candidate
    gate: GateResult
    scores: Mapping[str, Mapping[str, float]]


def compress(task: Task, recipe: Recipe, keep: float, progress: Progress = lambda _: None) -> Compressed:
    """Run a recipe and judge the exported graph on the held-out split.

    A pass that is there for speed and makes the graph slower on this machine is dropped, and the lineage says so.

    Raises:
        BudgetNotMetError: the gate fails; the message names the layers that did it and the nearest candidate that
            passes.
    """
    stages = _run_passes(task, recipe, progress)
    reference = stages[0]
    progress("gate: scoring the reference")
    expected = task.evaluate(reference.session())
    progress("gate: scoring the candidate")
    scored = task.evaluate(stages[-1].session())
    progress("gate: bootstrap")
    verdict = judge(expected, scored, task.gate_metrics, keep)
    if not verdict.passed:
        raise BudgetNotMetError(_explain_rejection(task, stages, expected, verdict, progress))
    scores = {"reference": metrics(expected), "artifact": metrics(scored)}
    return Compressed(reference, stages[-1], verdict, scores)


def _run_passes(task: Task, recipe: Recipe, progress: Progress) -> list[Candidate]:
    """The candidates after each pass that was kept, from the export on."""
    candidate = Candidate(module=task.reference())
    stages: list[Candidate] = []
    for step in recipe.passes:
        progress(f"pass: {step.method}")
        candidate = _keep_if_faster(step, candidate, run_pass(step, candidate, task), task)
        if candidate.graph is not None:
            stages.append(candidate)
    return stages


def _keep_if_faster(step: Pass, before: Candidate, after: Candidate, task: Task) -> Candidate:
    if not step.faster:
        return after
    example = task.example()
    runs = {name: _once(candidate, example) for name, candidate in (("before", before), ("after", after))}
    samples = interleaved(runs, rounds=_SPEED_ROUNDS, warmup=3)
    speed = Ratio.of(samples["after"], samples["before"])
    record = after.lineage[-1]
    if speed.low > 1:
        notes = {"dropped": "slower on this machine", "latency_ratio": speed.to_dict()}
        return before.then(PassRecord(record.method, record.config, notes, record.seconds))
    noted = replace(record, notes={**record.notes, "latency_ratio": speed.to_dict()})
    return replace(after, lineage=(*after.lineage[:-1], noted))


def _once(candidate: Candidate, example: np.ndarray[Any, Any]) -> Callable[[], Any]:
    session = candidate.session()
    return lambda: session(example)


def _explain_rejection(
    task: Task, stages: list[Candidate], expected: Scores, verdict: GateResult, progress: Progress
) -> str:
    """One line: what failed, the layers to blame, and the last earlier candidate that passes."""
    nearest = "none but the exported reference passes"
    for stage in reversed(stages[1:-1]):
        progress(f"looking for a candidate that passes: after {stage.lineage[-1].method}")
        result = judge(expected, task.evaluate(stage.session()), task.gate_metrics, verdict.keep)
        if result.passed:
            nearest = f"the nearest that passes is {stage.precision} after {stage.lineage[-1].method!r}: {result.worst}"
            break
    parts = [f"{verdict.worst}, below the budget's {verdict.keep:.0%}: not saved"]
    if blamed := _blame(task, stages, progress):
        parts.append(f"layers to blame: {', '.join(blamed)}")
    return "; ".join((*parts, nearest, 'try method = "quantize-mixed"'))


def _blame(task: Task, stages: list[Candidate], progress: Progress) -> list[str]:
    """Names of the three layers whose quantization changes the outputs most; none if nothing was quantized."""
    floats = [stage for stage in stages if "int8" not in stage.precision and "mixed" not in stage.precision]
    if len(floats) == len(stages):
        return []
    graph = floats[-1].float_graph()
    scheme = Scheme("uint8", "int8", per_channel=True, reduce_range=True, symmetric=False)
    quantizer = Quantizer(graph, tensor_ranges(calibrate(graph, task, inputs=8), "minmax", 100), scheme)
    return [item.layer.name for item in rank_layers(quantizer, task, 4, 0, progress)[:3]]


def build_manifest(
    task: Task, recipe: Recipe, budget: Budget, made: Compressed, command: str, name: str | None = None
) -> Manifest:
    """The artifact's manifest with lineage and the gate's evidence; measurements are added by `with_evidence`."""
    import onnxruntime
    import torch

    created = datetime.now(timezone.utc).isoformat(timespec="seconds")
    fitted = task.fitted(made.candidate.session())
    evidence = {"gate": made.gate.to_dict(), "scores": made.scores, "budget": budget.model_dump(mode="json")}
    lineage = {
        **task.lineage(),
        "command": command,
        "recipe": recipe.to_dict(),
        "passes": [record.to_dict() for record in made.candidate.lineage],
        "data_sha256": dict(task.data_digests()),
        "versions": {
            "tightrope": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "onnxruntime": onnxruntime.__version__,
            "numpy": np.__version__,
        },
    }
    return Manifest(
        app=task.app,
        name=name or f"{task.name}-{made.candidate.precision}",
        precision=made.candidate.precision,
        created=created,
        lineage=lineage,
        evidence={**evidence, **fitted.get("evidence", {})},
        **{**task.manifest(), **{key: value for key, value in fitted.items() if key != "evidence"}},
    )


def with_evidence(artifact: Artifact, evidence: Mapping[str, Any], card: Callable[[Manifest], str]) -> Artifact:
    """Write the artifact again with more evidence, and the card that says so."""
    manifest = artifact.manifest
    complete = replace(manifest, evidence={**manifest.evidence, **evidence})
    graphs = {name: artifact.graph(name) for name in manifest.graphs}
    return save_artifact(artifact.path, complete, graphs, card(complete))


def save(candidate: Candidate, manifest: Manifest, folder: Path, card: Callable[[Manifest], str]) -> Artifact:
    """Write the candidate as `folder`/<name>/."""
    return save_artifact(folder / manifest.name, manifest, {"model": candidate.graph_bytes}, card(manifest))
