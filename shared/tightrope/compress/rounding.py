"""Weights rounded so that the layer's output changes least, instead of each to its nearest.

Optimal brain quantization in GPTQ's order (Frantar et al. 2022, arXiv:2210.17323, section 3.3), for convolutions: with
H = E[x x^T] over the patches x that a kernel sees, weights are rounded one input position after the other, and what
each rounding spoils is made good in the weights that are still to be rounded. What remains of the mean error goes into
the bias (Nagel et al. 2019, arXiv:1906.04721, section 4.2). Scales stay as the quantizer chose them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from onnx import numpy_helper

from tightrope.compress.nodes import with_outputs
from tightrope.compress.task import Task
from tightrope.runtime.session import Session

Floats = NDArray[np.float32]
Rounder = Callable[[Floats, Floats, int, Floats], Floats]
"""weights [out, d], scales [out, 1], the largest magnitude, E[x x^T] [d, d] -> whole numbers [out, d]"""
_PATCHES = 400  # sampled an input and convolution
_BLOCK = 128
_DAMPING = 0.01  # of H's mean diagonal, as in the paper


@dataclass
class Moments:
    """Second moment [d, d] and mean [d] of a convolution's input patches, d = channels * kernel height * width."""

    second: Floats
    mean: Floats
    count: int = 0

    def add(self, patches: Floats) -> None:
        """Take in patches [k, d]."""
        self.second += patches.T @ patches
        self.mean += patches.sum(axis=0)
        self.count += len(patches)


def observe_patches(graph: onnx.ModelProto, task: Task, inputs: int, seed: int = 0) -> dict[str, Moments]:
    """Moments of each ungrouped convolution's patches by node name; one calibration input is in memory at a time."""
    convolutions = _convolutions(graph)
    if not convolutions:
        return {}
    names = sorted({node.input[0] for node in convolutions} - {feed.name for feed in graph.graph.input})
    session = Session(with_outputs(graph, names).SerializeToString())
    kernels = {tensor.name: tuple(tensor.dims) for tensor in graph.graph.initializer}
    moments: dict[str, Moments] = {}
    for node in convolutions:
        size = int(np.prod(kernels[node.input[1]][1:]))
        moments[node.name] = Moments(np.zeros((size, size), np.float32), np.zeros(size, np.float32))
    random = np.random.default_rng(seed)
    for batch in islice(task.calibration(), inputs):
        feeds = session.feeds(batch)
        found = session.ort.run(names, dict(feeds)) if names else []  # asked for nothing, onnxruntime gives all
        values = {**feeds, **dict(zip(names, found, strict=True))}
        for node in convolutions:
            moments[node.name].add(_patches(values[node.input[0]], kernels[node.input[1]][2:], node, random))
    return moments


def refine(
    graph: onnx.ModelProto, quantized: onnx.ModelProto, moments: dict[str, Moments], rounder: Rounder | None = None
) -> onnx.ModelProto:
    """A copy of the QDQ graph of the float `graph`, its weights rounded by second moments and its biases corrected.

    `rounder` decides how, by default `round_by_hessian`.
    """
    result = onnx.ModelProto()
    result.CopyFrom(quantized)
    source = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.graph.initializer}
    target = {tensor.name: tensor for tensor in result.graph.initializer}
    for node in _convolutions(graph):
        weight = node.input[1]
        if f"{weight}_quantized" in target:
            _refine_layer(node, source, target, moments[node.name], rounder or round_by_hessian)
    return result


def _refine_layer(
    node: onnx.NodeProto,
    source: dict[str, NDArray[Any]],
    target: dict[str, onnx.TensorProto],
    moments: Moments,
    rounder: Rounder,
) -> None:
    weight = node.input[1]
    original = source[weight].reshape(len(source[weight]), -1)
    stored = target[f"{weight}_quantized"]
    before = numpy_helper.to_array(stored)
    scale = np.broadcast_to(numpy_helper.to_array(target[f"{weight}_scale"]).reshape(-1), len(original))[:, None]
    zero = np.broadcast_to(numpy_helper.to_array(target[f"{weight}_zero_point"]).reshape(-1), len(original))[:, None]
    if zero.any():
        return  # an asymmetric weight: nobody asks for it, and its grid would need the shift here too
    limit = int(np.abs(before).max())
    second = np.asarray(moments.second / moments.count, np.float32)
    grid = rounder(original, scale.astype(np.float32), limit, second)
    stored.CopyFrom(numpy_helper.from_array(grid.reshape(before.shape).astype(before.dtype), stored.name))
    if len(node.input) > 2 and f"{node.input[2]}_quantized" in target:
        bias = target[f"{node.input[2]}_quantized"]
        step = numpy_helper.to_array(target[f"{node.input[2]}_quantized_scale"]).reshape(-1)
        lost = (original - grid * scale) @ (moments.mean / moments.count)
        corrected = numpy_helper.to_array(bias) + np.round(lost / step)
        bias.CopyFrom(numpy_helper.from_array(corrected.astype(np.int32), bias.name))


def round_by_hessian(weights: Floats, scale: Floats, limit: int, hessian: Floats) -> Floats:
    """Whole numbers q, float32 [out, d], |q| <= limit, that make the error of (weights - q * scale) x small.

    Args:
        weights: [out, d].
        scale: [out, 1], the step of each output channel.
        limit: largest magnitude of a whole number.
        hessian: E[x x^T], [d, d]; damped here.
    """
    left = weights.astype(np.float64)
    damping = max(_DAMPING * float(np.trace(hessian)) / len(hessian), 1e-10)
    damped = hessian.astype(np.float64) + np.eye(len(hessian)) * damping
    factor = np.linalg.cholesky(np.linalg.inv(damped)).T  # upper: row j holds what rounding j costs those after it
    grid = np.empty_like(left)
    steps = scale[:, 0].astype(np.float64)
    for start in range(0, left.shape[1], _BLOCK):
        # Inside a block column by column; the columns after it get the block's errors in one product.
        end = min(start + _BLOCK, left.shape[1])
        errors = np.empty((len(left), end - start))
        for j in range(start, end):
            grid[:, j] = np.clip(np.round(left[:, j] / steps), -limit, limit)
            errors[:, j - start] = (left[:, j] - grid[:, j] * steps) / factor[j, j]
            left[:, j + 1 : end] -= np.outer(errors[:, j - start], factor[j, j + 1 : end])
        left[:, end:] -= errors @ factor[start:end, end:]
    return grid.astype(np.float32)


def _convolutions(graph: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Ungrouped 2D convolutions without dilation whose kernel is a constant."""
    constants = {tensor.name for tensor in graph.graph.initializer}
    found = []
    for node in graph.graph.node:
        if node.op_type == "Conv" and node.input[1] in constants:
            options = _options(node)
            plain = options.get("group", 1) == 1 and set(options.get("dilations", [1])) == {1}
            if plain and len(options.get("strides", [1, 1])) == 2 and options.get("auto_pad", b"NOTSET") == b"NOTSET":
                found.append(node)
    return found


def _options(node: onnx.NodeProto) -> dict[str, Any]:
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def _patches(values: Floats, kernel: tuple[int, ...], node: onnx.NodeProto, random: np.random.Generator) -> Floats:
    """A sample of the patches [k, channels * kh * kw] that the kernel sees in `values` [n, channels, h, w]."""
    options = _options(node)
    top, left, bottom, right = options.get("pads", [0, 0, 0, 0])
    rows, columns = options.get("strides", [1, 1])
    padded = np.pad(values, ((0, 0), (0, 0), (top, bottom), (left, right)))
    windows = sliding_window_view(padded, kernel, axis=(2, 3))[:, :, ::rows, ::columns]
    count = windows.shape[2] * windows.shape[3]
    chosen = random.choice(count, min(_PATCHES, count), replace=False)
    y, x = np.unravel_index(chosen, windows.shape[2:4])
    picked = windows[:, :, y, x]  # [n, channels, k, kh, kw]
    return np.ascontiguousarray(picked.transpose(0, 2, 1, 3, 4).reshape(-1, values.shape[1] * kernel[0] * kernel[1]))
