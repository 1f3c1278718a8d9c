"""Predicted latency of a graph that was never run: what it computes, times what that costs on this machine.

    model = LatencyModel()
    model.learn(graph, 14.3)           # ms, as measured
    model.predict(another_graph)       # ms, or None while nothing was measured

The prediction is linear in the work of each kind. What a unit of each costs is a rule of thumb, corrected by what was
measured so far (ridge regression; never negative: Lawson and Hanson 1974, chapter 23). It is there to leave out what
cannot be fast enough, and nothing else: whatever is believed is measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from scipy.optimize import nnls

from tightrope.compress.quantize import COMPUTE, multiply_accumulates, tensor_shapes

_INTEGER_GAIN = 0.35  # of `work`: what int8 about costs, of float
# What a unit of each kind costs beyond that of a multiply-accumulate in float, before anything was measured.
_PRIOR = {
    "float dense": 1.0,
    "float depthwise": 4.0,  # few products for what is moved
    "int8 dense": _INTEGER_GAIN,
    "int8 depthwise": 4.0 * _INTEGER_GAIN,
    "other": 10.0,
    "nodes": 30_000.0,
}
_TRUST = 0.2  # in the prior, against one measurement
_DYNAMIC = ("MatMulInteger", "ConvInteger")
_FUSED = ("QuantizeLinear", "DequantizeLinear", "Constant")


def amounts(graph: onnx.ModelProto) -> dict[str, float]:
    """How much of each kind there is: multiply-accumulates of layers, elements that other nodes write, nodes."""
    shapes = tensor_shapes(graph)
    dequantized = {node.output[0] for node in graph.graph.node if node.op_type == "DequantizeLinear"}
    found = dict.fromkeys(_PRIOR, 0.0)
    for node in graph.graph.node:
        if node.op_type in _FUSED:
            continue
        found["nodes"] += 1
        if node.op_type in (*COMPUTE, *_DYNAMIC):
            integer = node.op_type in _DYNAMIC or set(node.input[:2]) <= dequantized
            kind = f"{'int8' if integer else 'float'} {'depthwise' if _groups(node) > 1 else 'dense'}"
            found[kind] += multiply_accumulates(node, shapes)
        else:
            found["other"] += sum(math.prod(shapes.get(name, ())) for name in node.output)
    return found


def work(graphs: Sequence[onnx.ModelProto]) -> float:
    """Multiply-accumulates, int8 ones counted as about a third: the same on every machine and in every run."""
    total = 0.0
    for graph in graphs:
        found = amounts(graph)
        integer = found["int8 dense"] + found["int8 depthwise"]
        total += found["float dense"] + found["float depthwise"] + _INTEGER_GAIN * integer
    return total


class LatencyModel:
    """Milliseconds of graphs on this machine, learned from those that ran."""

    def __init__(self) -> None:
        self._rows: list[list[float]] = []
        self._ms: list[float] = []

    def learn(self, graphs: Sequence[onnx.ModelProto], ms: float) -> None:
        """The graphs, each run once, took `ms` together."""
        self._rows.append(_row(graphs))
        self._ms.append(ms)

    def predict(self, graphs: Sequence[onnx.ModelProto]) -> float | None:
        """Milliseconds; None before anything was learned."""
        if not self._rows:
            return None
        rows = np.array(self._rows) / np.array(self._ms)[:, None]  # relative errors count
        speed = float(np.linalg.lstsq(rows.sum(axis=1, keepdims=True), np.ones(len(rows)), rcond=None)[0][0])
        pull = _TRUST * np.eye(len(_PRIOR))
        corrections, _ = nnls(np.vstack([rows * speed, pull]), np.concatenate([np.ones(len(rows)), pull.sum(axis=1)]))
        return float(np.array(_row(graphs)) * speed @ corrections)


def _row(graphs: Sequence[onnx.ModelProto]) -> list[float]:
    """The cost of each kind by the prior, in multiply-accumulates."""
    each: list[Mapping[str, float]] = [amounts(graph) for graph in graphs]
    return [unit * sum(found[kind] for found in each) for kind, unit in _PRIOR.items()]


def _groups(node: onnx.NodeProto) -> int:
    return next((int(attribute.i) for attribute in node.attribute if attribute.name == "group"), 1)


def rank_correlation(predicted: NDArray[np.float64], measured: NDArray[np.float64]) -> float:
    """Spearman's: 1 where the prediction puts everything into the right order."""
    first, second = (np.argsort(np.argsort(values)).astype(np.float64) for values in (predicted, measured))
    return float(np.corrcoef(first, second)[0, 1])
