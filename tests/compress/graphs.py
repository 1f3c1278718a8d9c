"""Attention as exporters write it, in graphs by hand: every layout of the heads, without torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

WIDTH, HEADS, BATCH, LENGTH = 32, 4, 2, 12
SIZE = WIDTH // HEADS
IDLE = (1, 2)  # heads of which hardly anything comes out
LAYOUTS = ("split", "separate", "gathered", "merged")
Shapes = dict[str, list[Any]]
FREE = ("split", "separate")  # those with batch and length free


class _Graph:
    """Nodes and constants as they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, Any] = {}
        self.random = np.random.default_rng(0)

    def add(self, operator: str, inputs: list[str], *outputs: str, **attributes: Any) -> None:
        self.nodes.append(helper.make_node(operator, inputs, list(outputs), f"{operator}_{outputs[0]}", **attributes))

    def ints(self, name: str, *values: int) -> str:
        self.constants[name] = np.array(values, np.int64)
        return name

    def floats(self, name: str, *shape: int) -> str:
        self.constants[name] = (self.random.normal(size=shape) / 4).astype(np.float32)
        return name

    def model(self, inputs: Shapes, outputs: Shapes) -> onnx.ModelProto:
        x, y = ([helper.make_tensor_value_info(n, 1, s) for n, s in shapes.items()] for shapes in (inputs, outputs))
        tensors = [numpy_helper.from_array(np.asarray(array), name) for name, array in self.constants.items()]
        graph = helper.make_graph(self.nodes, "g", x, y, tensors)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def attention(layout: str) -> onnx.ModelProto:
    """x [batch, length, WIDTH] + self-attention of x.

    Args:
        layout: 'split': one product, split in three, as torch exports a fused projection; 'separate': three products
            and a mask, as in BERT; 'gathered': [3, batch, heads, ...] from a Gemm over rows; 'merged': batch and heads
            in one axis, positions first, as torch.nn.MultiheadAttention has them.
    """
    made = _Graph()
    _read(made, layout)
    made.constants["factor"] = np.float32(SIZE**-0.5)
    made.add("MatMul", ["q", "k"], "scores")
    made.add("Mul", ["scores", "factor"], "scaled")
    if layout == "separate":
        made.add("ReduceMax", ["x", made.ints("last", 2)], "largest", keepdims=0)
        made.add("Unsqueeze", ["largest", made.ints("inner", 1, 2)], "mask")
        made.add("Add", ["scaled", "mask"], "masked")
    made.add("Softmax", ["masked" if layout == "separate" else "scaled"], "weights", axis=-1)
    made.add("MatMul", ["weights", "v"], "context")
    merged = layout == "merged"
    made.add("Transpose", ["context"], "turned", perm=[1, 0, 2] if merged else [0, 2, 1, 3])
    made.add("Reshape", ["turned", "flat"], "joined")
    made.floats("w_out", WIDTH, WIDTH)
    for head in IDLE:
        made.constants["w_out"][head * SIZE : (head + 1) * SIZE] *= 1e-5
    made.add("MatMul", ["joined", "w_out"], "product")
    made.add("Add", ["product", made.floats("b_out", WIDTH)], "out")
    if merged:
        made.add("Transpose", ["out"], "back", perm=[1, 0, 2])
    made.add("Add", ["x", "back" if merged else "out"], "y")
    shape: list[int | str] = ["batch", "length", WIDTH] if layout in FREE else [BATCH, LENGTH, WIDTH]
    return made.model({"x": shape}, {"y": shape})


def _read(made: _Graph, layout: str) -> None:
    """From x to q, k (turned) and v, and the shape 'flat' of what the heads make together."""
    if layout in FREE:
        _read_free(made, layout)
    elif layout == "gathered":
        made.add("Reshape", ["x", made.ints("rows", -1, WIDTH)], "flattened")
        made.floats("w_in", 3 * WIDTH, WIDTH)
        made.add("Gemm", ["flattened", "w_in", made.floats("b_in", 3 * WIDTH)], "linear", transB=1)
        made.add("Reshape", ["linear", made.ints("five", BATCH, LENGTH, 3, HEADS, SIZE)], "parts")
        made.add("Transpose", ["parts"], "first", perm=[2, 0, 3, 1, 4])
        for place, name in enumerate(("q", "upright", "v")):
            made.constants[f"place_{name}"] = np.array(place)
            made.add("Gather", ["first", f"place_{name}"], name, axis=0)
        made.add("Transpose", ["upright"], "k", perm=[0, 1, 3, 2])
        made.ints("flat", BATCH, LENGTH, WIDTH)
    else:
        made.add("Transpose", ["x"], "positions_first", perm=[1, 0, 2])
        made.add("MatMul", ["positions_first", made.floats("w_in", WIDTH, 3 * WIDTH)], "bare")
        made.add("Add", ["bare", made.floats("b_in", 3 * WIDTH)], "linear")
        made.ints("together", LENGTH, BATCH * HEADS, SIZE)
        made.ints("axis", 2)
        for place, name in enumerate("qkv"):
            made.ints(f"from_{name}", place * WIDTH)
            made.ints(f"to_{name}", (place + 1) * WIDTH if place < 2 else np.iinfo(np.int64).max)
            made.add("Slice", ["linear", f"from_{name}", f"to_{name}", "axis"], f"part_{name}")
            made.add("Reshape", [f"part_{name}", "together"], f"slots_{name}")
            made.add("Transpose", [f"slots_{name}"], name, perm=[1, 2, 0] if name == "k" else [1, 0, 2])
        made.ints("flat", LENGTH, BATCH, WIDTH)


def _read_free(made: _Graph, layout: str) -> None:
    made.add("Shape", ["x"], "batch", start=0, end=1)
    made.add("Shape", ["x"], "length", start=1, end=2)
    size = -1 if layout == "split" else SIZE
    made.add("Concat", ["batch", "length", made.ints("heads", HEADS), made.ints("size", size)], "apart", axis=0)
    made.add("Concat", ["batch", "length", made.ints("width", WIDTH)], "flat", axis=0)
    if layout == "split":
        made.add("MatMul", ["x", made.floats("w_in", WIDTH, 3 * WIDTH)], "bare")
        made.add("Add", ["bare", made.floats("b_in", 3 * WIDTH)], "linear")
        made.add("Split", ["linear"], "part_q", "part_k", "part_v", axis=2, num_outputs=3)
    for name in "qkv":
        if layout == "separate":
            made.add("MatMul", ["x", made.floats(f"w_{name}", WIDTH, WIDTH)], f"bare_{name}")
            made.add("Add", [made.floats(f"b_{name}", WIDTH), f"bare_{name}"], f"part_{name}")
        made.add("Reshape", [f"part_{name}", "apart"], f"slots_{name}")
        made.add("Transpose", [f"slots_{name}"], name, perm=[0, 2, 3, 1] if name == "k" else [0, 2, 1, 3])


def picky() -> onnx.ModelProto:
    """Of x [2, 4] the rows [n, 4] that begin above 0, by a matrix: n may be 0."""
    made = _Graph()
    made.constants |= {"first": np.array(0), "zero": np.float32(0)}
    made.add("Gather", ["x", "first"], "begin", axis=1)
    made.add("Greater", ["begin", "zero"], "chosen")
    made.add("Compress", ["x", "chosen"], "rows", axis=0)
    made.add("MatMul", ["rows", made.floats("w", 4, 16)], "y")
    return made.model({"x": [2, 4]}, {"y": ["n", 16]})


def branching() -> onnx.ModelProto:
    """x times w; and w, or another constant, from the branches of an If; and a constant as an output."""
    made = _Graph()
    made.add("MatMul", ["x", made.floats("w", 16, 16)], "y")
    made.constants["yes"] = np.array(True)
    branches = {}
    for branch, read in {"then_branch": "w", "else_branch": made.floats("other", 16, 16)}.items():
        inner, out = helper.make_node("Identity", [read], [branch]), helper.make_tensor_value_info(branch, 1, [16, 16])
        branches[branch] = helper.make_graph([inner], branch, [], [out])
    made.add("If", ["yes"], "z", **branches)
    return made.model({"x": [2, 16]}, {"y": [2, 16], "z": [16, 16], made.floats("given", 3): [3]})
