"""Operator by operator, what would run where on a target, from what its runtime's documentation says.

    report = check(onnx.load("model.onnx"), aim("qnn"))
    report.rows[0].place          # "integer", "float" or "falls back"

Nothing here is measured, and nothing is run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import onnx
from onnx import numpy_helper

from tightrope.compress.quantize import COMPUTE, multiply_accumulates, tensor_shapes
from tightrope.errors import ConfigError, nearest
from tightrope.targets.runtime import Runtime, load_runtime, runtime_names
from tightrope.targets.target import Target, load, target_names

Place = Literal["integer", "float", "falls back"]
CPU = "cpu"  # the runtime of every instruction set
_BETWEEN = ("QuantizeLinear", "DequantizeLinear")
_FUSED = ("Relu", "Clip")  # into the QuantizeLinear behind it
_WITHOUT_QUANTIZE = ("Gemm", "MatMul")  # integer products whose sum may leave as float


@dataclass(frozen=True)
class Aim:
    """A runtime, and the instruction set that it computes with where that matters."""

    name: str
    runtime: Runtime
    target: Target | None = None


@dataclass(frozen=True)
class Row:
    """One operator of a graph: where it would run, in what, under which condition, and which form it wants instead.

    `work` counts its multiply-accumulates.
    """

    name: str
    operator: str
    place: Place
    computed_in: str
    work: int = 0
    condition: str = ""
    wants: str = ""


@dataclass(frozen=True)
class Report:
    """All operators of a graph on a target.

    `crossings` are the tensors that go from an operator that the target takes to one that it does not, or back.
    """

    aim: str
    rows: tuple[Row, ...]
    crossings: int
    refusal: str = ""

    @property
    def good(self) -> bool:
        """Nothing falls back, and nothing wants another form."""
        return not self.refusal and all(row.place != "falls back" and not row.wants for row in self.rows)

    def shares(self) -> dict[Place, float]:
        """Share of the multiply-accumulates in each place; of the operators, if nothing multiplies."""
        by_place: dict[Place, float] = defaultdict(float)
        weigh = any(row.work for row in self.rows)
        for row in self.rows:
            by_place[row.place] += row.work if weigh else 1
        total = sum(by_place.values()) or 1
        return {place: amount / total for place, amount in by_place.items()}

    def wants(self) -> dict[str, int]:
        """What operators want to be like, and how many of them do."""
        return dict(Counter(row.wants for row in self.rows if row.wants).most_common())

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "shares": self.shares(), "good": self.good, "measured": False}


def aim_names() -> list[str]:
    """What `aim` takes: the instruction sets, and the runtimes but for the one that those share."""
    return sorted({*target_names(), *runtime_names()} - {CPU})


def aim(name: str) -> Aim:
    """The target of that name. Raises ConfigError with the nearest one."""
    if name not in aim_names():
        raise ConfigError(f"no target {name!r}{nearest(name, aim_names())}")
    if name in target_names():
        return Aim(name, load_runtime(CPU), load(name))
    return Aim(name, load_runtime(name))


def check(graph: onnx.ModelProto, where: Aim) -> Report:
    """Every operator of the graph but for constants, in the graph's order; quantizers only where they fall back."""
    view, runtime = _View(graph), where.runtime
    free = sorted({axis for value in graph.graph.input for axis in view.free_axes(value)})
    refusal = "" if runtime.free_axes or not free else f"free axes ({', '.join(free)}) have to be fixed first"
    rows = {node.output[0]: _row(node, view, where) for node in graph.graph.node if node.op_type != "Constant"}
    fallen = {output for output, row in rows.items() if row.place == "falls back"}
    crossings = sum((output in fallen) != (user in fallen) for output, user in view.edges() if output in rows)
    shown = tuple(row for row in rows.values() if row.operator not in _BETWEEN or row.place == "falls back")
    return Report(where.name, shown, crossings, refusal)


def _row(node: onnx.NodeProto, view: _View, where: Aim) -> Row:
    runtime, work = where.runtime, view.work(node)
    if not runtime.takes(node.op_type):
        return Row(node.name, node.op_type, "falls back", "", work)
    condition = runtime.conditions.get(node.op_type, "")
    if node.op_type in runtime.own:
        return Row(node.name, node.op_type, "integer", "int8", work, condition)
    if runtime.computes_integers(node.op_type) and view.quantized(node):
        types = " by ".join(view.types(node))
        wants = "; ".join(_complaints(node, view, where))
        return Row(node.name, node.op_type, "integer", types, work, condition, wants)
    if node.op_type in _FUSED and view.fused(node):
        return Row(node.name, node.op_type, "integer", "the operator before it", work, condition)
    return Row(node.name, node.op_type, "float", runtime.float_as, work, condition)


def _complaints(node: onnx.NodeProto, view: _View, where: Aim) -> Iterator[str]:
    """What the target would rather have of an integer operator."""
    runtime, target = where.runtime, where.target
    activation, *weight = view.types(node)
    wanted = (target.activation,) if target else runtime.activation
    if activation not in wanted:
        yield f"{' or '.join(wanted)} activations, not {activation}"
    if runtime.symmetric and view.offset(node.input[0]):
        yield "activations with zero point 0"
    if node.op_type not in COMPUTE or not weight or not view.constant(node.input[1]):
        return
    wanted = (target.weight,) if target else runtime.weight
    if weight[0] not in wanted:
        yield f"{' or '.join(wanted)} weights, not {weight[0]}"
    if not runtime.per_channel and view.scales(node.input[1]) > 1:
        yield "one scale a weight"
    if target and target.reduce_range and view.largest(node.input[1]) > 64:
        yield "weights in 7 bits, or sums saturate"


class _View:
    """A graph by its tensors."""

    def __init__(self, graph: onnx.ModelProto) -> None:
        self._constants: dict[str, onnx.TensorProto] = {t.name: t for t in graph.graph.initializer}
        for node in graph.graph.node:
            if node.op_type == "Constant":
                self._constants[node.output[0]] = node.attribute[0].t
        self._makers = {name: node for node in graph.graph.node for name in node.output}
        self._users: dict[str, list[onnx.NodeProto]] = defaultdict(list)
        for node in graph.graph.node:
            for name in node.input:
                self._users[name].append(node)
        self._shapes = tensor_shapes(graph)

    def work(self, node: onnx.NodeProto) -> int:
        counted = (*COMPUTE, "MatMulInteger", "ConvInteger")
        return multiply_accumulates(node, self._shapes) if node.op_type in counted else 0

    def edges(self) -> Iterator[tuple[str, str]]:
        """First outputs of each node and of each of its users."""
        for node in {id(node): node for node in self._makers.values()}.values():
            yield from ((node.output[0], user.output[0]) for user in self._after(node))

    def free_axes(self, value: onnx.ValueInfoProto) -> list[str]:
        axes = value.type.tensor_type.shape.dim
        return [axis.dim_param or "unnamed" for axis in axes if not axis.HasField("dim_value")]

    def quantized(self, node: onnx.NodeProto) -> bool:
        """Whether all that it computes with comes from DequantizeLinear, and what it makes goes to QuantizeLinear."""
        reads = node.input[:2] if node.op_type in COMPUTE else node.input
        computed = [name for name in reads if name and name not in self._constants]
        if not computed or not all(self._dequantizer(name) for name in computed):
            return False
        return node.op_type in _WITHOUT_QUANTIZE or all(self._goes_to_integers(user) for user in self._after(node))

    def fused(self, node: onnx.NodeProto) -> bool:
        maker = self._makers.get(node.input[0])
        behind = self._after(node)
        return bool(maker and maker.op_type in COMPUTE and self.quantized(maker) and behind) and all(
            user.op_type == "QuantizeLinear" for user in behind
        )

    def types(self, node: onnx.NodeProto) -> list[str]:
        """Integer types of what it computes with: the activation's, then the weight's."""
        count = 2 if node.op_type in COMPUTE else 1
        reads = [name for name in node.input[:count] if self._dequantizer(name)]
        return [self._type(name) for name in reads]

    def constant(self, name: str) -> bool:
        """Whether a tensor is a dequantized constant."""
        dequantizer = self._dequantizer(name)
        return dequantizer is not None and dequantizer.input[0] in self._constants

    def offset(self, name: str) -> bool:
        """Whether a dequantized tensor has a zero point other than 0."""
        dequantizer = self._dequantizer(name)
        if dequantizer is None or len(dequantizer.input) < 3 or dequantizer.input[2] not in self._constants:
            return False
        return bool(numpy_helper.to_array(self._constants[dequantizer.input[2]]).any())

    def scales(self, name: str) -> int:
        dequantizer = self._dequantizer(name)
        assert dequantizer is not None
        return int(numpy_helper.to_array(self._constants[dequantizer.input[1]]).size)

    def largest(self, name: str) -> int:
        """Of the magnitudes of a quantized constant."""
        dequantizer = self._dequantizer(name)
        assert dequantizer is not None
        return int(abs(numpy_helper.to_array(self._constants[dequantizer.input[0]]).astype(int)).max())

    def _type(self, name: str) -> str:
        dequantizer = self._dequantizer(name)
        assert dequantizer is not None
        zero = dequantizer.input[2] if len(dequantizer.input) > 2 else ""
        stored = self._constants.get(dequantizer.input[0], self._constants.get(zero))
        return onnx.helper.tensor_dtype_to_np_dtype(stored.data_type).name if stored is not None else "uint8"

    def _dequantizer(self, name: str) -> onnx.NodeProto | None:
        maker = self._makers.get(name)
        return maker if maker is not None and maker.op_type == "DequantizeLinear" else None

    def _after(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        return [user for name in node.output for user in self._users[name]]

    def _goes_to_integers(self, user: onnx.NodeProto) -> bool:
        if user.op_type == "QuantizeLinear":
            return True
        behind = self._after(user)
        return user.op_type in _FUSED and bool(behind) and all(one.op_type == "QuantizeLinear" for one in behind)
