"""An ONNX graph, run node by node in torch, so that gradients flow through it.

Only what the graphs of this project's tasks are made of after the `clean` pass; a node of another kind is refused by
name. Shapes are those of the graph: a graph that was exported for a batch of one runs a batch of one.

>>> outputs = run(graph.graph.node, {"input": image, **constants(graph)})
>>> outputs["logits"]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from tightrope.errors import ConfigError

Inputs = list[Any]  # tensors; None where an optional one is left out
Options = dict[str, Any]
Operator = Callable[[Inputs, Options], Any]  # a tensor, or several


def run(nodes: Iterable[onnx.NodeProto], values: dict[str, Tensor], special: Mapping[str, Any] | None = None) -> None:
    """Compute `nodes` in their order; each output is put into `values` under its name.

    Args:
        values: the graph's inputs and constants by name.
        special: callables (node, inputs) -> tensor by operator type, which go before the operators of this module.

    Raises:
        ConfigError: a node of a kind that is not known here.
    """
    special = special or {}
    for node in nodes:
        inputs = [values[name] if name else None for name in node.input]
        found = special[node.op_type](node, inputs) if node.op_type in special else apply(node, inputs)
        found = [found] if isinstance(found, Tensor) else found
        values.update(zip(node.output, found, strict=False))


def apply(node: onnx.NodeProto, inputs: Inputs) -> Any:
    """One node on its inputs: a tensor, or several. Raises ConfigError for a node of a kind that is not known here."""
    operator = OPERATORS.get(node.op_type)
    if operator is None:
        raise ConfigError(f"no gradient is known for the operator {node.op_type} of {node.name}: it cannot be trained")
    options = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
    return operator(inputs, options)


def constants(graph: onnx.ModelProto) -> dict[str, Tensor]:
    """The graph's initializers as tensors, by name."""
    return {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.graph.initializer}


def _ints(tensor: Tensor) -> list[int]:
    """A constant list of axes, sizes or positions."""
    return [int(value) for value in tensor.flatten().tolist()]


def _axes(inputs: Inputs, options: Options) -> Any:
    """Axes of a reduction or a (un)squeeze: an input since operator set 13 or 18, an attribute before."""
    if len(inputs) > 1 and inputs[1] is not None:
        return _ints(inputs[1])
    return options.get("axes")


def _padded(x: Tensor, options: Options, value: float = 0.0) -> Tensor:
    """`x` with the pads (top, left, bottom, right) of a convolution or a pool; auto_pad is not supported."""
    if options.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise ConfigError("auto_pad is not supported in training: export with explicit pads")
    pads = options.get("pads", [0] * 2 * (x.ndim - 2))
    half = len(pads) // 2
    sides = [side for k in reversed(range(half)) for side in (pads[k], pads[k + half])]
    return F.pad(x, sides, value=value) if any(sides) else x


def _conv(inputs: Inputs, options: Options) -> Any:
    x, weight, bias = (*inputs, None)[:3]
    spread = {"dilation": options.get("dilations", 1), "groups": options.get("group", 1)}
    convolve = {3: F.conv1d, 4: F.conv2d}[weight.ndim]
    pads = options.get("pads", [0, 0, 0, 0])
    if pads[: len(pads) // 2] == pads[len(pads) // 2 :] and options.get("auto_pad", b"NOTSET") == b"NOTSET":
        # The same before and behind: torch pads by itself, and copies nothing.
        return convolve(x, weight, bias, options.get("strides", 1), pads[: weight.ndim - 2], **spread)
    return convolve(_padded(x, options), weight, bias, options.get("strides", 1), 0, **spread)


def _gemm(inputs: Inputs, options: Options) -> Any:
    a, b, c = (*inputs, None)[:3]
    product = (a.T if options.get("transA") else a) @ (b.T if options.get("transB") else b)
    product = product * options.get("alpha", 1.0)
    return product if c is None else product + options.get("beta", 1.0) * c


def _pool(inputs: Inputs, options: Options, largest: bool) -> Any:
    x = inputs[0]
    window, strides = options["kernel_shape"], options.get("strides", [1] * len(options["kernel_shape"]))
    if options.get("ceil_mode") or set(options.get("dilations", [1])) != {1}:
        raise ConfigError("a pool with ceil_mode or dilations is not supported in training")
    if largest:
        return F.max_pool2d(_padded(x, options, -float("inf")), window, strides)
    if any(options.get("pads", [0])) and not options.get("count_include_pad"):
        raise ConfigError("an average pool that leaves out its padding is not supported in training")
    return F.avg_pool2d(_padded(x, options), window, strides)


def _resize(inputs: Inputs, options: Options) -> Any:
    x, _, scales, sizes = (*inputs, None, None, None)[:4]
    mode, place = options.get("mode", b"nearest"), options.get("coordinate_transformation_mode", b"half_pixel")
    target = _ints(sizes) if sizes is not None else None
    if target is None:
        target = [round(size * scale) for size, scale in zip(x.shape, scales.tolist(), strict=True)]
    if mode == b"linear" and place in (b"half_pixel", b"pytorch_half_pixel"):
        return F.interpolate(x, target[2:], mode="bilinear", align_corners=False)
    if mode == b"nearest" and place == b"asymmetric" and options.get("nearest_mode") == b"floor":
        return F.interpolate(x, target[2:], mode="nearest")
    raise ConfigError(f"a resize of mode {mode.decode()} at {place.decode()} is not supported in training")


def _reshape(inputs: Inputs, options: Options) -> Any:
    x = inputs[0]
    sizes = _ints(inputs[1])
    return x.reshape([x.shape[k] if size == 0 else size for k, size in enumerate(sizes)])


def _slice(inputs: Inputs, options: Options) -> Any:
    x, starts, ends, axes, steps = (*inputs, None, None)[:5]
    first = _ints(starts)
    places = [slice(None)] * x.ndim
    along = _ints(axes) if axes is not None else list(range(len(first)))
    strides = _ints(steps) if steps is not None else [1] * len(first)
    for axis, start, end, step in zip(along, first, _ints(ends), strides, strict=True):
        places[axis] = slice(start, end, step)
    return x[tuple(places)]


def _split(inputs: Inputs, options: Options) -> Any:
    x, axis = inputs[0], options.get("axis", 0)
    if len(inputs) > 1:
        return x.split(_ints(inputs[1]), axis)
    return x.chunk(options["num_outputs"], axis)


def _squeeze(inputs: Inputs, options: Options) -> Any:
    x, axes = inputs[0], _axes(inputs, options)
    return x.squeeze() if axes is None else x.squeeze(tuple(axes))


def _unsqueeze(inputs: Inputs, options: Options) -> Any:
    x, axes = inputs[0], _axes(inputs, options) or []
    rank = x.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x


def _reduction(reduce: Callable[..., Tensor]) -> Operator:
    def apply(inputs: Inputs, options: Options) -> Any:
        x, axes = inputs[0], _axes(inputs, options)
        return reduce(x, axes or list(range(x.ndim)), keepdim=bool(options.get("keepdims", 1)))

    return apply


def _layer_norm(inputs: Inputs, options: Options) -> Any:
    x, scale, shift = (*inputs, None)[:3]
    shape = x.shape[options.get("axis", -1) :]
    return F.layer_norm(x, shape, scale, shift, options.get("epsilon", 1e-5))


def _clip(inputs: Inputs, options: Options) -> Any:
    x, low, high = (*inputs, None, None)[:3]
    return x.clamp(None if low is None else low.item(), None if high is None else high.item())


def _plain(function: Callable[..., Tensor]) -> Operator:
    """An operator without attributes: torch's function on the same inputs."""
    return lambda inputs, options: function(*inputs)


OPERATORS: dict[str, Operator] = {
    "Add": _plain(torch.add),
    "AveragePool": lambda inputs, options: _pool(inputs, options, largest=False),
    "Clip": _clip,
    "Concat": lambda inputs, options: torch.cat(inputs, options["axis"]),
    "Conv": _conv,
    "Div": _plain(torch.div),
    "Erf": _plain(torch.erf),
    "Flatten": lambda inputs, options: inputs[0].flatten(options.get("axis", 1)),
    "Gather": lambda inputs, options: inputs[0].index_select(options.get("axis", 0), inputs[1].flatten()),
    "Gelu": lambda inputs, options: F.gelu(inputs[0], approximate=options.get("approximate", b"none").decode()),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda inputs, options: inputs[0].mean((2, 3), keepdim=True),
    "HardSigmoid": lambda inputs, options: F.hardtanh(
        inputs[0] * options.get("alpha", 0.2) + options.get("beta", 0.5), 0.0, 1.0
    ),
    "HardSwish": _plain(F.hardswish),
    "Identity": _plain(lambda x: x),
    "LayerNormalization": _layer_norm,
    "LeakyRelu": lambda inputs, options: F.leaky_relu(inputs[0], options.get("alpha", 0.01)),
    "MatMul": _plain(torch.matmul),
    "Max": _plain(torch.maximum),
    "MaxPool": lambda inputs, options: _pool(inputs, options, largest=True),
    "Mul": _plain(torch.mul),
    "Pow": _plain(torch.pow),
    "ReduceMean": _reduction(torch.mean),
    "ReduceSum": _reduction(torch.sum),
    "Relu": _plain(torch.relu),
    "Reshape": _reshape,
    "Resize": _resize,
    "Sigmoid": _plain(torch.sigmoid),
    "Slice": _slice,
    "Softmax": lambda inputs, options: inputs[0].softmax(options.get("axis", -1)),
    "Split": _split,
    "Sqrt": _plain(torch.sqrt),
    "Squeeze": _squeeze,
    "Sub": _plain(torch.sub),
    "Tanh": _plain(torch.tanh),
    "Transpose": lambda inputs, options: inputs[0].permute(options["perm"]),
    "Unsqueeze": _unsqueeze,
}
