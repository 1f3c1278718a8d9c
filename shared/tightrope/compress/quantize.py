"""Static int8 in QDQ form by onnxruntime's own writer, with our ranges and our rounding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import TensorData, TensorsData
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
from onnxruntime.quantization.registry import QDQRegistry

from tightrope.compress.calibration import Histogram, Method, choose_range, observe
from tightrope.compress.rounding import observe_patches, refine
from tightrope.compress.task import Task

Integer = Literal["int8", "uint8"]
Rounding = Literal["nearest", "hessian"]
COMPUTE = ("Conv", "ConvTranspose", "Gemm", "MatMul")
_ACTIVATIONS = ("Relu", "LeakyRelu", "Clip", "HardSwish", "HardSigmoid", "Sigmoid", "Tanh", "PRelu", "Gelu")
_TYPES = {"int8": QuantType.QInt8, "uint8": QuantType.QUInt8}


@dataclass(frozen=True)
class Scheme:
    """How numbers become integers.

    Attributes:
        activations, weights: integer types.
        per_channel: a scale for each output channel of a weight.
        reduce_range: weights in 7 bits, so that two products of u8 and s8 never overflow the int16 in which AVX2
            without VNNI adds them (onnxruntime #14642: the same artifact scored 6 mAP lower on such a machine).
        symmetric: activation ranges mirrored around zero.
    """

    activations: Integer
    weights: Integer
    per_channel: bool
    reduce_range: bool
    symmetric: bool


@dataclass(frozen=True)
class Layer:
    """A compute node and the activation fused behind it: quantized, or left in float, together."""

    name: str
    operator: str
    nodes: tuple[str, ...]


def layers(graph: onnx.ModelProto) -> list[Layer]:
    """The layers whose precision can be chosen, in graph order."""
    consumers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.graph.node:
        for name in node.input:
            consumers.setdefault(name, []).append(node)
    found = []
    for node in graph.graph.node:
        if node.op_type in COMPUTE:
            after = [user.name for user in consumers.get(node.output[0], []) if user.op_type in _ACTIVATIONS]
            found.append(Layer(node.name, node.op_type, (node.name, *after)))
    return found


def nodes_behind(graph: onnx.ModelProto, found: Sequence[Layer]) -> list[str]:
    """Names of the nodes from which no layer is reached: those between the last layers and the outputs."""
    inside = {name for layer in found for name in layer.nodes}
    leading: set[str] = set()  # tensors that a layer reads, directly or through other nodes
    behind = []
    for node in reversed(graph.graph.node):
        if node.name in inside or leading.intersection(node.output):
            leading.update(node.input)
        else:
            behind.append(node.name)
    return behind


def calibrate(graph: onnx.ModelProto, task: Task, inputs: int) -> dict[str, Histogram]:
    """Histograms of all activations over the task's first `inputs` calibration batches."""

    def batches() -> Iterator[NDArray[Any]]:
        return islice(task.calibration(), inputs)

    return observe(graph, batches)


def tensor_ranges(
    graph: onnx.ModelProto, histograms: Mapping[str, Histogram], method: Method, percentile: float
) -> TensorsData:
    """The chosen range of every tensor of the graph, in the form that onnxruntime's quantizer takes."""
    slopes = leaky_slopes(graph)
    data = {}
    for name, histogram in histograms.items():
        low, high = choose_range(histogram, method, percentile, slope=slopes.get(name, 1.0))
        data[name] = TensorData(lowest=np.float32(low), highest=np.float32(high))
    return TensorsData(CalibrationMethod.MinMax, data)


def leaky_slopes(graph: onnx.ModelProto) -> dict[str, float]:
    """Tensors that only a LeakyReLU reads, and its slope below zero."""
    slopes = {node.input[0]: _attribute(node, "alpha", 0.01) for node in graph.graph.node if node.op_type == "LeakyRelu"}
    others = {name for node in graph.graph.node if node.op_type != "LeakyRelu" for name in node.input}
    outputs = {output.name for output in graph.graph.output}
    return {name: slope for name, slope in slopes.items() if name not in others | outputs}


def _attribute(node: onnx.NodeProto, name: str, default: float) -> float:
    return next((attribute.f for attribute in node.attribute if attribute.name == name), default)


class Quantizer:
    """A float graph, calibrated once, from which int8 graphs with any choice of float layers are made quickly.

    Args:
        graph: float graph with named nodes.
        ranges: a range for each activation.
        scheme: integer types and symmetry.
    """

    def __init__(self, graph: onnx.ModelProto, ranges: TensorsData, scheme: Scheme) -> None:
        self.graph, self.ranges, self.scheme = graph, ranges, scheme
        self.layers: Sequence[Layer] = layers(graph)
        # Behind the last layers nothing is computed in integers, and a shared scale there only spoils the outputs:
        # a detector's box distances, say, concatenated with class logits of a far wider range.
        self._behind = nodes_behind(graph, self.layers)
        self._rounded: dict[str, onnx.TensorProto] = {}

    def round_by_hessian(self, task: Task, inputs: int) -> None:
        """Round weights to disturb the layers' outputs least (see `rounding`), in every graph made from now on.

        A layer's rounding does not depend on which others are quantized, so it is done once for all of them.
        """
        refined = refine(self.graph, self.build(), observe_patches(self.graph, task, inputs))
        self._rounded = {tensor.name: tensor for tensor in refined.graph.initializer if "_quantized" in tensor.name}

    def build(self, keep_float: Iterable[str] = (), only: Iterable[str] | None = None) -> onnx.ModelProto:
        """A QDQ copy of the graph.

        Args:
            keep_float: names of nodes that stay in float.
            only: names of the only nodes to quantize; None: all that onnxruntime has integer kernels for.
        """
        copy = onnx.ModelProto()
        copy.CopyFrom(self.graph)
        quantizer = QDQQuantizer(
            onnx.shape_inference.infer_shapes(copy),
            self.scheme.per_channel,
            self.scheme.reduce_range,
            _TYPES[self.scheme.weights],
            _TYPES[self.scheme.activations],
            self.ranges,
            list(only) if only is not None else [],
            [*keep_float, *self._behind],
            list(QDQRegistry),
            {"ActivationSymmetric": self.scheme.symmetric, "WeightSymmetric": self.scheme.weights == "int8"},
        )
        quantizer.quantize_model()
        quantized: onnx.ModelProto = quantizer.model.model
        for tensor in quantized.graph.initializer:
            # A bias is stored in steps of its input's scale, and that scale is the same in every choice of layers.
            if tensor.name in self._rounded:
                tensor.CopyFrom(self._rounded[tensor.name])
        return quantized
