"""Cross-layer equalization: channels take turns in being large, so that one scale serves them all.

Nagel et al. 2019 (arXiv:1906.04721, section 4.1), weighed with activations as SmoothQuant does (Xiao et al. 2023,
arXiv:2211.10438, equation 4). A convolution's output channel may be divided by s > 0 if whoever reads it multiplies it
by s again, wherever everything between them is positively homogeneous: ReLU, LeakyReLU, max-pool, concatenation. The
function stays the same; what is rounded becomes more even. Weights quantized per output channel do not feel the
division, so it costs the producer nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from pydantic import Field

from tightrope.compress.candidate import Candidate
from tightrope.compress.nodes import with_outputs
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task, first_examples
from tightrope.runtime.session import Session

_HOMOGENEOUS = ("Relu", "LeakyRelu", "MaxPool")
Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Reader:
    """A convolution that reads the channels of another, the first of them at its input channel `offset`."""

    weight: str
    offset: int


@dataclass(frozen=True)
class Link:
    """A convolution whose channels can be scaled: its tensors, the activation that is read, and all who read it."""

    weight: str
    bias: str | None
    activation: str
    readers: tuple[Reader, ...]


@register("equalize")
class Equalize(Pass):
    """Even out channel ranges between convolutions; the graph computes the same as before.

    The scale of a channel is range(activation)^alpha / range(weights that read it)^(1 - alpha), normalized so that the
    scales of a tensor multiply to one.
    """

    alpha: float = Field(0.5, ge=0, le=1, description="0: only weights decide, 1: only activations")
    inputs: int = Field(16, ge=1, description="calibration inputs for the activations' ranges")
    rounds: int = Field(2, ge=1, description="sweeps over all links")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        graph = candidate.float_graph()
        links = list(find_links(graph))
        if not links:
            return candidate.then(self.record(links=0))
        ranges = _channel_ranges(graph, links, task, self.inputs)
        weights = {tensor.name: numpy_helper.to_array(tensor).copy() for tensor in graph.graph.initializer}
        for _ in range(self.rounds):
            for link in links:
                _equalize(link, weights, ranges, self.alpha)
        for tensor in graph.graph.initializer:
            tensor.CopyFrom(numpy_helper.from_array(weights[tensor.name], tensor.name))
        return candidate.then(self.record(links=len(links)), graph=graph)


def find_links(graph: onnx.ModelProto) -> Iterator[Link]:
    """Every convolution of which all readers are convolutions, reached through homogeneous operators only."""
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    channels = {tensor.name: list(tensor.dims) for tensor in graph.graph.initializer}
    widths = _tensor_widths(graph)
    outputs = {output.name for output in graph.graph.output}
    for node in graph.graph.node:
        if node.op_type != "Conv" or not _is_own_kernel(node, readers, channels):
            continue
        bias = node.input[2] if len(node.input) > 2 else None
        if bias is not None and (bias not in channels or len(readers[bias]) > 1):
            continue
        try:
            found = tuple(_follow(node.output[0], 0, readers, channels, widths, outputs))
        except _BlockedError:
            continue
        yield Link(node.input[1], bias, _activation(node.output[0], readers), found)


def _is_own_kernel(
    node: onnx.NodeProto, readers: dict[str, list[onnx.NodeProto]], channels: dict[str, list[int]]
) -> bool:
    """True for a constant 2D kernel that no other node reads: a shared one cannot be scaled for one of them."""
    kernel = node.input[1]
    return len(channels.get(kernel, ())) == 4 and len(readers[kernel]) == 1


class _BlockedError(Exception):
    """The channels reach something that does not commute with a scale."""


def _follow(
    tensor: str,
    offset: int,
    readers: dict[str, list[onnx.NodeProto]],
    channels: dict[str, list[int]],
    widths: dict[str, int],
    outputs: set[str],
) -> Iterator[Reader]:
    if tensor in outputs or tensor not in readers:
        raise _BlockedError
    for node in readers[tensor]:
        if node.op_type in _HOMOGENEOUS:
            yield from _follow(node.output[0], offset, readers, channels, widths, outputs)
        elif node.op_type == "Conv" and _group(node) == 1 and _is_own_kernel(node, readers, channels):
            yield Reader(node.input[1], offset)
        elif node.op_type == "Concat" and _attribute(node, "axis", 0) == 1:
            before = list(node.input)[: list(node.input).index(tensor)]
            if list(node.input).count(tensor) > 1 or any(name not in widths for name in before):
                raise _BlockedError
            start = offset + sum(widths[name] for name in before)
            yield from _follow(node.output[0], start, readers, channels, widths, outputs)
        else:
            raise _BlockedError


def _activation(tensor: str, readers: dict[str, list[onnx.NodeProto]]) -> str:
    """The tensor behind the activation function, which is what gets quantized; or the convolution's own output."""
    users = readers.get(tensor, [])
    return users[0].output[0] if len(users) == 1 and users[0].op_type in ("Relu", "LeakyRelu") else tensor


def _tensor_widths(graph: onnx.ModelProto) -> dict[str, int]:
    inferred = onnx.shape_inference.infer_shapes(graph).graph
    shapes = {info.name: info.type.tensor_type.shape.dim for info in (*inferred.value_info, *inferred.input)}
    return {name: dims[1].dim_value for name, dims in shapes.items() if len(dims) > 1 and dims[1].dim_value > 0}


def _attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    return next((onnx.helper.get_attribute_value(a) for a in node.attribute if a.name == name), default)


def _group(node: onnx.NodeProto) -> int:
    return int(_attribute(node, "group", 1))


def _channel_ranges(graph: onnx.ModelProto, links: list[Link], task: Task, inputs: int) -> Weights:
    """Largest magnitude of each channel of each link's activation, float32 [channels], over calibration inputs."""
    names = sorted({link.activation for link in links})
    session = Session(with_outputs(graph, names).SerializeToString())
    ranges: Weights = {}
    for example in first_examples(task, inputs):
        for name, values in zip(names, session.ort.run(names, dict(session.feeds(example))), strict=True):
            largest = np.abs(values).max(axis=(0, 2, 3))
            ranges[name] = np.maximum(ranges.get(name, largest), largest)
    return ranges


def _equalize(link: Link, weights: Weights, ranges: Weights, alpha: float) -> None:
    """Scale one link's channels in place. A channel that is always zero, or that nobody weighs, stays as it is."""
    activation = ranges[link.activation]
    count = len(activation)
    read = np.stack([_read_by(reader, weights, count) for reader in link.readers]).max(axis=0)
    live = (activation > 1e-6) & (read > 1e-6)
    scale = np.ones(count, np.float32)
    scale[live] = activation[live] ** alpha / read[live] ** (1 - alpha)
    scale[live] /= np.exp(np.log(scale[live]).mean())
    weights[link.weight] = weights[link.weight] / scale[:, None, None, None]
    if link.bias is not None:
        weights[link.bias] = weights[link.bias] / scale
    for reader in link.readers:
        weights[reader.weight][:, reader.offset : reader.offset + count] *= scale[None, :, None, None]
    ranges[link.activation] = activation / scale


def _read_by(reader: Reader, weights: Weights, count: int) -> NDArray[np.float32]:
    """Largest weight with which a reader reads each channel, as a share of its output channel's largest weight."""
    block = np.abs(weights[reader.weight]).max(axis=(2, 3))
    share = block / np.maximum(block.max(axis=1, keepdims=True), 1e-12)
    return np.asarray(share[:, reader.offset : reader.offset + count].max(axis=0))
