"""A model on its way, with the list of passes that made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tightrope.errors import ConfigError
from tightrope.runtime.session import Session

if TYPE_CHECKING:
    import onnx
    import torch


@dataclass(frozen=True)
class PassRecord:
    """One pass that was applied: method, its configuration, what it noted, and how long it took."""

    method: str
    config: Mapping[str, Any]
    notes: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        notes = {"notes": dict(self.notes)} if self.notes else {}
        return {"method": self.method, "config": dict(self.config), **notes, "seconds": round(self.seconds, 2)}


@dataclass(frozen=True)
class Candidate:
    """A torch module before export, an ONNX graph after it. A pass never mutates its input, it makes a new one."""

    module: torch.nn.Module | None = None
    graph: onnx.ModelProto | None = None
    precision: str = "fp32"
    lineage: tuple[PassRecord, ...] = ()

    def then(self, record: PassRecord, **changes: Any) -> Candidate:
        """The next candidate: these changes, and `record` at the end of the lineage."""
        return replace(self, lineage=(*self.lineage, record), **changes)

    @cached_property
    def graph_bytes(self) -> bytes:
        """The serialized ONNX graph. Raises ConfigError before the export pass."""
        if self.graph is None:
            raise ConfigError("this candidate has no graph yet: put an `export` pass first")
        return bytes(self.graph.SerializeToString())

    def float_graph(self) -> onnx.ModelProto:
        """A copy of the graph for a pass to change. Raises ConfigError before export, or if it is int8 already."""
        if self.graph is None:
            raise ConfigError("this pass works on a graph: put an `export` pass before it")
        if any(node.op_type == "QuantizeLinear" or "Integer" in node.op_type for node in self.graph.graph.node):
            raise ConfigError("this pass works on a float graph, and the one it got is quantized already")
        copy = type(self.graph)()
        copy.CopyFrom(self.graph)
        return copy

    def session(self, threads: int = 1) -> Session:
        """The graph in onnxruntime."""
        return Session(self.graph_bytes, threads)
