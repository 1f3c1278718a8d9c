"""Tables of vectors that are looked up by number, such as embeddings, in int8 with a scale for each row.

What is looked up is turned into float again: a few rows. Where the rows that were looked up are multiplied with, as in
`x @ rows.T` over the words that may come next, that product is computed in integers too, `x` quantized as it comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Readers = Mapping[str, Sequence[onnx.NodeProto]]


def quantize_tables(graph: onnx.ModelProto, limit: int) -> int:
    """Store every float table that is only looked up from in int8, in place; returns how many there were.

    Args:
        graph: a graph in which each tensor has one producer, as ONNX demands.
        limit: largest magnitude of a whole number: 127, or 63 for products that must not overflow (see `Scheme`).
    """
    body, readers = graph.graph, _readers(graph.graph)
    tables = [tensor for tensor in body.initializer if _is_table(tensor, readers.get(tensor.name, ()))]
    instead: dict[str, list[onnx.NodeProto]] = {}  # what takes the place of a node, by its output
    for table in tables:
        rows, scales = quantize_rows(numpy_helper.to_array(table), limit)
        body.initializer.remove(table)
        body.initializer.append(numpy_helper.from_array(rows, f"{table.name}_rows"))
        body.initializer.append(numpy_helper.from_array(scales, f"{table.name}_steps"))
        for lookup in readers[table.name]:
            instead |= _replacement(lookup, readers)
    if tables:
        body.initializer.append(numpy_helper.from_array(np.array([-1], np.int64), "last_axis"))
    nodes = [new for node in body.node for new in instead.get(node.output[0], [node])]
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del body.node[:]
    body.node.extend(copies)
    return len(tables)


def quantize_rows(table: NDArray[np.float32], limit: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Whole numbers [n, d] and the step [n] of each row, so that the largest of a row is `limit` steps."""
    scales = np.maximum(np.abs(table).max(axis=1) / limit, np.finfo(np.float32).tiny).astype(np.float32)
    return np.round(table / scales[:, None]).clip(-limit, limit).astype(np.int8), scales


def _replacement(lookup: onnx.NodeProto, readers: Readers) -> dict[str, list[onnx.NodeProto]]:
    """Nodes in place of a Gather, and of the product with what it gives, if that is all it is for."""
    table, numbers = lookup.input
    rows = lookup.output[0]
    integers, scale, floats = f"{rows}_rows", f"{rows}_steps", f"{rows}_float"
    found = [
        _node("Gather", [f"{table}_rows", numbers], integers),
        _node("Gather", [f"{table}_steps", numbers], scale),
    ]
    product = _product(rows, readers)
    if product is None:
        column = f"{rows}_steps_column"
        found.append(_node("Cast", [integers], floats, to=TensorProto.FLOAT))
        found.append(_node("Unsqueeze", [scale, "last_axis"], column))
        found.append(_node("Mul", [floats, column], rows))
        return {rows: found}
    transpose, matmul = product
    columns, x, sums = f"{rows}_columns", matmul.input[0], matmul.output[0]
    names = {part: f"{sums}_{part}" for part in ("x", "x_scale", "x_zero", "integer", "float", "scale")}
    quantize = helper.make_node(
        "DynamicQuantizeLinear", [x], [names["x"], names["x_scale"], names["x_zero"]], f"{sums}_quantize"
    )
    return {
        rows: found,
        transpose.output[0]: [_node("Transpose", [integers], columns, perm=[1, 0])],
        sums: [
            quantize,
            _node("MatMulInteger", [names["x"], columns, names["x_zero"]], names["integer"]),
            _node("Cast", [names["integer"]], names["float"], to=TensorProto.FLOAT),
            _node("Mul", [names["x_scale"], scale], names["scale"]),
            _node("Mul", [names["float"], names["scale"]], sums),
        ],
    }


def _product(rows: str, readers: Readers) -> tuple[onnx.NodeProto, onnx.NodeProto] | None:
    """The Transpose and the MatMul of `x @ rows.T`, if nobody else reads the rows; else None."""
    match readers.get(rows, ()):
        case [onnx.NodeProto(op_type="Transpose") as transpose]:
            match readers.get(transpose.output[0], ()):
                case [onnx.NodeProto(op_type="MatMul") as matmul] if matmul.input[1] == transpose.output[0]:
                    return transpose, matmul
    return None


def _is_table(tensor: onnx.TensorProto, users: Sequence[onnx.NodeProto]) -> bool:
    """Whether it is a float matrix of which whole rows are gathered, and nothing else."""
    matrix = tensor.data_type == TensorProto.FLOAT and len(tensor.dims) == 2
    return matrix and bool(users) and all(_gathers_rows(user, tensor.name) for user in users)


def _gathers_rows(node: onnx.NodeProto, table: str) -> bool:
    axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 0)
    return node.op_type == "Gather" and node.input[0] == table and axis == 0


def _readers(graph: onnx.GraphProto) -> Readers:
    """Who reads each tensor; the graph's outputs count as read by nobody."""
    found: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            found.setdefault(name, []).append(node)
    return found


def _node(operator: str, inputs: Sequence[str], output: str, **options: object) -> onnx.NodeProto:
    return helper.make_node(operator, list(inputs), [output], name=f"{output}_{operator}", **options)
