"""Another artifact's graph: numbers that were learned at one size of input serve at others."""

from __future__ import annotations

import hashlib

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

    artifact: str = Field(description="a shipped artifact of the task's app, or a folder")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        ours = onnx.load_from_string(candidate.graph_bytes)
        artifact = open_artifact(task.app, self.artifact)
        stored = artifact.graph(MODEL)
        graph = onnx.load_from_string(stored)
        if _ports(graph) != _ports(ours):
            raise ConfigError(f"{self.artifact} has the inputs and outputs {_ports(graph)}, this task's {_ports(ours)}")
        passes = artifact.manifest.lineage.get("passes", [])
        record = self.record(sha256=hashlib.sha256(stored).hexdigest(), made_by=passes)
        return candidate.then(record, graph=graph, precision=artifact.manifest.precision)


def _ports(graph: onnx.ModelProto) -> str:
    return ", ".join(port.name for ports in (graph.graph.input, graph.graph.output) for port in ports)
