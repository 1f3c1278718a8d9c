"""Which runtime computes the graph: the same ONNX file, another library's kernels."""

from __future__ import annotations

from importlib.metadata import version

from tightrope.compress.candidate import Candidate
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task
from tightrope.runtime.session import Backend, Session


@register("run-on")
class RunOn(Pass):
    """Let another runtime compute the graph; it goes last, and in a search it is a choice like any other.

    OpenVINO needs `pip install 'tightrope[openvino]'`, for the artifact too: where that is missing, the artifact runs
    in onnxruntime. The gate and all measurements are made with the runtime that is chosen here.
    """

    backend: Backend = "openvino"

    faster = True

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        Session(candidate.graph_bytes, backend=self.backend)  # a graph that it does not take ends here
        return candidate.then(self.record(version=version(self.backend)), backend=self.backend)
