"""Read what matters for safety from ONNX bytes without the onnx package: which tensors keep their data elsewhere.

Protocol-buffer wire format (developers.google.com/protocol-buffers, 'Encoding') and the field numbers of onnx.proto3:
ModelProto.graph 7, .functions 25; GraphProto.node 1, .initializer 5, .sparse_initializer 15; FunctionProto.node 7;
NodeProto.attribute 5; AttributeProto.t 5, .g 6, .tensors 10, .graphs 11, .sparse_tensor 22, .sparse_tensors 23;
SparseTensorProto.values 1, .indices 2; TensorProto.external_data 13, .data_location 14;
StringStringEntryProto.key 1, .value 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from tightrope.errors import ArtifactError

# message -> field number -> message of that field, for the fields that can lead to a tensor.
_CHILDREN: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_MAX_DEPTH = 64


def external_data_locations(model: bytes) -> list[str]:
    """The `location` of every tensor whose data lies outside of the model, in order.

    Raises:
        ArtifactError: the bytes are not a well-formed protocol buffer.
    """
    return list(_walk(memoryview(model), "model", 0))


def _walk(data: memoryview, message: str, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        raise ArtifactError("the graph is nested too deeply to be an honest one")
    external = False
    location = ""
    for number, value in _fields(data):
        if message == "tensor":
            if number == 14 and value == 1:
                external = True
            elif number == 13 and isinstance(value, memoryview):
                external = True
                pair = {key: bytes(text) for key, text in _fields(value) if isinstance(text, memoryview)}
                if pair.get(1) == b"location":
                    location = pair.get(2, b"").decode("utf-8", "replace")
        elif (child := _CHILDREN[message].get(number)) and isinstance(value, memoryview):
            yield from _walk(value, child, depth + 1)
    if external:
        yield location


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Field numbers and values of one message: int for varints, a view for everything with a length."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, position = _varint(data, position)
            yield number, value
            continue
        if kind not in (1, 2, 5):
            raise ArtifactError("the graph is not a well-formed ONNX file")
        length = {1: 8, 5: 4}.get(kind)
        if length is None:
            length, position = _varint(data, position)
        if position + length > len(data):
            raise ArtifactError("the graph is truncated")
        yield number, data[position : position + length]
        position += length


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise ArtifactError("the graph is truncated")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ArtifactError("the graph is not a well-formed ONNX file")
