from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tightrope.artifact import Artifact, Manifest, save_artifact


def small_model() -> bytes:
    """x (1, 64) float32 -> Relu(x W) (1, 64): big enough to take time, small enough to take little."""
    weight = numpy_helper.from_array(np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32), "w")
    return _bytes(
        [helper.make_node("MatMul", ["x", "w"], ["h"], "product"), helper.make_node("Relu", ["h"], ["y"])], [weight]
    )


def integer_model() -> bytes:
    """The same input through DynamicQuantizeLinear and MatMulInteger, which onnxruntime computes in integers."""
    weight = numpy_helper.from_array(np.random.default_rng(0).integers(-64, 64, (64, 64), np.int8), "w")
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]),
        helper.make_node("MatMulInteger", ["q", "w", "zero"], ["h"], "product"),
        helper.make_node("Cast", ["h"], ["y"], to=TensorProto.FLOAT),
    ]
    return _bytes(nodes, [weight])


def fake_quantized_model() -> bytes:
    """Quantizes and dequantizes around a Sin, for which there is no integer kernel."""
    scale = numpy_helper.from_array(np.float32(0.01), "scale")
    zero = numpy_helper.from_array(np.uint8(128), "zero")
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["d"]),
        helper.make_node("Sin", ["d"], ["y"]),
    ]
    return _bytes(nodes, [scale, zero])


def _bytes(nodes: list[onnx.NodeProto], initializers: list[onnx.TensorProto]) -> bytes:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 64]) for name in "xy")
    graph = helper.make_graph(nodes, "small", [x], [y], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


MODELS = {"float": small_model, "integer": integer_model, "fake": fake_quantized_model}


@pytest.fixture
def models() -> dict[str, bytes]:
    """Graphs of one input x and one output y, both (1, 64) float32."""
    return {name: make() for name, make in MODELS.items()}


@pytest.fixture
def artifact(models: dict[str, bytes], tmp_path: Path) -> Artifact:
    return _save(tmp_path, "fp32", models["float"])


@pytest.fixture
def integer_artifact(models: dict[str, bytes], tmp_path: Path) -> Artifact:
    return _save(tmp_path, "int8", models["integer"])


def _save(folder: Path, precision: str, model: bytes) -> Artifact:
    manifest = Manifest("test", f"small-{precision}", precision, "2026-01-01T00:00:00+00:00", {})
    return save_artifact(folder / manifest.name, manifest, {"model": model}, "card")
