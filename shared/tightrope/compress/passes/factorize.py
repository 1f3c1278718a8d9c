"""Low rank: a product by a large matrix becomes two by thin ones, where its singular values allow.

Denton et al. 2014, 'Exploiting Linear Structure Within Convolutional Networks' (arXiv:1404.0736), for linear layers and
1x1 convolutions, with the error weighted by what the layer is given: the singular values are those of W L, where L L^T
is the second moment of its inputs (Hsu et al. 2022, arXiv:2207.00112, in the form with activations).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from pydantic import Field

from tightrope.compress.candidate import Candidate
from tightrope.compress.nodes import reads, with_outputs
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task
from tightrope.runtime.session import Inputs, Session

Matrix = NDArray[np.float64]
_POINTS = 4096  # rows of a layer's input that are looked at, an example
_RIDGE = 1e-6  # of the mean square, so that what the examples never show has a price too


@register("factorize")
class Factorize(Pass):
    """Split linear layers and 1x1 convolutions into two of a smaller rank, where that computes less.

    The rank of each is the smallest that keeps `energy` of its output's energy on the calibration inputs.
    """

    energy: float = Field(0.999, gt=0, lt=1, description="share of a layer's output energy to keep")
    gain: float = Field(0.8, gt=0, lt=1, description="split only what computes no more than this share afterwards")
    inputs: int = Field(8, ge=1, description="calibration batches to look at")

    faster = True

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        graph = candidate.float_graph()
        found = dict(_linear(graph.graph))
        moments = _second_moments(graph, {node.input[0] for node in found.values()}, task, self.inputs)
        arrays = {tensor.name: tensor for tensor in graph.graph.initializer}
        ranks = {}
        for name, node in found.items():
            weight = _as_matrix(node, numpy_helper.to_array(arrays[node.input[1]]))
            first, second = _factors(weight, moments[node.input[0]], self.energy)
            if first.size + second.size <= self.gain * weight.size:
                _split(graph.graph, node, first, second)
                ranks[name] = len(first)
        _drop_unread(graph.graph)
        return candidate.then(self.record(layers=len(found), ranks=ranks), graph=graph)


def _linear(graph: onnx.GraphProto) -> Iterator[tuple[str, onnx.NodeProto]]:
    """Layers that multiply every row, or every pixel, by one constant matrix."""
    constants = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for node in graph.node:
        shape = constants.get(node.input[1]) if len(node.input) > 1 else None
        if shape is None:
            continue
        settings = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        plain = all(settings.get(key, 1) == 1 for key in ("alpha", "beta")) and not settings.get("transA")
        pointwise = len(shape) == 4 and shape[2:] == (1, 1) and settings.get("group", 1) == 1
        if (node.op_type == "Conv" and pointwise) or (node.op_type in ("MatMul", "Gemm") and len(shape) == 2 and plain):
            yield node.name, node


def _as_matrix(node: onnx.NodeProto, weight: NDArray[np.float32]) -> Matrix:
    """[outputs, inputs]"""
    if node.op_type == "Conv":
        return weight[:, :, 0, 0].astype(np.float64)
    transposed = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
    return (weight if transposed else weight.T).astype(np.float64)


def _second_moments(graph: onnx.ModelProto, names: set[str], task: Task, count: int) -> dict[str, Matrix]:
    """Mean outer product of the rows that a layer is given, by the name of its input."""
    given = {value.name for value in graph.graph.input}
    wanted = sorted(names - given)
    session = Session(with_outputs(graph, wanted).SerializeToString())
    sums: dict[str, Matrix] = {}
    for example in islice(task.calibration(), count):
        shown = session.ort.run(wanted, dict(session.feeds(example))) if wanted else []  # for none it gives all
        found = dict(zip(wanted, shown, strict=True))
        for name in names:
            rows = _rows(found[name] if name in found else _fed(example, name))
            rows = rows[:: max(1, len(rows) // _POINTS)]
            sums[name] = sums.get(name, 0) + rows.T @ rows / max(len(rows), 1) / count  # none behind an empty NonZero
    return sums


def _fed(example: Inputs, name: str) -> NDArray[np.float32]:
    return example if isinstance(example, np.ndarray) else example[name]


def _rows(values: NDArray[np.float32]) -> Matrix:
    """[rows, channels]: pixels of [n, c, h, w], else all but the last axis."""
    if values.ndim == 4:
        values = values.transpose(0, 2, 3, 1)
    return values.reshape(-1, values.shape[-1]).astype(np.float64)


def _factors(weight: Matrix, moment: Matrix, energy: float) -> tuple[Matrix, Matrix]:
    """`first` [rank, inputs] and `second` [outputs, rank], whose product stands for `weight` on such inputs."""
    ridge = _RIDGE * max(float(np.trace(moment)) / len(moment), 1e-12)
    root = np.linalg.cholesky(moment + ridge * np.eye(len(moment)))
    left, values, _ = np.linalg.svd(weight @ root, full_matrices=False)
    kept = np.cumsum(values**2) / max(float((values**2).sum()), 1e-30)
    rank = int(np.searchsorted(kept, energy)) + 1
    basis = left[:, :rank]  # of the outputs: the weighted error is least for the projection on it
    return basis.T @ weight, basis


def _split(graph: onnx.GraphProto, node: onnx.NodeProto, first: Matrix, second: Matrix) -> None:
    """Put two nodes in the place of one; the bias, strides and pads go to the node that they belong to."""
    middle, names = f"{node.name}_rank", (f"{node.name}_first", f"{node.name}_second")
    convolution = node.op_type == "Conv"
    for name, matrix in zip(names, (first, second), strict=True):
        array = matrix[:, :, None, None] if convolution else matrix.T
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array, np.float32), name))
    stride = [attribute for attribute in node.attribute if attribute.name not in ("transB", "alpha", "beta")]
    before = helper.make_node(node.op_type, [node.input[0], names[0]], [middle], f"{node.name}_in")
    before.attribute.extend(stride)
    after = helper.make_node(node.op_type, [middle, names[1], *node.input[2:]], list(node.output), f"{node.name}_out")
    place = list(graph.node).index(node)
    graph.node.remove(node)
    graph.node.insert(place, after)
    graph.node.insert(place, before)


def _drop_unread(graph: onnx.GraphProto) -> None:
    """Constants that nothing reads any more."""
    read = set(reads(graph))
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in read]:
        graph.initializer.remove(tensor)
