"""Where the time inside a graph goes: onnxruntime's profiler, summed up by operator type and by node."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tightrope.runtime.session import Array, open_graph, session_options

_INTEGER = frozenset(
    {
        "ConvInteger", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM",
        "QAttention", "QGemm", "QMoE", "NhwcQLinearConv",
    }
)  # fmt: skip
_CONTAINERS = frozenset({"If", "Loop", "Scan"})  # their bodies are listed as nodes of their own


@dataclass(frozen=True)
class OperatorTime:
    """Time of one operator type, or of one node: ms a run, share of all (0 to 1), calls a run.

    `integer` says that the arithmetic is done on integers, not only that the tensors are stored so.
    """

    name: str
    op_type: str
    provider: str
    ms: float
    share: float
    calls: float
    integer: bool


@dataclass(frozen=True)
class Profile:
    """One graph's operators, slowest first.

    `integer_share` is the share of the time in integer kernels. `fake_quantized` is true for a graph that quantizes
    and dequantizes while every product is still computed in float: it costs accuracy and gains nothing.
    """

    runs: int
    total_ms: float
    integer_share: float
    fake_quantized: bool
    op_types: tuple[OperatorTime, ...]
    nodes: tuple[OperatorTime, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def profile(model: bytes, feeds: Mapping[str, Array], runs: int, threads: int = 1, top: int = 15) -> Profile:
    """Run an ONNX graph under the profiler and sum up; the trace is deleted.

    The profiler itself costs a few microseconds a node: read shares from here, and latency from `latency`.

    Args:
        model: the graph's bytes.
        feeds: its inputs by name.
        runs: runs that count; two warm-up runs go before.
        top: how many operator types and nodes to keep.
    """
    warmup = 2
    with tempfile.TemporaryDirectory(prefix="tightrope-profile-") as folder:
        options = session_options(threads)
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "trace")
        session = open_graph(model, options)
        for _ in range(warmup + runs):
            session.run(None, dict(feeds))
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    return summarise(events, warmup, top)


def summarise(events: Sequence[Mapping[str, Any]], warmup: int, top: int) -> Profile:
    """Sum up the events of onnxruntime's trace, leaving the first `warmup` runs and what was before them out."""
    starts = sorted(event["ts"] for event in events if event.get("name") == "model_run")[warmup:]
    if not starts:
        raise ValueError("the trace has no run after the warm-up")
    kernels = [event for event in events if _is_kernel(event) and event["ts"] >= starts[0]]
    by_type = _sum(kernels, len(starts), lambda event: str(event["args"]["op_name"]))
    by_node = _sum(kernels, len(starts), _node_name)
    types = {operator.op_type for operator in by_type}
    integer = sum(operator.share for operator in by_type if operator.integer)
    return Profile(
        runs=len(starts),
        total_ms=sum(operator.ms for operator in by_type),
        integer_share=integer,
        fake_quantized="DequantizeLinear" in types and not any(operator.integer for operator in by_type),
        op_types=by_type[:top],
        nodes=by_node[:top],
    )


def is_integer_kernel(op_type: str) -> bool:
    """True for operators that onnxruntime computes in integers (QLinear*, MatMulInteger, ...)."""
    return op_type.startswith("QLinear") or op_type in _INTEGER


def _is_kernel(event: Mapping[str, Any]) -> bool:
    named = str(event.get("name", "")).endswith("_kernel_time")
    return event.get("cat") == "Node" and named and event["args"].get("op_name") not in _CONTAINERS


def _node_name(event: Mapping[str, Any]) -> str:
    """The node's name; one that has none is told apart by its index."""
    name = str(event["name"]).removesuffix("_kernel_time")
    op_type = event["args"]["op_name"]
    return f"{op_type}#{event['args'].get('node_index', '?')}" if name in ("", op_type) else name


def _sum(kernels: Iterable[Mapping[str, Any]], runs: int, key: Any) -> tuple[OperatorTime, ...]:
    """Group kernels by `key(event)`; slowest group first. The trace's durations are in microseconds."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for event in kernels:
        groups[key(event)].append(event)
    total = sum(event["dur"] for group in groups.values() for event in group) or 1
    rows = [_row(name, group, runs, total) for name, group in groups.items()]
    return tuple(sorted(rows, key=lambda row: -row.ms))


def _row(name: str, group: Sequence[Mapping[str, Any]], runs: int, total: float) -> OperatorTime:
    duration = sum(event["dur"] for event in group)
    op_type, provider = str(group[0]["args"]["op_name"]), str(group[0]["args"].get("provider", ""))
    integer = is_integer_kernel(op_type)
    return OperatorTime(name, op_type, provider, duration / runs / 1e3, duration / total, len(group) / runs, integer)
