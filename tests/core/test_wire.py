from __future__ import annotations

import contextlib

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from tightrope.errors import ArtifactError
from tightrope.wire import external_data_locations

from .conftest import small_graph

PLACES = ("initializer", "sparse values", "attribute", "attribute list", "subgraph", "function")
locations = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)


def tensor(location: str | None) -> onnx.TensorProto:
    """A tensor of one float: in the model, or in a file at `location`."""
    made = helper.make_tensor("t", TensorProto.FLOAT, [1], [1.0])
    if location is not None:
        made.ClearField("float_data")
        made.data_location = TensorProto.EXTERNAL
        for key, value in (("offset", "0"), ("location", location)):
            made.external_data.add(key=key, value=value)
    return made


def place(model: onnx.ModelProto, where: str, value: onnx.TensorProto) -> None:
    """Put a tensor into one of the places in which ONNX allows tensors."""
    graph = model.graph
    if where == "initializer":
        graph.initializer.append(value)
    elif where == "sparse values":
        graph.sparse_initializer.add().values.CopyFrom(value)
    elif where == "attribute":
        graph.node.append(helper.make_node("Constant", [], ["c"], value=value))
    elif where == "attribute list":
        graph.node.append(helper.make_node("Custom", [], ["c"], values=[value]))
    elif where == "subgraph":
        inner = helper.make_graph([], "inner", [], [], [value])
        middle = helper.make_graph([helper.make_node("If", ["x"], ["c"], then_branch=inner)], "middle", [], [])
        graph.node.append(helper.make_node("Loop", [], ["c"], body=middle))
    else:
        node = helper.make_node("Constant", [], ["c"], value=value)
        model.functions.append(helper.make_function("here", "f", [], ["c"], [node], []))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.none() | locations), max_size=6))
def test_every_tensor_outside_of_the_model_is_found(tensors: list[tuple[str, str | None]]) -> None:
    model = small_graph()
    for where, location in tensors:
        place(model, where, tensor(location))
    expected = sorted(location for _, location in tensors if location is not None)
    assert sorted(external_data_locations(model.SerializeToString())) == expected


@pytest.mark.parametrize("where", PLACES)
def test_a_flag_without_a_location_counts_too(where: str) -> None:
    value = tensor(None)
    value.data_location = TensorProto.EXTERNAL
    model = small_graph()
    place(model, where, value)
    assert external_data_locations(model.SerializeToString()) == [""]


@settings(deadline=None)
@given(st.data())
def test_a_cut_model_is_refused_or_read_and_nothing_else(data: st.DataObject) -> None:
    whole = small_graph().SerializeToString()
    with contextlib.suppress(ArtifactError):
        assert external_data_locations(whole[: data.draw(st.integers(0, len(whole) - 1))]) == []


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read_and_nothing_else(data: bytes) -> None:
    with contextlib.suppress(ArtifactError):
        external_data_locations(data)


def test_endless_nesting_is_refused() -> None:
    graph = b""
    for _ in range(40):  # GraphProto.node 1 -> NodeProto.attribute 5 -> AttributeProto.g 6
        graph = message(1, message(5, message(6, graph)))
    with pytest.raises(ArtifactError, match="nested too deeply"):
        external_data_locations(message(7, graph))


def message(field: int, content: bytes) -> bytes:
    """A field with a length, in protocol-buffer wire format."""
    length, rest = b"", len(content)
    while rest >= 0x80:
        length, rest = length + bytes([rest & 0x7F | 0x80]), rest >> 7
    return bytes([field << 3 | 2]) + length + bytes([rest]) + content
