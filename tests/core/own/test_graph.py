"""Graphs as other exporters write them: what is read of them can be worked on, or is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tightrope.compress import Candidate
from tightrope.compress.nodes import name_nodes
from tightrope.compress.own.graph import read_graph
from tightrope.compress.passes.half_weights import HalfWeights
from tightrope.errors import BadInputError
from tightrope.runtime.session import Session

from .test_mistakes import save_graph


def test_constants_that_are_listed_as_inputs_are_constants(tmp_path: Path) -> None:
    file = save_graph(tmp_path / "old.onnx", [1, 3, 8, 8])
    old = onnx.load(file)
    old.graph.input.append(helper.make_tensor_value_info("weight", TensorProto.FLOAT, [3, 4]))
    old.ir_version = 3
    onnx.save(old, file)
    read = read_graph(file)
    assert [value.name for value in read.graph.input] == ["x"]
    assert read.ir_version == 4
    x = np.ones((1, 3, 8, 8), np.float32)
    np.testing.assert_array_equal(Session(read.SerializeToString())(x)[0], Session(file)(x)[0])


def test_every_node_has_a_name_of_its_own(tmp_path: Path) -> None:
    file = save_graph(tmp_path / "m.onnx", [1, 3, 8, 8])
    assert [node.name for node in read_graph(file).graph.node] == ["GlobalAveragePool_0", "Flatten_1", "MatMul_2"]
    graph = onnx.load(file)
    graph.graph.node[2].name = "GlobalAveragePool_0"
    name_nodes(graph)
    assert len({node.name for node in graph.graph.node}) == 3
    assert graph.graph.node[2].name == "GlobalAveragePool_0", "who has a name keeps it"


@pytest.mark.parametrize("kind", ["FLOAT16", "DOUBLE"])
def test_other_floats_are_refused(tmp_path: Path, kind: str) -> None:
    number = TensorProto.DataType.Value(kind)
    x, y = (helper.make_tensor_value_info(name, number, [1, 4]) for name in "xy")
    weight = helper.make_tensor("w", number, [4, 4], np.eye(4).ravel())
    nodes = [helper.make_node("Relu", ["x"], ["h"]), helper.make_node("MatMul", ["h", "w"], ["y"])]
    graph = helper.make_graph(nodes, "g", [x], [y], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path / "m.onnx")
    with pytest.raises(BadInputError, match=f"computes in {kind.lower()}, MatMul y for one: export it in float32"):
        read_graph(tmp_path / "m.onnx")


def test_weights_that_are_only_stored_in_half_are_welcome(tmp_path: Path) -> None:
    plain = onnx.load(save_graph(tmp_path / "m.onnx", [1, 3, 8, 8]))
    half = HalfWeights(minimum_elements=1).apply(Candidate(graph=plain), None)  # type: ignore[arg-type]
    onnx.save(half.graph, tmp_path / "half.onnx")
    assert any(
        tensor.data_type == TensorProto.FLOAT16 for tensor in read_graph(tmp_path / "half.onnx").graph.initializer
    )
