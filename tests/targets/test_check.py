"""What is said of a target agrees with what onnxruntime makes of a graph here, and with what each profile says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")

import onnxruntime as ort

from tightrope.cli.main import app
from tightrope.errors import ArtifactError, BudgetNotMetError, ConfigError
from tightrope.models import artifact_names, models_root
from tightrope.targets.check import Report, aim, aim_names, check
from tightrope.targets.runtime import load_runtime, runtime_names

SHIPPED = sorted(models_root().glob("*/*/*.onnx"))
INT8 = [file for file in SHIPPED if file.parts[-3] in ("road", "triage") and file.parent.name.endswith("int8")]
_FIRST = {"QLinearConv": "Conv", "QLinearAdd": "Add", "QLinearConcat": "Concat", "QLinearLeakyRelu": "LeakyRelu"}


def label(file: Path) -> str:
    return f"{file.parent.name}-{file.stem}"


def counted(report: Report, place: str) -> Counter[str]:
    return Counter(row.operator for row in report.rows if row.place == place)


@pytest.mark.parametrize("file", INT8, ids=label)
def test_the_same_become_integer_kernels_as_onnxruntime_says(file: Path, tmp_path: Path) -> None:
    """Its own optimizer writes down which operators it replaces."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.log_severity_level = 3
    ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    optimized = Counter(node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node)
    report = check(onnx.load(file), aim("x86-vnni"))
    said = counted(report, "integer")
    assert said["Conv"] > 20
    assert {name: said[name] for name in _FIRST.values()} == {
        name: optimized[kernel] for kernel, name in _FIRST.items()
    }


@pytest.mark.parametrize("file", SHIPPED, ids=label)
def test_openvino_reads_what_its_profile_takes(file: Path) -> None:
    openvino = pytest.importorskip("openvino")
    openvino.Core().read_model(file)
    assert not counted(check(onnx.load(file), aim("openvino")), "falls back")


@pytest.mark.parametrize("name", aim_names())
def test_every_target_says_something_of_every_shipped_graph(name: str) -> None:
    for file in SHIPPED:
        graph = onnx.load(file)
        report = check(graph, aim(name))
        assert sum(report.shares().values()) == pytest.approx(1)
        if all(aim(name).runtime.takes(kind) for kind in ("QuantizeLinear", "DequantizeLinear")):
            between = sum(
                node.op_type in ("QuantizeLinear", "DequantizeLinear", "Constant") for node in graph.graph.node
            )
            assert len(report.rows) == len(graph.graph.node) - between


@pytest.mark.parametrize(
    ("target", "form"),
    [
        ("x86-vnni", {}),
        ("arm-dotprod", {"int8 activations, not uint8"}),
        ("tensorrt", {"int8 activations, not uint8; activations with zero point 0"}),
        ("qnn", {"uint8 weights, not int8"}),
    ],
)
def test_the_form_that_a_target_wants_is_named(target: str, form: set[str]) -> None:
    report = check(onnx.load(models_root() / "road" / "nanodet-416-int8" / "model.onnx"), aim(target))
    assert set(report.wants()) == set(form)


def test_weights_of_8_bits_are_named_where_they_saturate() -> None:
    file = models_root() / "triage" / "lite0-256-int8" / "model.onnx"
    saturating = check(onnx.load(file), aim("x86-avx2")).wants()
    largest = _largest_weight(onnx.load(file))
    assert any("7 bits" in want for want in saturating) == (largest > 64)
    assert not check(onnx.load(file), aim("x86-amx")).wants()


def _largest_weight(graph: onnx.ModelProto) -> int:
    arrays = (onnx.numpy_helper.to_array(tensor) for tensor in graph.graph.initializer)
    return max(int(abs(array.astype(int)).max()) for array in arrays if array.dtype == "int8" and array.ndim > 1)


def test_what_is_not_taken_falls_back_and_costs_crossings(tmp_path: Path) -> None:
    graph = onnx.load(models_root() / "road" / "nanodet-416-int8" / "model.onnx")
    quantizers = Counter(node.op_type for node in graph.graph.node)
    report = check(graph, aim("coreml"))
    assert counted(report, "falls back") == {k: quantizers[k] for k in ("QuantizeLinear", "DequantizeLinear")}
    assert report.crossings > quantizers["QuantizeLinear"]
    assert not report.good
    half = check(onnx.load(models_root() / "road" / "nanodet-416-fp16" / "model.onnx"), aim("coreml"))
    assert half.good
    assert half.crossings == 0


def test_free_axes_are_refused_where_they_have_to_be_fixed() -> None:
    encoder = onnx.load(models_root() / "translate" / "en-de-int8" / "encoder.onnx")
    assert "length" in check(encoder, aim("qnn")).refusal
    assert not check(encoder, aim("x86-vnni")).refusal


def test_every_claim_has_a_source_and_every_operator_exists() -> None:
    known = {schema.name for schema in onnx.defs.get_all_schemas_with_history()} | {"MatMulNBits"}
    for name in runtime_names():
        runtime = load_runtime(name)
        assert all(": " in source for source in runtime.sources)
        lists = [runtime.operators or (), () if runtime.integer == "operators" else runtime.integer]
        assert {*lists[0], *lists[1], *runtime.carries, *runtime.own, *runtime.conditions} <= known
        assert all(runtime.takes(kind) for kind in runtime.conditions)


@pytest.fixture
def run() -> Callable[..., str]:
    return lambda *words: CliRunner().invoke(app, ["targets", *words], catch_exceptions=False).stdout


def test_the_command_says_it_with_its_sources_and_exits_3_when_asked(run: Callable[..., str]) -> None:
    name = f"road/{artifact_names('road')[0]}"
    text = run("check", name, "--target", "qnn")
    assert "not measured" in text
    assert "QNN-ExecutionProvider" in text
    assert len(run("check", name, "-t", "qnn", "--each").splitlines()) > len(text.splitlines())
    said = json.loads(run("check", name, "-t", "qnn", "--json"))
    assert said["graphs"]["model"]["measured"] is False
    assert set(json.loads(run("list", "--json"))) == set(aim_names())
    with pytest.raises(BudgetNotMetError, match="qnn"):
        run("check", name, "-t", "qnn", "--check")


def test_what_is_no_target_and_no_graph_is_named(run: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no graph")
    with pytest.raises(ConfigError, match="x86-vnni"):
        run("check", "road/nanodet-416-int8", "-t", "x86-vni")
    with pytest.raises(ConfigError, match="no file"):
        run("check", str(tmp_path / "none.onnx"), "-t", "qnn")
    with pytest.raises(ArtifactError, match="not an ONNX graph"):
        run("check", str(tmp_path / "broken.onnx"), "-t", "qnn")
