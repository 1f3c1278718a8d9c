"""What is run when an artifact is measured: an app's workload, or the bare graph where there is no app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tightrope.app import App, Workload
from tightrope.artifact import Artifact
from tightrope.runtime.picture import KIND, PictureInput
from tightrope.runtime.pipeline import Pipeline
from tightrope.runtime.session import Array, Session, TensorSpec

Feeds = Mapping[str, Array]


def open_workload(app: App | None, artifact: Artifact, threads: int) -> Workload:
    """The artifact at work in its app; without one (a user's own model) what its manifest says goes in, and the graph.

    Its input is made up: a picture of the usual size, or arrays of the shapes that calibration had; without either,
    an example input of the graph.

    Raises:
        ArtifactError: onnxruntime does not load the graph.
        ConfigError: the app's workload cannot be imported.
    """
    if app:
        return app.open(artifact, threads)
    pictures = artifact.manifest.preprocess.get("takes") == KIND
    return _picture_workload(artifact, threads) if pictures else _bare_workload(artifact, threads)


def main_graph(artifact: Artifact) -> str:
    """The graph that model latency is about: 'model', or else the largest one."""
    graphs = artifact.manifest.graphs
    return "model" if "model" in graphs else max(graphs, key=lambda name: graphs[name].bytes)


def feeds_for(session: Session, workload: Workload | None = None, graph: str = "model") -> tuple[Feeds, str]:
    """Inputs of the session of a graph, and where they come from.

    'sample': what the workload says, or the app's first sample through its own preprocessing, if that gives what this
    session takes; 'made up' where the workload's sample is; 'random' otherwise.
    """
    origin = "made up" if workload and workload.made_up else "sample"
    if workload and graph in workload.feeds:
        return workload.feeds[graph], origin
    pipeline = workload.pipeline if workload else None
    if workload and isinstance(pipeline, Pipeline) and len(session.inputs) == 1:
        array, _ = pipeline.preprocess(workload.samples[0])
        if _matches(session.inputs[0], array):
            return {session.inputs[0].name: array}, origin
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


def _picture_workload(artifact: Artifact, threads: int) -> Workload:
    picture = PictureInput.of(artifact.manifest.preprocess)
    session = artifact.session(threads, main_graph(artifact))

    def preprocess(pixels: Array) -> tuple[Array, None]:
        return picture(pixels), None

    width, height = picture.source
    sample = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    pipeline: Pipeline[Any, None, Any] = Pipeline(preprocess, session, _as_they_are)
    return Workload(pipeline, [sample], lambda outputs: _shapes(session, outputs), made_up=True)


def _bare_workload(artifact: Artifact, threads: int) -> Workload:
    session = artifact.session(threads, main_graph(artifact))
    names = [spec.name for spec in session.inputs]

    def preprocess(arrays: Sequence[Array]) -> tuple[Any, None]:
        return arrays, None

    def infer(arrays: Any) -> list[Array]:
        return session.run(dict(zip(names, arrays, strict=True)))

    recorded = _recorded_feeds(artifact)
    feeds = {**example_feeds(session), **recorded}
    pipeline: Pipeline[Any, None, Any] = Pipeline(preprocess, infer, _as_they_are)
    return Workload(
        pipeline,
        [[feeds[name] for name in names]],
        lambda outputs: _shapes(session, outputs),
        {main_graph(artifact): feeds} if recorded else {},
        made_up=True,
    )


def _recorded_feeds(artifact: Artifact) -> dict[str, Array]:
    """Arrays like those that calibrated a model of someone's own: their shapes, and one value that is valid in them."""
    return {
        name: np.full(entry["shape"], entry["value"], entry["dtype"])
        for name, entry in artifact.manifest.preprocess.get("inputs", {}).items()
    }


def _as_they_are(outputs: Sequence[Any], context: None) -> Sequence[Any]:
    return outputs


def _shapes(session: Session, outputs: Sequence[Any]) -> str:
    return ", ".join(f"{spec.name} {array.shape}" for spec, array in zip(session.outputs, outputs, strict=True))
