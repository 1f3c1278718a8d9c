"""An ONNX file that someone brings: read, checked, and given the shape that it will be deployed with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx import version_converter

from tightrope.compress.nodes import name_nodes
from tightrope.errors import BadInputError
from tightrope.runtime.session import Session, TensorSpec, first_line

_LEAST_OPSET = 13  # the first whose QuantizeLinear takes a scale for each channel
_OPSET = 17
_LAYERS = ("Conv", "Gemm", "MatMul")
_OTHER_FLOATS = (onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE)


def read_graph(path: Path) -> onnx.ModelProto:
    """The graph with its weights, external ones included, in an operator set that can be quantized; all nodes named.

    Raises:
        BadInputError: no such file, not ONNX, weights missing, not float32, or too old to be brought up to date.
        ArtifactError: onnxruntime does not load it.
    """
    try:
        graph = onnx.load(path)
    except FileNotFoundError as error:
        raise BadInputError(f"cannot read {path}: {_missing(path, error)}") from error
    except (OSError, DecodeError) as error:
        raise BadInputError(
            f"{path} is not an ONNX file: export the model with torch.onnx.export, or say torchvision:NAME --weights "
            f"{path.name} ({first_line(error)})"
        ) from error
    except onnx.checker.ValidationError as error:
        raise BadInputError(f"{path} keeps weights in another file that cannot be read: {first_line(error)}") from error
    if not graph.graph.node:
        raise BadInputError(f"{path} is not an ONNX file, or has no operator in it")
    if graph.ByteSize() >= 2**31:
        raise BadInputError(f"{path} is larger than 2 GB, which one ONNX graph cannot be")
    recent = _recent(graph, path)
    _own_constants(recent)
    _refuse_other_floats(recent, path)
    name_nodes(recent)
    return recent


def fix_shapes(graph: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> onnx.ModelProto:
    """A copy in which these inputs have these shapes; everything between is inferred anew."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(graph)
    del fixed.graph.value_info[:]
    for value in fixed.graph.input:
        if value.name in shapes:
            for axis, size in zip(value.type.tensor_type.shape.dim, shapes[value.name], strict=True):
                axis.dim_value = size
    for value in fixed.graph.output:  # what they were for a free axis need not hold any more
        value.type.tensor_type.ClearField("shape")
    return onnx.shape_inference.infer_shapes(fixed)


def describe(spec: TensorSpec) -> str:
    """'images float32 [1, 3, ?, ?]'."""
    return f"{spec.name} {spec.dtype} [{', '.join('?' if size is None else str(size) for size in spec.shape)}]"


def _recent(graph: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    Session(graph.SerializeToString())  # what onnxruntime cannot load ends here, with its reason
    opset = next((entry.version for entry in graph.opset_import if entry.domain in ("", "ai.onnx")), _OPSET)
    if opset >= _LEAST_OPSET:
        return graph
    try:
        return version_converter.convert_version(graph, _OPSET)
    except Exception as error:  # onnx's converter raises RuntimeError and more
        raise BadInputError(
            f"{path} is of operator set {opset}, and cannot be brought to {_OPSET}: export it again "
            f"({first_line(error)})"
        ) from error


def _own_constants(graph: onnx.ModelProto) -> None:
    """Old converters list weights among the inputs too, and what a caller may replace is never a constant."""
    constants = {tensor.name for tensor in graph.graph.initializer}
    kept = [value for value in graph.graph.input if value.name not in constants]
    if len(kept) < len(graph.graph.input):
        del graph.graph.input[:]
        graph.graph.input.extend(kept)
        graph.ir_version = max(graph.ir_version, 4)  # the first that allows it


def _refuse_other_floats(graph: onnx.ModelProto, path: Path) -> None:
    """What layers read decides: weights that are stored in fp16 behind a Cast, as `half-weights` has them, do not."""
    inferred = onnx.shape_inference.infer_shapes(graph).graph
    kinds = {
        value.name: value.type.tensor_type.elem_type
        for value in (*inferred.input, *inferred.value_info, *inferred.output)
    }
    kinds.update((tensor.name, tensor.data_type) for tensor in inferred.initializer)
    for node in inferred.node:
        for kind in (kinds.get(name) for name in node.input if node.op_type in _LAYERS):
            if kind in _OTHER_FLOATS:
                raise BadInputError(
                    f"{path} computes in {onnx.TensorProto.DataType.Name(kind).lower()}, {node.op_type} "
                    f"{node.name or node.output[0]} for one: export it in float32"
                )


def _missing(path: Path, error: FileNotFoundError) -> str:
    return "no such file" if not path.exists() else f"its weights are missing: {first_line(error)}"
