"""Small artifacts with evidence: measured once for real, so that its layout is the real one, then varied."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tightrope.app import App, Workload
from tightrope.artifact import Artifact, Manifest, save_artifact
from tightrope.budget import Budget
from tightrope.compress.gate import GateResult, Retention
from tightrope.measure import evidence as measuring
from tightrope.measure.evidence import Plan, measure_artifact
from tightrope.measure.workload import open_workload
from tightrope.report.card import write_card

Make = Callable[..., Artifact]
SENSITIVITY = [
    {"layer": "first", "operator": "MatMul", "error": 0.02, "loss": 0.013},
    {"layer": "second", "operator": "MatMul", "error": 0.001, "loss": None},
]


def small_graph() -> onnx.ModelProto:
    """x (1, 8) float32 -> x W (1, 8)."""
    weight = numpy_helper.from_array(np.eye(8, dtype=np.float32), "weight")
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 8]) for name in "xy")
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "weight"], ["y"], "product")], "g", [x], [y], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def small_manifest(name: str = "small-fp32", **changes: Any) -> Manifest:
    return replace(Manifest("test", name, "fp32", "2026-01-01T00:00:00+00:00", {"width": 8}), **changes)


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    """A verified artifact without evidence."""
    return save_artifact(
        tmp_path / "small-fp32", small_manifest(), {"model": small_graph().SerializeToString()}, "card"
    )


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Everything that `measure_artifact` finds, of a graph that takes microseconds."""
    pytest.importorskip("mlperf_loadgen")
    folder = tmp_path_factory.mktemp("measured") / "small"
    artifact = save_artifact(folder, small_manifest(), {"model": small_graph().SerializeToString()}, "card")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(measuring.PLANS, "rapid", Plan(1, 64, 0.0, 40, 5, 1, 3))
        return measure_artifact(None, artifact, Budget(latency_ms=50), artifact)


@pytest.fixture
def make_artifact(measured: dict[str, Any], tmp_path: Path) -> Make:
    """Save an artifact with evidence of this p90 in ms and these shares kept, in tmp_path/models/test."""

    def make(
        name: str, p90: float, share: float = 1.0, recipe: str = "int8", date: str = "2026-01-01", **machine: Any
    ) -> Artifact:
        manifest = small_manifest(
            name,
            precision="int8",
            labels=("cat", "dog|cow"),
            operating_points={"default": {"score": 0.3}},
            licences=({"what": "weights", "licence": "Apache-2.0", "source": "somewhere"},),
            lineage=_lineage(recipe),
            evidence=_evidence(measured, p90, share, date, machine),
        )
        folder = tmp_path / "models" / "test" / name
        return save_artifact(folder, manifest, {"model": small_graph().SerializeToString()}, write_card(manifest))

    return make


def _lineage(recipe: str) -> dict[str, Any]:
    notes = {"kept_in_float": ["first"], "sensitivity": SENSITIVITY}
    return {
        "command": "tightrope compress test -r recipe.toml --set width=8 --set=height=4",
        "recipe": {"name": recipe, "passes": [{"method": "export", "opset": 20, "tolerance": 0.001}]},
        "passes": [{"method": "quantize-mixed", "config": {}, "notes": notes, "seconds": 1.5}],
        "data_sha256": {"held-out": "0123abcd"},
        "versions": {"onnxruntime": "1.2.3"},
    }


def _evidence(measured: dict[str, Any], p90: float, share: float, date: str, machine: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(measured)
    limits = {"percentile": 90, "value": p90, "low": p90 - 1, "high": p90 + 2, "coverage": 0.96}
    changed["pipeline"]["total"]["p90"] = changed["pipeline"]["at_budget"] = limits
    changed["environment"] |= {"quiet": True, **machine}
    kept = Retention("accuracy", 0.8, 0.8 * share, share, share - 0.01, share + 0.01)
    gate = GateResult(0.99, 321, 1000, (kept,)).to_dict()
    budget = Budget(latency_ms=50, peak_rss_mb=1000).model_dump(mode="json")
    scores = {"reference": {"accuracy": 0.8}, "artifact": {"accuracy": 0.8 * share}}
    return {**changed, "date": date, "gate": gate, "scores": scores, "budget": budget}


def bare(artifact: Artifact, threads: int) -> Workload:
    return open_workload(None, artifact, threads)


@pytest.fixture
def small_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """An installed app 'test' whose pipeline is the bare graph, with its models in tmp_path/models."""
    limits = (
        'app = "test"\ndefault = "loose"\n[profiles.loose]\nlatency_ms = 1e6\n[profiles.tight]\nlatency_ms = 1e-6\n'
    )
    (tmp_path / "budget.toml").write_text(limits)
    app = App("test", "A <small> app.", "", "", f"{__name__}:bare", tmp_path)
    monkeypatch.setattr("tightrope.app.find_apps", lambda: {"test": app})
    for module in ("tour", "models"):
        monkeypatch.setattr(f"tightrope.cli.{module}.find_apps", lambda: {"test": app})
    monkeypatch.setenv("TIGHTROPE_MODELS", str(tmp_path / "models"))
    return app
