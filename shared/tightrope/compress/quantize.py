"""Static int8 in QDQ form by onnxruntime's own writer, with our ranges and our rounding."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import TensorData, TensorsData
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
from onnxruntime.quantization.registry import QDQRegistry

from tightrope.compress.calibration import Histogram, Method, choose_range, observe
from tightrope.compress.rounding import Rounder, observe_patches, refine, round_by_hessian
from tightrope.compress.task import Task
from tightrope.runtime.session import Inputs

Integer = Literal["int8", "uint8"]
Rounding = Literal["nearest", "hessian", "learned"]
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
    """A compute node and the activation fused behind it: quantized, or left in float, together.

    `work` is the number of its multiply-accumulates, as far as static shapes tell; at least 1.
    """

    name: str
    operator: str
    nodes: tuple[str, ...]
    work: int = 1


def layers(graph: onnx.ModelProto) -> list[Layer]:
    """The layers whose precision can be chosen, in graph order."""
    shapes = tensor_shapes(graph)
    consumers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.graph.node:
        for name in node.input:
            consumers.setdefault(name, []).append(node)
    found = []
    for node in graph.graph.node:
        if node.op_type in COMPUTE:
            after = [user.name for user in consumers.get(node.output[0], []) if user.op_type in _ACTIVATIONS]
            found.append(Layer(node.name, node.op_type, (node.name, *after), multiply_accumulates(node, shapes)))
    return found


def tensor_shapes(graph: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Shapes of weights and of activations; a free axis counts 1."""
    inferred = onnx.shape_inference.infer_shapes(graph).graph
    known = {tensor.name: tuple(tensor.dims) for tensor in inferred.initializer}
    for info in (*inferred.value_info, *inferred.output):
        known[info.name] = tuple(axis.dim_value or 1 for axis in info.type.tensor_type.shape.dim)
    return known


def multiply_accumulates(node: onnx.NodeProto, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Multiply-accumulates: each output of a convolution sums over a kernel, of a matrix product over a row."""
    output, weight = shapes.get(node.output[0], ()), shapes.get(node.input[1], ())
    outputs_first = node.op_type == "Conv" or any(a.name == "transB" and a.i for a in node.attribute)
    summed = weight[1:] if outputs_first else weight[:1]
    return max(1, math.prod(output) * math.prod(summed))


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

    def batches() -> Iterator[Inputs]:
        return islice(task.calibration(), inputs)

    return observe(graph, batches)


def tensor_ranges(histograms: Mapping[str, Histogram], method: Method, percentile: float) -> TensorsData:
    """The chosen range of every tensor, in the form that onnxruntime's quantizer takes."""
    data = {}
    for name, histogram in histograms.items():
        low, high = choose_range(histogram, method, percentile)
        data[name] = TensorData(lowest=np.float32(low), highest=np.float32(high))
    return TensorsData(CalibrationMethod.MinMax, data)


def share_ranges(graph: onnx.ModelProto, ranges: TensorsData) -> TensorsData:
    """What is concatenated gets the range of the result, so that the integers are copied and not rounded again."""
    shared = {name: ranges[name] for name in ranges.keys()}  # noqa: SIM118  (TensorsData is no mapping)
    for node in reversed(graph.graph.node):
        if node.op_type == "Concat" and node.output[0] in shared:
            shared.update({name: shared[node.output[0]] for name in node.input if name in shared})
    return TensorsData(CalibrationMethod.MinMax, shared)


class Quantizer:
    """A float graph, calibrated once, from which int8 graphs with any choice of float layers are made quickly.

    Args:
        graph: float graph with named nodes.
        ranges: a range for each activation.
        scheme: integer types and symmetry.
    """

    def __init__(self, graph: onnx.ModelProto, ranges: TensorsData, scheme: Scheme) -> None:
        self.graph, self.ranges, self.scheme = graph, share_ranges(graph, ranges), scheme
        self.layers: Sequence[Layer] = layers(graph)
        # Behind the last layers nothing is computed in integers, and a shared scale there only spoils the outputs:
        # a detector's box distances, say, concatenated with class logits of a far wider range.
        self._behind = nodes_behind(graph, self.layers)
        self._rounded: dict[str, onnx.TensorProto] = {}

    def round_weights(self, rounding: Rounding, task: Task, inputs: int) -> None:
        """Round weights to disturb the layers' outputs least (see `rounding`), in every graph made from now on.

        A layer's rounding does not depend on which others are quantized, so it is done once for all of them.
        """
        if rounding == "nearest":
            return
        refined = refine(self.graph, self.build(), observe_patches(self.graph, task, inputs), _rounder(rounding))
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
            [*QDQRegistry, "Concat"],
            {"ActivationSymmetric": self.scheme.symmetric, "WeightSymmetric": self.scheme.weights == "int8"},
        )
        quantizer.quantize_model()
        quantizer.model.topological_sort()  # its writer puts what it adds at the end, which ONNX does not allow
        quantized: onnx.ModelProto = quantizer.model.model
        for tensor in quantized.graph.initializer:
            # A bias is stored in steps of its input's scale, and that scale is the same in every choice of layers.
            if tensor.name in self._rounded:
                tensor.CopyFrom(self._rounded[tensor.name])
        return quantized


def _rounder(rounding: Rounding) -> Rounder:
    if rounding == "hessian":
        return round_by_hessian
    from tightrope.compress.learned_rounding import round_by_learning  # torch is needed for nothing else here

    return round_by_learning
