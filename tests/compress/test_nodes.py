"""A graph that is looked into."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper

from tightrope.compress.nodes import with_outputs
from tightrope.runtime.session import Session


def test_what_is_an_output_already_is_one_only_once() -> None:
    nodes = [helper.make_node("Relu", ["x"], ["between"]), helper.make_node("Neg", ["between"], ["y"])]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("x", "between", "y")]
    graph = helper.make_model(
        helper.make_graph(nodes, "g", ends[:1], ends[1:]), opset_imports=[helper.make_opsetid("", 20)], ir_version=10
    )
    onnx.checker.check_model(graph)

    wide = with_outputs(graph, ["between", "y"])

    assert [output.name for output in wide.graph.output] == ["between", "y"]
    between, _ = Session(wide.SerializeToString())(np.array([1, -1], np.float32))
    assert between.tolist() == [1, 0]
