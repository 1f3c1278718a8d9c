"""A QDQ graph that is trained: run in torch with its roundings, and written back as the same graph of other numbers.

What is learned: weights and biases as float numbers behind the rounding, each weight's scale by channel, and the range
of every activation; or the ranges and the biases alone. Tensors that share a range, because they are concatenated or
only moved, go on sharing it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from tightrope.compress.fake_quantize import Grid
from tightrope.compress.student import TRAINED, unit
from tightrope.compress.torch_graph import Inputs, constants, run

Learned = Literal["all", "ranges"]

_LIMITS = {torch.uint8: (0, 255), torch.int8: (-128, 127)}
_WEIGHT_LIMITS = {  # by type and reduce_range
    (torch.int8, False): (-127, 127),
    (torch.int8, True): (-64, 64),
    (torch.uint8, False): (0, 255),
    (torch.uint8, True): (0, 127),
}
_FASTER = 16.0  # than a weight learns a grid: where that lies changes nothing but the rounding
_WITHIN = 0.3  # of a step: how far a weight starts from the whole number that stands for it


@dataclass(frozen=True)
class _Weight:
    master: Tensor
    grid: Grid


@dataclass(frozen=True)
class _Bias:
    """Stored in steps of the product of two scales: its input's, and its weight's by channel."""

    master: Tensor
    range: str
    weight: str


class QuantizedStudent:
    """A QDQ graph of one input, as `Quantizer` makes it.

    Args:
        graph: the QDQ graph.
        source: the float graph that it was made from: what its weights were before rounding.
        reduce_range: weights stay in 7 bits.
        symmetric: activations' zero points stay where they are.
        learned: 'ranges' leaves the weights and their scales as they are. So few numbers can hardly be fitted to the
            inputs at hand instead of to all that there are.
    """

    def __init__(
        self,
        graph: onnx.ModelProto,
        source: onnx.ModelProto,
        reduce_range: bool,
        symmetric: bool,
        learned: Learned = "all",
    ) -> None:
        self._source = graph
        self._nodes = graph.graph.node
        self._values = constants(graph)
        self._from = {output: node for node in self._nodes for output in node.output}
        self._symmetric = symmetric
        self._learned_tensors = learned
        self._ranges = self._shared_ranges()
        self._weights: dict[str, _Weight] = {}
        self._biases: dict[str, _Bias] = {}
        self._floats: dict[str, Tensor] = {}
        original = constants(source)
        for node in self._nodes:
            if node.op_type in TRAINED:
                self._take(node, original, reduce_range)
        for tensor, _ in self.units():
            tensor.requires_grad_()

    def units(self) -> list[tuple[Tensor, float]]:
        """Each trained tensor, and what a step of it is a share of."""
        grids = list({id(grid): grid for grid in self._ranges.values()}.values())
        weights = list(self._weights.values()) if self._learned_tensors == "all" else []
        floats = list(self._floats.values()) if self._learned_tensors == "all" else []
        masters = [*(weight.master for weight in weights), *(bias.master for bias in self._biases.values()), *floats]
        return [
            *((tensor, unit(tensor)) for tensor in masters),
            *((grid.log_scale, _FASTER) for grid in (*grids, *(weight.grid for weight in weights))),
            *((grid.free_zero, _FASTER * (grid.high - grid.low)) for grid in grids if not self._symmetric),
        ]

    def __call__(self, example: Tensor) -> dict[str, Tensor]:
        """The outputs by name."""
        values = {**self._values, self._source.graph.input[0].name: example}
        special = {"QuantizeLinear": self._quantize, "DequantizeLinear": self._dequantize}
        run(self._nodes, values, special)
        return {output.name: values[output.name] for output in self._source.graph.output}

    def graph(self) -> onnx.ModelProto:
        """A copy of the graph with the numbers as they are now."""
        copy = onnx.ModelProto()
        copy.CopyFrom(self._source)
        learned = dict(self._learned())
        for tensor in copy.graph.initializer:
            if tensor.name in learned:
                old = self._values[tensor.name]
                new = learned[tensor.name].detach().to(old.dtype).reshape(old.shape)
                tensor.CopyFrom(numpy_helper.from_array(new.numpy(), tensor.name))
        return copy

    def _quantize(self, node: onnx.NodeProto, inputs: Inputs) -> Tensor:
        """On the grid, but still in float."""
        return self._ranges[node.input[1]](inputs[0])

    def _dequantize(self, node: onnx.NodeProto, inputs: Inputs) -> Tensor:
        name = node.input[0]
        if name in self._weights:
            return self._weights[name].grid(self._weights[name].master)
        if name in self._biases:
            return self._biases[name].master
        return _plain(node, inputs) if name in self._values else inputs[0]

    def _shared_ranges(self) -> dict[str, Grid]:
        """The grid of each activation by the name of its scale; one for what is concatenated."""
        grids: dict[str, Grid] = {}
        for node in self._nodes:
            if node.op_type == "QuantizeLinear" and node.input[1] not in grids:
                scale, zero = (self._values[name] for name in node.input[1:3])
                grids[node.input[1]] = Grid.of(scale, zero, *_LIMITS[zero.dtype])
        readers = {node.input[0]: node for node in self._nodes if node.op_type == "QuantizeLinear"}
        for node in self._nodes:
            if node.op_type == "Concat" and node.output[0] in readers:
                result = readers[node.output[0]].input[1]
                for name in node.input:
                    before = self._from.get(name)
                    if before is not None and before.op_type == "DequantizeLinear":
                        self._join(grids, result, before.input[1])
        return grids

    def _join(self, grids: dict[str, Grid], one: str, other: str) -> None:
        """Give both the same grid, if they start from the same range."""
        kept, replaced = grids[one], grids[other]
        if torch.equal(kept.log_scale, replaced.log_scale) and torch.equal(kept.free_zero, replaced.free_zero):
            grids.update({name: kept for name, grid in grids.items() if grid is replaced})

    def _take(self, node: onnx.NodeProto, original: dict[str, Tensor], reduce_range: bool) -> None:
        """Make what this layer reads trainable."""
        for name in node.input[1:]:
            before = self._from.get(name)
            if name in self._values:
                self._floats[name] = self._values[name]
            elif before is not None and before.op_type == "DequantizeLinear" and before.input[0] in self._values:
                stored, scale, zero = (self._values[read] for read in before.input)
                if stored.dtype == torch.int32:
                    activation, weight = (self._from[read] for read in node.input[:2])
                    bias = _plain(before, [stored, scale, zero])
                    self._biases[before.input[0]] = _Bias(bias, activation.input[1], weight.input[0])
                else:
                    shape = _along(before, scale, stored.ndim)
                    low, high = _WEIGHT_LIMITS[stored.dtype, reduce_range]
                    grid = Grid.of(scale.reshape(shape), zero.reshape(shape), low, high)
                    master = _master(original[before.input[0].removesuffix("_quantized")], stored, grid)
                    self._weights[before.input[0]] = _Weight(master, grid)

    def _learned(self) -> Iterator[tuple[str, Tensor]]:
        """The graph's constants that were learned, by name."""
        yield from self._floats.items()
        for node in self._nodes:
            if node.op_type == "QuantizeLinear":
                grid = self._ranges[node.input[1]]
                yield from ((node.input[1], grid.scale), (node.input[2], grid.zero))
            elif node.op_type == "DequantizeLinear" and node.input[0] in self._weights:
                weight = self._weights[node.input[0]]
                yield from ((node.input[0], weight.grid.integers(weight.master)), (node.input[1], weight.grid.scale))
            elif node.op_type == "DequantizeLinear" and node.input[0] in self._biases:
                bias = self._biases[node.input[0]]
                step = self._ranges[bias.range].scale * self._weights[bias.weight].grid.scale.flatten()
                steps = torch.round(bias.master.double() / step.double()).clamp(-(2**31), 2**31 - 1)
                yield from ((node.input[0], steps), (node.input[1], step))


def _along(node: onnx.NodeProto, scale: Tensor, rank: int) -> list[int]:
    """The shape in which this node's scales, one for each channel or one for all, broadcast over its tensor."""
    if scale.ndim == 0:
        return []
    axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 1)
    return [-1 if place == axis % rank else 1 for place in range(rank)]


def _plain(node: onnx.NodeProto, inputs: Inputs) -> Tensor:
    """What DequantizeLinear makes of a constant."""
    stored, scale, zero = inputs
    shape = _along(node, scale, stored.ndim)
    real: Tensor = (stored.float() - zero.float().reshape(shape)) * scale.reshape(shape)
    return real


def _master(original: Tensor, stored: Tensor, grid: Grid) -> Tensor:
    """Float weights that are rounded to `stored`, as near to the original ones as that allows."""
    whole = stored.float() - grid.zero
    return (whole + (original / grid.scale - whole).clamp(-_WITHIN, _WITHIN)) * grid.scale
