"""Whole attention heads taken away: thinner products for queries, keys, values and output, and fewer of their products.

Michel et al. 2019, 'Are Sixteen Heads Really Better than One?' (arXiv:1905.10650), and Voita et al. 2019
(arXiv:1905.09418) find that most heads of a trained transformer can go. A head's columns of the three products into
attention go with its rows of the one out of it, and the shapes between say so: what is left is dense, without masks.
`prune-width` does the like for feed-forward blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from pydantic import Field

from tightrope.compress.attention import Attention, Heads, Ints, Wiring, find_attention, observe, run_for, trace
from tightrope.compress.candidate import Candidate
from tightrope.compress.linear import arrays, put_back
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task, first_examples
from tightrope.errors import ConfigError
from tightrope.runtime.session import Array, Inputs, Session

Importance = dict[str, NDArray[np.float64]]  # of each head, by the layer's name
_SAME = 1e-3  # of the outputs' norm: what may change between masked and missing heads
_OWN = "_without_heads"


@register("prune-heads")
class PruneHeads(Pass):
    """Take the least important share of the heads out of attention, over all layers; a layer keeps one at the least.

    Raises:
        ConfigError: an attention is not understood: without the heads it would not compute what it does with them
            masked.
    """

    ratio: float = Field(0.25, gt=0, lt=1, description="share of all heads to take away")
    importance: Literal["ablation", "energy"] = Field(
        "ablation",
        description="of a head: how far the outputs move when it alone is masked; or the energy that it adds to its "
        "layer's output, as a share of the layer's, which is faster to find",
    )
    inputs: int = Field(8, ge=1, description="calibration inputs for the heads' importance")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        graph = candidate.float_graph()
        examples = first_examples(task, self.inputs)
        found = list(find_attention(graph.graph))
        seen = observe(graph, found, examples[0]) if found else {}
        traced = {one: heads for one in found if (heads := trace(graph, one, seen)) is not None}
        if not traced:
            return candidate.then(self.record(heads={}))
        gated = _Gated(graph, traced)
        weigh = _by_energy if self.importance == "energy" else _by_ablation
        kept = self._kept(weigh(gated, graph, traced, examples))
        for one, heads in traced.items():
            _cut(graph.graph, one, heads, kept[one.name], seen)
        del graph.graph.value_info[:]  # of shapes that are no more
        _compare(gated, graph, traced, kept, examples[0])
        counts = {one.name: [heads.count, int(kept[one.name].sum())] for one, heads in traced.items()}
        return candidate.then(self.record(heads=counts), graph=graph)

    def _kept(self, importance: Importance) -> dict[str, NDArray[np.bool_]]:
        """By layer, for each head whether it stays."""
        kept = {name: np.ones(len(heads), np.bool_) for name, heads in importance.items()}
        ranked = sorted(
            (float(value), name, head) for name, heads in importance.items() for head, value in enumerate(heads)
        )
        left = round(self.ratio * len(ranked))
        for _, name, head in ranked:
            if left and kept[name].sum() > 1:
                kept[name][head] = False
                left -= 1
        return kept


class _Gated:
    """The graph with a factor, an input, for each number that an output product reads."""

    def __init__(self, graph: onnx.ModelProto, traced: Mapping[Attention, Heads]) -> None:
        model = onnx.ModelProto()
        model.CopyFrom(graph)
        nodes = Wiring(model.graph).nodes
        for one in traced:
            product, gate = nodes[one.name], f"{one.name}_gate"
            read = product.input[0]
            place = list(model.graph.node).index(product)
            product.input[0] = f"{gate}_passed"
            model.graph.node.insert(place, helper.make_node("Mul", [read, gate], [f"{gate}_passed"], f"{gate}_mul"))
            model.graph.input.append(helper.make_tensor_value_info(gate, TensorProto.FLOAT, [None]))
        self._rows = {one.name: heads.of_rows for one, heads in traced.items()}
        self._counts = {one.name: heads.count for one, heads in traced.items()}
        self._session = Session(model.SerializeToString())
        self._first = graph.graph.input[0].name

    def __call__(self, example: Inputs, kept: Mapping[str, Array] | None = None) -> list[Array]:
        """All floating outputs; of the layers in `kept` only with the heads that it says."""
        feeds = {self._first: example} if isinstance(example, np.ndarray) else dict(example)
        for name, rows in self._rows.items():
            heads = (kept or {}).get(name, np.ones(self._counts[name]))
            feeds[f"{name}_gate"] = np.asarray(heads, np.float32)[rows]
        return [array for array in self._session.run(feeds) if np.issubdtype(array.dtype, np.floating)]


def _by_ablation(
    gated: _Gated, graph: onnx.ModelProto, traced: Mapping[Attention, Heads], examples: Sequence[Inputs]
) -> Importance:
    """Each head masked alone, as Michel et al. 2019, section 3.2; judged by the outputs, as there are no labels."""
    found = {one.name: np.zeros(heads.count) for one, heads in traced.items()}
    for example in examples:
        whole = gated(example)
        for name, importance in found.items():
            for head in range(len(importance)):
                mask = np.arange(len(importance)) != head
                importance[head] += _distance(whole, gated(example, {name: mask}))
    return found


def _by_energy(
    gated: _Gated, graph: onnx.ModelProto, traced: Mapping[Attention, Heads], examples: Sequence[Inputs]
) -> Importance:
    """E|c W|^2 of each head, c being its context and W its rows of the output product; of all of a layer's as one."""
    values = arrays(graph.graph)
    found = {one.name: np.zeros(heads.count) for one, heads in traced.items()}
    for example in examples:
        contexts = run_for(graph, {one.out.product.read for one in traced}, example)
        for one, heads in traced.items():
            context = contexts[one.out.product.read].reshape(-1, len(heads.of_rows))
            weight = one.out.product.matrix(values[one.out.product.weight])
            for head in range(heads.count):
                mine = heads.of_rows == head
                found[one.name][head] += float(np.square(context[:, mine] @ weight[mine]).sum(axis=1).mean())
    return {name: energy / max(float(energy.sum()), 1e-30) for name, energy in found.items()}


def _distance(expected: Sequence[Array], actual: Sequence[Array]) -> float:
    """Squared distance of outputs over their squared norm, summed over the outputs."""
    return sum(
        float(np.square(a - e, dtype=np.float64).sum() / max(np.square(e, dtype=np.float64).sum(), 1e-30))
        for e, a in zip(expected, actual, strict=True)
    )


def _compare(
    gated: _Gated,
    graph: onnx.ModelProto,
    traced: Mapping[Attention, Heads],
    kept: Mapping[str, Array],
    example: Inputs,
) -> None:
    """Raises ConfigError if the graph without the heads does not compute what it does with them masked."""
    expected = gated(example, kept)
    try:
        made = Session(graph.SerializeToString())(example)
    except Exception as error:  # onnxruntime's exceptions share no base but Exception
        raise ConfigError(f"prune-heads does not understand the attention at {', '.join(kept)}: {error}") from error
    actual = [array for array in made if np.issubdtype(array.dtype, np.floating)]
    same = [e.shape for e in expected] == [a.shape for a in actual]
    if not same or _distance(expected, actual) > _SAME**2:
        raise ConfigError(f"prune-heads does not understand the attention at {', '.join(kept)}: leave it out")


def _cut(
    graph: onnx.GraphProto, attention: Attention, heads: Heads, kept: NDArray[np.bool_], seen: Mapping[str, Array]
) -> None:
    """Leave the kept heads in everything that has a size, a column, a row or a number for each."""
    values, wiring = arrays(graph), Wiring(graph)
    cutter = _Cutter(wiring, heads, kept, values, seen)
    for product in {way.product.node.name: way.product for way in attention.into}.values():
        columns = np.flatnonzero(kept[heads.of_columns[product.node.name]])
        node = wiring.nodes[product.node.name]
        stored = values[product.weight]
        values[product.weight] = np.take(stored, columns, axis=0 if product.transposed else 1)
        if len(node.input) > 2:
            cutter.own(node, 2, values[node.input[2]][..., columns])
    last = attention.out.product
    rows = np.flatnonzero(kept[heads.of_rows])
    values[last.weight] = np.take(values[last.weight], rows, axis=1 if last.transposed else 0)
    for name in dict.fromkeys(name for way in attention.ways for name in way.nodes):
        cutter.cut(wiring.nodes[name])
    put_back(graph, values)


class _Cutter:
    """Makes the nodes between products say the sizes of the heads that are left."""

    def __init__(
        self,
        wiring: Wiring,
        heads: Heads,
        kept: NDArray[np.bool_],
        values: dict[str, Any],
        seen: Mapping[str, Array],
    ) -> None:
        self._wiring, self._heads, self._kept = wiring, heads, kept
        self._values, self._seen = values, seen

    def cut(self, node: onnx.NodeProto) -> None:
        """One node on a way."""
        data = self._wiring.moved(node)
        assert data is not None
        if node.op_type == "Reshape":
            self._reshape(node)
        elif node.op_type == "Split" and len(node.input) > 1 and node.input[1]:
            self._sizes(node, data)
        elif node.op_type == "Slice":
            self._limits(node, data)
        elif node.op_type == "Add":
            self._bias(node, data)

    def own(self, node: onnx.NodeProto, place: int, constant: Array) -> None:
        """Give a node a constant of its own, as others may read the one that it has."""
        name = f"{node.name}{_OWN}_{place}"
        self._values[name] = constant
        node.input[place] = name

    def _fewer(self, size: int) -> int:
        """What is left of a size that counts all heads; others stay, and `_compare` finds out what is wrong."""
        scaled, rest = divmod(size * int(self._kept.sum()), len(self._kept))
        return size if rest else scaled

    def _reshape(self, node: onnx.NodeProto) -> None:
        axis = self._heads.axis(node.output[0])
        if axis is None:
            return
        shape = self._seen[node.input[1]].copy()
        if node.input[1] in self._values:
            if shape[axis] > 0:
                shape[axis] = self._fewer(int(shape[axis]))
                self.own(node, 1, shape)
            return
        maker = self._wiring.makers.get(node.input[1])
        if maker is None or maker.op_type != "Concat":
            return
        self._joined(node, maker, axis)

    def _joined(self, node: onnx.NodeProto, maker: onnx.NodeProto, axis: int) -> None:
        """A shape that is put together when it runs: again, with another number at `axis`."""
        shared = any(reader.name != node.name for reader in self._wiring.readers[maker.output[0]])
        again = self._again(node, maker) if shared else maker
        start = 0
        for place, name in enumerate(again.input):
            piece = self._values.get(name)
            size = len(piece) if piece is not None else 1  # what is measured when it runs comes one by one
            if piece is not None and start <= axis < start + size and piece[axis - start] > 0:
                fewer = piece.copy()
                fewer[axis - start] = self._fewer(int(piece[axis - start]))
                self.own(again, place, fewer)
            start += size

    def _again(self, node: onnx.NodeProto, maker: onnx.NodeProto) -> onnx.NodeProto:
        """A node's own copy of the one that makes its shape."""
        nodes = self._wiring.graph.node
        place = list(nodes).index(node)
        copy = onnx.NodeProto()
        copy.CopyFrom(maker)
        copy.name = copy.output[0] = node.input[1] = f"{node.name}{_OWN}_shape"
        nodes.insert(place, copy)
        return nodes[place]

    def _sizes(self, node: onnx.NodeProto, data: str) -> None:
        if self._along(node, data, _attribute(node, "axis", 0)):
            sizes = self._seen[node.input[1]]
            self.own(node, 1, np.array([self._fewer(int(size)) for size in sizes], sizes.dtype))

    def _limits(self, node: onnx.NodeProto, data: str) -> None:
        axes = self._seen[node.input[3]] if len(node.input) > 3 else np.arange(len(self._seen[node.input[1]]))
        whole = self._heads.moved[data].shape
        for place in (1, 2):
            limits = self._seen[node.input[place]].copy()
            for k, axis in enumerate(axes):
                if self._along(node, data, int(axis)) and abs(int(limits[k])) <= whole[axis]:
                    limits[k] = self._fewer(int(limits[k]))
            self.own(node, place, limits)

    def _bias(self, node: onnx.NodeProto, data: str) -> None:
        place = next(k for k, name in enumerate(node.input) if name != data)
        bias = self._values[node.input[place]]
        heads: Ints = self._heads.moved[data]
        if bias.size == heads.shape[-1] > 1 and self._along(node, data, -1):
            self.own(node, place, bias[..., self._kept[heads.reshape(-1, heads.shape[-1])[0]]])

    def _along(self, node: onnx.NodeProto, data: str, axis: int) -> bool:
        return self._heads.axis(data) == axis % self._heads.moved[data].ndim


def _attribute(node: onnx.NodeProto, name: str, otherwise: int) -> int:
    return next((int(helper.get_attribute_value(a)) for a in node.attribute if a.name == name), otherwise)
