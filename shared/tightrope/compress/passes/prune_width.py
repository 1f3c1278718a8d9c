"""Hidden units of feed-forward blocks taken away: two matrix products become thinner, and nothing else changes.

Between a product, an activation function and the next product every unit stands by itself (Michel et al. 2019,
arXiv:1905.10650, and McCarley et al. 2019, arXiv:1910.06360, prune transformers so, heads and units). A unit's
importance is the energy that it puts into the second product's outputs on the calibration inputs: E[h^2] |w|^2, h being
the unit behind the activation and w its row. What is left is dense, so every runtime computes less. `prune-channels`
does the like for convolutions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import numpy_helper
from pydantic import Field

from tightrope.compress.candidate import Candidate
from tightrope.compress.linear import Floats, Product, arrays, observe_channels, products, put_back
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task

_UNARY = ("Relu", "LeakyRelu", "Gelu", "Sigmoid", "Tanh", "Elu", "HardSwish", "HardSigmoid", "Softplus", "Identity")


@dataclass(frozen=True)
class Block:
    """A product, what stands behind it unit by unit, and the product that reads that.

    `biases` and `shapes` are the constants between the two that have the block's width, by name of the node.
    """

    first: Product
    second: Product
    biases: tuple[tuple[str, int], ...]
    shapes: tuple[tuple[str, int], ...]


@register("prune-width")
class PruneWidth(Pass):
    """Take the least important share of the units out of feed-forward blocks (product, activation, product)."""

    ratio: float = Field(0.25, gt=0, lt=1, description="share of each block's units to take away")
    multiple: int = Field(8, ge=1, description="units left in a block are a multiple of it: what kernels like")
    inputs: int = Field(16, ge=1, description="calibration inputs for the units' importance")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        graph = candidate.float_graph()
        blocks = list(find_blocks(graph.graph))
        if not blocks:
            return candidate.then(self.record(widths={}))
        read = {block.second.read for block in blocks}
        energy = observe_channels(graph, read, task, self.inputs, lambda rows: np.square(rows).mean(axis=0))
        values, widths = arrays(graph.graph), {}
        for block in blocks:
            rows = block.second.matrix(values[block.second.weight])
            kept = self._kept(energy[block.second.read] * np.square(rows).sum(axis=1))
            _cut(graph.graph, block, values, kept)
            widths[block.first.node.name] = [len(rows), len(kept)]
        put_back(graph.graph, values)
        del graph.graph.value_info[:]  # of shapes that are no more
        return candidate.then(self.record(widths=widths), graph=graph)

    def _kept(self, importance: Floats) -> np.ndarray:
        """Units that stay, in their order."""
        wanted = len(importance) * (1 - self.ratio)
        count = max(self.multiple, round(wanted / self.multiple) * self.multiple)
        return np.sort(np.argsort(-importance, kind="stable")[: min(count, len(importance))])


def find_blocks(graph: onnx.GraphProto) -> Iterator[Block]:
    """Every pair of products between which each unit goes its own way, seen by nobody else."""
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    constants = {tensor.name: tensor for tensor in graph.initializer}
    outputs = {output.name for output in graph.output}
    by_name = {product.node.name: product for product in products(graph)}
    for first in by_name.values():
        width = _width(first, constants)
        biases = [(first.node.name, 2)] if len(first.node.input) > 2 else []
        shapes: list[tuple[str, int]] = []
        name, active = first.node.output[0], False
        while name not in outputs and len(readers.get(name, ())) == 1:
            node = readers[name][0]
            if node.name in by_name and node.input[0] == name:
                if active and _inputs(by_name[node.name], constants) == width:
                    yield Block(first, by_name[node.name], tuple(biases), tuple(shapes))
                break
            if node.op_type == "Reshape" and _keeps_last(constants.get(node.input[1]), width):
                shapes.append((node.name, 1))
            elif node.op_type == "Add" and (place := _bias_place(node, constants, width)) is not None:
                biases.append((node.name, place))
            elif node.op_type in _UNARY:
                active = True
            else:
                break
            name = node.output[0]


def _width(product: Product, constants: dict[str, onnx.TensorProto]) -> int:
    return int(constants[product.weight].dims[0 if product.transposed else 1])


def _inputs(product: Product, constants: dict[str, onnx.TensorProto]) -> int:
    return int(constants[product.weight].dims[1 if product.transposed else 0])


def _keeps_last(shape: onnx.TensorProto | None, width: int) -> bool:
    """Whether a Reshape's constant shape says that the last axis is the units'."""
    return shape is not None and int(numpy_helper.to_array(shape).reshape(-1)[-1]) == width


def _bias_place(node: onnx.NodeProto, constants: dict[str, onnx.TensorProto], width: int) -> int | None:
    """Which input of an Add is a constant of one number a unit."""
    places = (k for k, name in enumerate(node.input) if name in constants and list(constants[name].dims) == [width])
    return next(places, None)


def _cut(graph: onnx.GraphProto, block: Block, values: dict[str, Floats], kept: np.ndarray) -> None:
    """Leave the kept units in everything that has one number, row or column a unit."""
    nodes = {node.name: node for node in graph.node}
    for product, axis in ((block.first, 1), (block.second, 0)):
        stored = values[product.weight]
        values[product.weight] = np.take(stored, kept, axis=1 - axis if product.transposed else axis)
    for name, place in block.biases:
        _own(nodes[name], place, values, values[nodes[name].input[place]][..., kept])
    for name, place in block.shapes:
        shape = values[nodes[name].input[place]].copy()
        shape[-1] = len(kept)
        _own(nodes[name], place, values, shape)


def _own(node: onnx.NodeProto, place: int, values: dict[str, Floats], constant: Floats) -> None:
    """Give a node a constant of its own, as others may read the one that it has."""
    name = f"{node.name}_cut_{place}"
    values[name] = constant
    node.input[place] = name
