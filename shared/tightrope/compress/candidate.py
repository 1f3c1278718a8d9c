"""A model on its way, with the list of passes that made it; and all the graphs of one artifact, as a build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tightrope.errors import ConfigError
from tightrope.runtime.session import Backend, Session

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
    backend: Backend = "onnxruntime"
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
        if any(_is_quantized(node.op_type) for node in self.graph.graph.node):
            raise ConfigError("this pass works on a float graph, and the one it got is quantized already")
        copy = type(self.graph)()
        copy.CopyFrom(self.graph)
        return copy

    def session(self, threads: int = 1) -> Session:
        """The graph in its runtime."""
        return Session(self.graph_bytes, threads, backend=self.backend)


@dataclass(frozen=True)
class Build:
    """The candidates of an artifact's graphs at one point of the recipe, by the graph's name."""

    candidates: Mapping[str, Candidate]

    def __getitem__(self, name: str) -> Candidate:
        return self.candidates[name]

    @property
    def precision(self) -> str:
        """The one that all graphs have, or 'mixed'."""
        found = {candidate.precision for candidate in self.candidates.values()}
        return found.pop() if len(found) == 1 else "mixed"

    @property
    def method(self) -> str:
        """The pass that was applied last."""
        return next(iter(self.candidates.values())).lineage[-1].method

    @property
    def graphs(self) -> dict[str, bytes]:
        """The serialized graphs."""
        return {name: candidate.graph_bytes for name, candidate in self.candidates.items()}

    @property
    def backend(self) -> Backend:
        """The runtime of all graphs; onnxruntime if they do not agree, as where a pass was dropped for one of them."""
        found = {candidate.backend for candidate in self.candidates.values()}
        return found.pop() if len(found) == 1 else "onnxruntime"

    def sessions(self, threads: int = 1) -> dict[str, Session]:
        """The graphs in their runtime."""
        return {
            name: Session(candidate.graph_bytes, threads, backend=self.backend)
            for name, candidate in self.candidates.items()
        }

    def passes(self) -> list[dict[str, Any]]:
        """The lineage of each graph; an entry says whose it is where there are several."""
        several = len(self.candidates) > 1
        return [
            {**({"graph": name} if several else {}), **record.to_dict()}
            for name, candidate in self.candidates.items()
            for record in candidate.lineage
        ]


def _is_quantized(operator: str) -> bool:
    return operator in ("QuantizeLinear", "MatMulNBits") or "Integer" in operator
