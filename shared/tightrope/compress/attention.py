"""Attention in a graph: which products make queries, keys and values, which reads the heads, and whose is what.

Exporters write attention in many ways: one product for all three or three of them, heads before or after positions,
batch and heads in one axis. So the layout is not guessed from the operators: numbers that say where they come from are
sent the way that the queries, keys and values go, and what arrives in one slot of the batched product is one head.

    for attention in find_attention(graph):
        heads = trace(graph, attention, observe(graph, attention, example))
        heads.of_columns["project"]      # the head of each of the product's columns
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from tightrope.compress.linear import Product, products
from tightrope.runtime.session import Array, Inputs, Session

Ints = NDArray[np.int64]
MOVES = ("Reshape", "Transpose", "Split", "Slice", "Gather", "Squeeze", "Unsqueeze", "Identity")
_BY_CONSTANTS = ("Add", "Mul", "Div")
_OF_SCORES = ("Add", "Sub", "Mul", "Div", "Where", "Cast", "Identity", "Clip")
_BEHIND_SOFTMAX = ("Cast", "Identity", "Dropout", "Where")


@dataclass(frozen=True, eq=False)
class Way:
    """A product, and the nodes, by name and in order, between it and the batched products of attention."""

    product: Product
    nodes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Attention:
    """One attention: the ways of queries, keys and values into it, and the way out of it.

    `operands` are the tensors in which the first three end, `context` the one in which the last begins, and `beside`
    what is added to the scores, or multiplies them.
    """

    into: tuple[Way, Way, Way]
    out: Way
    operands: tuple[str, str, str]
    context: str
    beside: tuple[str, ...]

    @property
    def name(self) -> str:
        """The output product's: every attention has one of its own."""
        return str(self.out.product.node.name)

    @property
    def ways(self) -> tuple[Way, ...]:
        return (*self.into, self.out)


@dataclass(frozen=True)
class Heads:
    """Whose is what: for each product's name the head of each of its columns, for the output product of each row.

    `moved` has, for every tensor on a way, the head of each of its numbers.
    """

    count: int
    of_columns: Mapping[str, Ints]
    of_rows: Ints
    moved: Mapping[str, Ints]

    def axis(self, tensor: str) -> int | None:
        """The only axis of a tensor along which the head changes; None: there is no such axis, or several."""
        found = _changing(self.moved[tensor])
        return found[0] if len(found) == 1 else None


class Wiring:
    """Who makes and who reads each tensor of a graph."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = graph
        self.makers = {made: node for node in graph.node for made in node.output}
        self.readers: dict[str, list[onnx.NodeProto]] = {}
        for node in graph.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        self.constants = {tensor.name: tensor for tensor in graph.initializer}
        self.outputs = {output.name for output in graph.output}
        self.products = {product.node.name: product for product in products(graph)}

    @cached_property
    def nodes(self) -> dict[str, onnx.NodeProto]:
        return {node.name: node for node in self.graph.node}

    def moved(self, node: onnx.NodeProto) -> str | None:
        """The tensor whose numbers a node moves, or changes one by one by a constant; None: it does something else."""
        if node.op_type in MOVES:
            return str(node.input[0])
        if node.op_type in _BY_CONSTANTS:
            data = [name for name in node.input if name not in self.constants]
            sizes = [list(self.constants[name].dims) for name in node.input if name in self.constants]
            most = 1 if node.op_type == "Add" else 0  # a factor for each column would not go through the softmax
            if len(data) == 1 and all(len(dims) <= most or dims == [1] for dims in sizes):
                return str(data[0])
        return None


def find_attention(graph: onnx.GraphProto) -> Iterator[Attention]:
    """Every product of two variable matrices, a softmax, and another such product, between products by constants."""
    wiring = Wiring(graph)
    for mixing in graph.node:
        if mixing.op_type != "MatMul" or any(name in wiring.constants for name in mixing.input):
            continue
        softmax = _softmax_before(wiring, mixing.input[0])
        found = _scores_before(wiring, softmax.input[0]) if softmax is not None else None
        if found is None:
            continue
        scoring, beside = found
        operands = (str(scoring.input[0]), str(scoring.input[1]), str(mixing.input[1]))
        into = [_way_into(wiring, name) for name in operands]
        out = _way_out(wiring, mixing.output[0])
        if out is None or any(way is None for way in into):
            continue
        queries, keys, values = (way for way in into if way is not None)
        attention = Attention((queries, keys, values), out, operands, str(mixing.output[0]), tuple(beside))
        if _is_closed(wiring, attention, {scoring.name, mixing.name}):
            yield attention


def observe(graph: onnx.ModelProto, attentions: Iterable[Attention], example: Inputs) -> dict[str, Array]:
    """All that `trace` must know of a run on an example: tensors, by name, the constants included."""
    wiring = Wiring(graph.graph)
    wanted: set[str] = set()
    for attention in attentions:
        wanted.update((*attention.operands, attention.context, *attention.beside, attention.out.product.read))
        for way in attention.ways:
            wanted.add(str(way.product.node.output[0]))
            wanted.update(name for node in way.nodes for name in wiring.nodes[node].input)
    found = {name: onnx.numpy_helper.to_array(tensor) for name, tensor in wiring.constants.items() if name in wanted}
    return {**found, **run_for(graph, wanted - found.keys() - {""}, example)}


def run_for(graph: onnx.ModelProto, wanted: Iterable[str], example: Inputs) -> dict[str, Array]:
    """Tensors of a run, by name; inputs of the graph among them."""
    wide = onnx.ModelProto()
    wide.CopyFrom(graph)
    present = {value.name for value in (*graph.graph.output, *graph.graph.input)}
    wide.graph.output.extend(onnx.ValueInfoProto(name=name) for name in sorted(wanted) if name not in present)
    session = Session(wide.SerializeToString())
    feeds = session.feeds(example)
    made = dict(zip((spec.name for spec in session.outputs), session.run(feeds), strict=True))
    return {name: value for name, value in {**feeds, **made}.items() if name in {*wanted}}


def trace(graph: onnx.ModelProto, attention: Attention, seen: Mapping[str, Array]) -> Heads | None:
    """Whose is what in an attention, from what was seen; None: it has but one head, or heads that share something."""
    ways = {way: _from_product(graph, way, seen) for way in attention.into}
    slots = []
    for way, operand in zip(attention.into, attention.operands, strict=True):
        lead = ways[way][operand].shape[:-2]
        slots.append(_columns_of_slots(ways[way][operand]))
    if any(ways[w][name].shape[:-2] != lead for w, name in zip(attention.into, attention.operands, strict=True)):
        return None
    together = list(zip(*slots, strict=True))
    order = {columns: head for head, columns in enumerate(dict.fromkeys(together))}
    of_columns = _owners(attention, seen, order)
    owners = np.array([order[columns] for columns in together]).reshape(lead)
    if of_columns is None or any(_follows(owners, seen[name].shape) for name in attention.beside):
        return None
    moved = {name: of_columns[way.product.node.name][marks] for way in ways for name, marks in ways[way].items()}
    context = seen[attention.context]
    behind = {attention.context: np.broadcast_to(owners[..., None, None], context.shape)}
    behind = _move(graph, attention.out, behind, seen)
    rows = behind[attention.out.product.read]
    rows = rows.reshape(-1, rows.shape[-1])
    if (rows != rows[0]).any():
        return None
    return Heads(len(order), of_columns, rows[0], {**moved, **behind})


def _owners(
    attention: Attention, seen: Mapping[str, Array], order: Mapping[tuple[frozenset[int], ...], int]
) -> dict[str, Ints] | None:
    """The head of each column of each product; None: not every column is one head's, as many of each."""
    count = len(order)
    if count < 2 or any(len({columns[k] for columns in order}) != count for k in range(3)):
        return None
    found = {}
    for way in attention.into:
        width = seen[way.product.node.output[0]].shape[-1]
        found[way.product.node.name] = np.full(width, -1, np.int64)
    for columns, head in order.items():
        for way, mine in zip(attention.into, columns, strict=True):
            found[way.product.node.name][sorted(mine)] = head
    fair = all((heads >= 0).all() and len({*np.bincount(heads).tolist()}) == 1 for heads in found.values())
    return found if fair else None


def _from_product(graph: onnx.ModelProto, way: Way, seen: Mapping[str, Array]) -> dict[str, Ints]:
    """The column of the product that each number of each tensor of a way comes from."""
    name = str(way.product.node.output[0])
    shape = seen[name].shape
    return _move(graph, way, {name: np.broadcast_to(np.arange(shape[-1]), shape)}, seen)


def _move(graph: onnx.ModelProto, way: Way, start: dict[str, Ints], seen: Mapping[str, Array]) -> dict[str, Ints]:
    """Send numbers along a way's nodes, which only move them; gives them in every tensor of the way."""
    if not way.nodes:
        return dict(start)
    wiring = Wiring(graph.graph)
    ((first, marks),) = start.items()
    known = {*start}
    nodes, beside = [], {}
    for name in way.nodes:
        node = onnx.NodeProto()
        node.CopyFrom(wiring.nodes[name])
        data = wiring.moved(node)
        assert data is not None
        if node.op_type in _BY_CONSTANTS:
            node = helper.make_node("Identity", [data], list(node.output), node.name)
        beside.update({other: seen[other] for other in node.input if other and other not in known and other != data})
        known.update(node.output)
        nodes.append(node)
    feeds = {first: marks.astype(np.float32), **beside}
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in feeds.items()
    ]
    made = [name for node in nodes for name in node.output]
    outputs = [onnx.ValueInfoProto(name=name) for name in made]
    small = helper.make_graph(nodes, "way", inputs, outputs)
    model = helper.make_model(small, opset_imports=graph.opset_import, ir_version=graph.ir_version)
    found = Session(model.SerializeToString()).run(feeds)
    rounded = (np.rint(array).astype(np.int64) for array in found)
    return {first: np.asarray(marks, np.int64), **dict(zip(made, rounded, strict=True))}


def _columns_of_slots(marks: Ints) -> list[frozenset[int]]:
    """The columns that arrive in each slot of a batched product's operand [..., rows, columns]."""
    return [frozenset(np.unique(slot).tolist()) for slot in marks.reshape(-1, *marks.shape[-2:])]


def _changing(heads: Ints) -> list[int]:
    """Axes along which the head changes."""
    return [axis for axis in range(heads.ndim) if (np.diff(heads, axis=axis) != 0).any()]


def _follows(owners: Ints, shape: tuple[int, ...]) -> bool:
    """Whether what stands beside the scores [*owners' shape, queries, keys] has a size of its own for each head."""
    lead = shape[:-2][::-1]
    sizes = dict(enumerate(lead))
    last = owners.ndim - 1
    return any(sizes.get(last - axis, 1) != 1 for axis in _changing(owners))


def _softmax_before(wiring: Wiring, name: str) -> onnx.NodeProto | None:
    """The softmax over the last axis whose result this tensor is, apart from what is there for safety."""
    while (node := wiring.makers.get(name)) is not None:
        if node.op_type == "Softmax":
            return node
        if node.op_type not in _BEHIND_SOFTMAX:
            return None
        name = node.input[2 if node.op_type == "Where" else 0]
    return None


def _scores_before(wiring: Wiring, name: str) -> tuple[onnx.NodeProto, list[str]] | None:
    """The product of two variable matrices that gives the scores, and what they were joined with since."""
    node = wiring.makers.get(name)
    if node is None:
        return None
    if node.op_type == "MatMul":
        return None if any(one in wiring.constants for one in node.input) else (node, [])
    if node.op_type not in _OF_SCORES:
        return None
    for place, one in enumerate(node.input):
        if found := _scores_before(wiring, one):
            return found[0], [*found[1], *(other for k, other in enumerate(node.input) if k != place and other)]
    return None


def _way_into(wiring: Wiring, name: str) -> Way | None:
    """From an operand back to the product by a constant that it comes from."""
    nodes: list[str] = []
    while (node := wiring.makers.get(name)) is not None:
        if node.name in wiring.products:
            return Way(wiring.products[node.name], tuple(reversed(nodes)))
        before = wiring.moved(node)
        if before is None:
            return None
        nodes.append(node.name)
        name = before
    return None


def _way_out(wiring: Wiring, name: str) -> Way | None:
    """From the context to the product by a constant that reads it."""
    nodes: list[str] = []
    while name not in wiring.outputs and len(wiring.readers.get(name, ())) == 1:
        (node,) = wiring.readers[name]
        if node.name in wiring.products and node.input[0] == name:
            return Way(wiring.products[node.name], tuple(nodes))
        if node.op_type in _BY_CONSTANTS or wiring.moved(node) != name:
            return None
        nodes.append(node.name)
        name = node.output[0]
    return None


def _is_closed(wiring: Wiring, attention: Attention, products: set[str]) -> bool:
    """Whether nobody else reads what is on the ways; asking for its shape is no reading."""
    own = {*products, *chain.from_iterable(way.nodes for way in attention.ways)}
    inside = [str(way.product.node.output[0]) for way in attention.into]
    inside += [str(made) for way in attention.ways for node in way.nodes for made in wiring.nodes[node].output]
    readers: list[Any] = [reader for name in inside for reader in wiring.readers.get(name, ())]
    last = attention.out.product.node.name
    return not wiring.outputs & {*inside} and all(
        reader.name in own or reader.name == last or reader.op_type == "Shape" for reader in readers
    )
