"""OpenVINO beside onnxruntime: the same file, the same answers but for rounding, and never needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tightrope.artifact import Artifact, Manifest, save_artifact
from tightrope.errors import ArtifactError
from tightrope.models import models_root
from tightrope.runtime import session as sessions
from tightrope.runtime.session import Session, TensorSpec

pytest.importorskip("openvino")

GRAPHS = sorted(models_root().glob("*/*/*.onnx"))
FLOAT, INTEGER = 1e-4, 0.1  # of the norm; int8 rounds in other places, and each step is 1/255 of a range


def feed(spec: TensorSpec, random: np.random.Generator) -> Any:
    shape = [size or (1 if axis == 0 else 64) for axis, size in enumerate(spec.shape)]
    if spec.dtype.kind == "f":
        return random.normal(size=shape).astype(spec.dtype)
    return np.ones(shape, bool) if spec.dtype.kind == "b" else random.integers(1, 100, shape).astype(spec.dtype)


@pytest.mark.parametrize("file", GRAPHS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_it_answers_what_onnxruntime_answers(file: Path) -> None:
    one, other = Session(file), Session(file, backend="openvino")
    assert other.inputs == one.inputs
    assert [spec.name for spec in other.outputs] == [spec.name for spec in one.outputs]
    if any(None in spec.shape for spec in one.inputs) and len(one.inputs) > 1:
        pytest.skip("its inputs have to fit each other")
    random = np.random.default_rng(0)
    feeds = {spec.name: feed(spec, random) for spec in one.inputs}
    limit = INTEGER if "int8" in file.parent.name else FLOAT
    for expected, found in zip(one.run(feeds), other.run(feeds), strict=True):
        assert found.dtype == expected.dtype
        error = np.linalg.norm(found.astype(np.float64) - expected) / max(np.linalg.norm(expected), 1e-9)
        assert error < limit


def test_answers_are_the_callers_own_and_chosen_by_name() -> None:
    session = Session(models_root() / "road" / "nanodet-416-fp16" / "model.onnx", backend="openvino")
    shape = [size or 64 for size in session.inputs[0].shape]
    first = session(np.zeros(shape, np.float32))
    kept = [array.copy() for array in first]
    session(np.ones(shape, np.float32))
    for array, before in zip(first, kept, strict=True):
        np.testing.assert_array_equal(array, before)
    last = session.outputs[-1].name
    (only,) = session.ort.run([last], {session.inputs[0].name: np.zeros(shape, np.float32)})
    np.testing.assert_array_equal(only, kept[-1])


def test_what_it_cannot_read_is_told_in_one_line() -> None:
    with pytest.raises(ArtifactError, match="openvino cannot load the graph"):
        Session(b"no graph", backend="openvino")


def test_an_artifact_runs_where_it_was_measured_or_else_in_onnxruntime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = (models_root() / "road" / "nanodet-416-fp16" / "model.onnx").read_bytes()
    manifest = Manifest("road", "x", "fp16", "2026-01-01", {}, backend="openvino")
    save_artifact(tmp_path / "x", manifest, {"model": graph}, "card")
    artifact = Artifact.load(tmp_path / "x")
    assert artifact.session().backend == "openvino"
    monkeypatch.setattr("tightrope.runtime.openvino.is_installed", lambda: False)
    assert artifact.session().backend == "onnxruntime"
    assert sessions.usable("openvino") == "onnxruntime"


def test_onnxruntime_is_not_mentioned_in_a_manifest_and_what_is_unknown_is_refused(tmp_path: Path) -> None:
    plain = Manifest("road", "x", "fp16", "2026-01-01", {})
    assert "backend" not in json.loads(plain.to_json())
    unknown: Any = "abacus"
    (tmp_path / "artifact.json").write_text(Manifest("road", "x", "fp16", "d", {}, backend=unknown).to_json())
    with pytest.raises(ArtifactError, match="abacus"):
        Artifact.load(tmp_path)
