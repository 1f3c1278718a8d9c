"""Another artifact's graph: numbers that were learned at one size of input serve at others."""

from __future__ import annotations

import hashlib
from itertools import zip_longest

import onnx
from pydantic import Field

from tightrope.compress.candidate import Candidate
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import MODEL, Task
from tightrope.errors import ConfigError
from tightrope.models import open_artifact


@register("from-artifact")
class FromArtifact(Pass):
    """Go on with the graph of a finished artifact, whose axes are free enough for this task; `free-sides` makes them.

    The gate compares with the task's own reference all the same. Raises ConfigError if the graph has other inputs or
    outputs than what it replaces, and ArtifactError if there is no such artifact.
    """

    artifact: str = Field("", description="a shipped artifact of the task's app, or a folder; it has to be said")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        ours = onnx.load_from_string(candidate.graph_bytes)
        if not self.artifact:
            raise ConfigError('from-artifact: say which, as in artifact = "nanodet-416-int8"')
        artifact = open_artifact(task.app, self.artifact)
        stored = artifact.graph(MODEL)
        graph = onnx.load_from_string(stored)
        if not _fits(graph, ours):
            raise ConfigError(f"{self.artifact} has {_ports(graph)}, and this task's graph {_ports(ours)}")
        passes = artifact.manifest.lineage.get("passes", [])
        record = self.record(sha256=hashlib.sha256(stored).hexdigest(), made_by=passes)
        manifest = artifact.manifest
        return candidate.then(record, graph=graph, precision=manifest.precision, backend=manifest.backend)


def _fits(graph: onnx.ModelProto, ours: onnx.ModelProto) -> bool:
    """The same inputs and outputs, of the same sizes where both fix them."""
    pairs = [*zip_longest(_all_ports(graph), _all_ports(ours))]
    return all(one and other and one.name == other.name and _agree(_sizes(one), _sizes(other)) for one, other in pairs)


def _agree(one: list[int], other: list[int]) -> bool:
    free = not one or not other  # outputs whose shape nobody wrote down
    return free or (len(one) == len(other) and all(a == b or 0 in (a, b) for a, b in zip(one, other, strict=True)))


def _all_ports(graph: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    return [*graph.graph.input, *graph.graph.output]


def _sizes(port: onnx.ValueInfoProto) -> list[int]:
    """0 is free."""
    return [axis.dim_value for axis in port.type.tensor_type.shape.dim]


def _ports(graph: onnx.ModelProto) -> str:
    return ", ".join(f"{port.name} {[size or '?' for size in _sizes(port)]}" for port in _all_ports(graph))
