"""compress: Task + Recipe + Budget -> passes -> Build -> gate -> measure -> Artifact with its evidence.

Each graph of the task goes through the passes by itself; the gate judges them together.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from tightrope import __version__
from tightrope.artifact import Artifact, Manifest, save_artifact
from tightrope.budget import Budget
from tightrope.compress.candidate import Build, Candidate, PassRecord
from tightrope.compress.gate import GateResult, judge
from tightrope.compress.progress import heard_by
from tightrope.compress.quantize import Quantizer, Scheme, calibrate, tensor_ranges
from tightrope.compress.recipe import Recipe
from tightrope.compress.registry import Pass, run_pass
from tightrope.compress.scores import Scores, metrics
from tightrope.compress.sensitivity import rank_layers
from tightrope.compress.task import Task, Whole
from tightrope.errors import BudgetNotMetError, ConfigError
from tightrope.measure.latency import interleaved
from tightrope.measure.statistics import Ratio
from tightrope.runtime.session import Inputs

Progress = Callable[[str], None]
_SPEED_ROUNDS = 30


@dataclass(frozen=True)
class Compressed:
    """What the passes and the gate gave: the exported reference, the last candidates, and the gate's verdict."""

    reference: Build
    candidate: Build
    gate: GateResult
    scores: Mapping[str, Mapping[str, float]]


def compress(task: Whole, recipe: Recipe, keep: float, progress: Progress = lambda _: None) -> Compressed:
    """Run a recipe and judge the exported graphs on the held-out split.

    A pass that is there for speed and makes the graph slower on this machine is dropped, and the lineage says so.

    Raises:
        BudgetNotMetError: the gate fails; the message names the layers that did it and the nearest candidate that
            passes.
    """
    stages = _run_passes(task, recipe, progress)
    progress("gate: scoring the reference")
    expected = task.scores(stages[0].sessions())
    progress("gate: scoring the candidate")
    scored = task.scores(stages[-1].sessions())
    progress("gate: bootstrap")
    verdict = judge(expected, scored, task.gate_metrics, keep)
    if not verdict.passed:
        raise BudgetNotMetError(_explain_rejection(task, stages, expected, verdict, progress))
    scores = {"reference": metrics(expected), "artifact": metrics(scored)}
    return Compressed(stages[0], stages[-1], verdict, scores)


def _run_passes(task: Whole, recipe: Recipe, progress: Progress) -> list[Build]:
    """What stands after each pass, from the export on."""
    stages = {name: _run_passes_over(part, recipe, progress) for name, part in task.parts().items()}
    return [Build(dict(zip(stages, stage, strict=True))) for stage in zip(*stages.values(), strict=True)]


def _run_passes_over(task: Task, recipe: Recipe, progress: Progress) -> list[Candidate]:
    origin = candidate = task.origin()
    start = _exported(task, recipe)
    stages = [_as_compared(start, task, recipe)]
    for step in recipe.passes:
        progress(f"pass: {step.method}, {task.name}")
        if step.method == "export" and candidate is origin and origin.graph is None:
            candidate = start
            continue
        with heard_by(progress):
            passed = run_pass(step, candidate, task)
        candidate = _keep_if_faster(step, candidate, passed, task)
        if candidate.graph is not None:
            stages.append(candidate)
    return stages


def exported(task: Task, recipe: Recipe) -> Candidate:
    """The task's own model as the recipe exports it, whatever goes before the export: what the gate compares with.

    It takes the same inputs as what the recipe makes of it.

    Raises:
        ConfigError: it is no graph, and the recipe exports nothing.
    """
    return _as_compared(_exported(task, recipe), task, recipe)


def _as_compared(start: Candidate, task: Task, recipe: Recipe) -> Candidate:
    for step in recipe.passes:
        if step.for_the_reference:
            start = run_pass(step, start, task)
    return start


def _exported(task: Task, recipe: Recipe) -> Candidate:
    origin = task.origin()
    if origin.graph is not None:
        return origin
    step = next((step for step in recipe.passes if step.method == "export"), None)
    if step is None:
        raise ConfigError(f'{recipe.name}: no pass exports the model; add one with method = "export"')
    return run_pass(step, origin, task)


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


def _once(candidate: Candidate, example: Inputs) -> Callable[[], Any]:
    session = candidate.session()
    return lambda: session(example)


def _explain_rejection(
    task: Whole, stages: list[Build], expected: Scores, verdict: GateResult, progress: Progress
) -> str:
    """One line: what failed, the layers to blame, and the last earlier candidate that passes."""
    nearest = "none but the exported reference passes"
    for stage in reversed(stages[1:-1]):
        progress(f"looking for a candidate that passes: after {stage.method}")
        result = judge(expected, task.scores(stage.sessions()), task.gate_metrics, verdict.keep)
        if result.passed:
            nearest = f"the nearest that passes is {stage.precision} after {stage.method!r}: {result.worst}"
            break
    parts = [f"{verdict.worst}, below the budget's {verdict.keep:.0%}: not saved"]
    if blamed := _blame(task, stages, progress):
        parts.append(f"layers to blame: {', '.join(blamed)}")
    return "; ".join((*parts, nearest, 'try method = "quantize-mixed"'))


def _blame(task: Whole, stages: list[Build], progress: Progress) -> list[str]:
    """Names of the three layers of each graph whose quantization changes its outputs most; none where none was."""
    parts = task.parts().items()
    return [layer for name, part in parts for layer in _blame_in(part, [stage[name] for stage in stages], progress)]


def _blame_in(task: Task, stages: list[Candidate], progress: Progress) -> list[str]:
    floats = [stage for stage in stages if "int8" not in stage.precision and "mixed" not in stage.precision]
    if len(floats) == len(stages):
        return []
    graph = floats[-1].float_graph()
    scheme = Scheme("uint8", "int8", per_channel=True, reduce_range=True, symmetric=False)
    quantizer = Quantizer(graph, tensor_ranges(calibrate(graph, task, inputs=8), "minmax", 100), scheme)
    return [item.layer.name for item in rank_layers(quantizer, task, 4, 0, progress)[:3]]


def build_manifest(
    task: Whole, recipe: Recipe, budget: Budget, made: Compressed, command: str, name: str | None = None
) -> Manifest:
    """The artifact's manifest with lineage and the gate's evidence; measurements are added by `with_evidence`."""
    import onnxruntime
    import torch

    created = datetime.now(timezone.utc).isoformat(timespec="seconds")
    fitted = task.constants(made.candidate.sessions())
    evidence = {"gate": made.gate.to_dict(), "scores": made.scores, "budget": budget.model_dump(mode="json")}
    lineage = {
        **task.lineage(),
        "command": command,
        "recipe": recipe.to_dict(),
        "passes": made.candidate.passes(),
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
        backend=made.candidate.backend,
        lineage=lineage,
        evidence={**evidence, **fitted.get("evidence", {})},
        **{**task.manifest(), **{key: value for key, value in fitted.items() if key != "evidence"}},
    )


def with_evidence(artifact: Artifact, evidence: Mapping[str, Any], card: Callable[[Manifest], str]) -> Artifact:
    """Write the artifact again with more evidence, and the card that says so."""
    manifest = artifact.manifest
    complete = replace(manifest, evidence={**manifest.evidence, **evidence})
    graphs = {name: artifact.graph(name) for name in manifest.graphs}
    files = {name: artifact.file(name) for name in manifest.files}
    return save_artifact(artifact.path, complete, graphs, card(complete), files)


def save(
    build: Build,
    manifest: Manifest,
    folder: Path,
    card: Callable[[Manifest], str],
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> Artifact:
    """Write the build as `folder`/<name>/, with the `files` that the task wants beside it."""
    return save_artifact(folder / manifest.name, manifest, build.graphs, card(manifest), files)
