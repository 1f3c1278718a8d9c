"""What is run when an artifact is measured: an app's workload, or the bare graph where there is no app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tightrope.app import App, Workload
from tightrope.artifact import Artifact
from tightrope.runtime.pipeline import Pipeline
from tightrope.runtime.session import Array, Session, TensorSpec

Feeds = Mapping[str, Array]


def open_workload(app: App | None, artifact: Artifact, threads: int) -> Workload:
    """The artifact at work in its app; without one (a user's own model) its main graph on an example input.

    Raises:
        ArtifactError: onnxruntime does not load the graph.
        ConfigError: the app's workload cannot be imported.
    """
    return app.open(artifact, threads) if app else _bare_workload(artifact, threads)


def main_graph(artifact: Artifact) -> str:
    """The graph that model latency is about: 'model', or else the largest one."""
    graphs = artifact.manifest.graphs
    return "model" if "model" in graphs else max(graphs, key=lambda name: graphs[name].bytes)


def feeds_for(session: Session, workload: Workload | None = None) -> tuple[Feeds, str]:
    """Inputs of the session, and where they come from.

    'sample': the app's first sample through its own preprocessing, if that gives what this session takes;
    'random' otherwise.
    """
    pipeline = workload.pipeline if workload else None
    if workload and isinstance(pipeline, Pipeline) and len(session.inputs) == 1:
        array, _ = pipeline.preprocess(workload.samples[0])
        if _matches(session.inputs[0], array):
            return {session.inputs[0].name: array}, "sample"
    return example_feeds(session), "random"


def example_feeds(session: Session, seed: int = 0) -> Feeds:
    """An array for every input: uniform in [0, 1) for floats, zeros otherwise; a free axis gets size 1."""
    random = np.random.default_rng(seed)
    return {spec.name: _example(spec, random) for spec in session.inputs}


def _example(spec: TensorSpec, random: np.random.Generator) -> Array:
    shape = [size or 1 for size in spec.shape]
    floats = spec.dtype.kind == "f"
    return random.random(shape).astype(spec.dtype) if floats else np.zeros(shape, spec.dtype)


def _matches(spec: TensorSpec, array: Any) -> bool:
    if not isinstance(array, np.ndarray) or array.dtype != spec.dtype or array.ndim != len(spec.shape):
        return False
    return all(want is None or want == have for want, have in zip(spec.shape, array.shape, strict=True))


def _bare_workload(artifact: Artifact, threads: int) -> Workload:
    session = artifact.session(threads, main_graph(artifact))
    names = [spec.name for spec in session.inputs]

    def preprocess(arrays: Sequence[Array]) -> tuple[Any, None]:
        return arrays, None

    def infer(arrays: Any) -> list[Array]:
        return session.run(dict(zip(names, arrays, strict=True)))

    def postprocess(outputs: Sequence[Any], context: None) -> Sequence[Any]:
        return outputs

    def describe(outputs: Any) -> str:
        return ", ".join(f"{spec.name} {array.shape}" for spec, array in zip(session.outputs, outputs, strict=True))

    pipeline: Pipeline[Any, None, Any] = Pipeline(preprocess, infer, postprocess)
    return Workload(pipeline, [list(example_feeds(session).values())], describe)
