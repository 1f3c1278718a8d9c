"""torch module to ONNX graph, by torch.export, and the check that both compute the same."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tightrope.compress.candidate import Candidate
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task
from tightrope.errors import ConfigError
from tightrope.runtime.session import Session

if TYPE_CHECKING:
    import onnx


@register("export")
class Export(Pass):
    """Export with static shapes, and compare with torch on the task's example input.

    Raises:
        ConfigError: the outputs differ by more than `tolerance`, or the task names another number of outputs.
    """

    opset: int = Field(20, ge=17, description="ONNX operator set")
    tolerance: float = Field(1e-3, gt=0, description="largest difference from torch, as a share of the largest output")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        import torch

        module = candidate.module
        if module is None:
            raise ConfigError("export needs a torch module: it comes before any pass on the graph, and once")
        module = module.eval()
        example = torch.from_numpy(task.example())
        graph = _export(module, example, task, self.opset)
        with torch.no_grad():
            expected = module(example)
        arrays = [output.numpy() for output in (expected if isinstance(expected, tuple | list) else (expected,))]
        error = _largest_error(arrays, Session(graph.SerializeToString())(task.example()))
        if error > self.tolerance:
            raise ConfigError(f"the exported graph differs from torch by {error:.2g} of its largest output")
        return candidate.then(self.record(relative_error=error), graph=graph, module=None)


def _export(module: Any, example: Any, task: Task, opset: int) -> onnx.ModelProto:
    import torch

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            module,
            (example,),
            dynamo=True,
            opset_version=opset,
            input_names=[task.input_name],
            output_names=list(task.output_names),
            verbose=False,
        )
    if program is None:
        raise ConfigError("torch.onnx.export returned no program")
    graph: onnx.ModelProto = program.model_proto
    names = [output.name for output in graph.graph.output]
    if names != list(task.output_names):
        raise ConfigError(f"the task names the outputs {', '.join(task.output_names)}; the model has {len(names)}")
    return graph


def _largest_error(expected: list[NDArray[Any]], actual: list[NDArray[Any]]) -> float:
    return max(
        float(np.abs(e - a).max() / max(float(np.abs(e).max()), 1e-12)) for e, a in zip(expected, actual, strict=True)
    )
