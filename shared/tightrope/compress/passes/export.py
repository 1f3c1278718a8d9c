"""torch module to ONNX graph, by torch.export, and the check that both compute the same."""

from __future__ import annotations

import contextlib
import inspect
import io
import logging
import warnings
from collections.abc import Mapping, Sequence
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
    """Export with static shapes but for the task's free axes, and compare with torch on the task's example input.

    Raises:
        ConfigError: the outputs differ by more than `tolerance`, or the task names another number of outputs.
    """

    opset: int = Field(20, ge=17, description="ONNX operator set")
    tolerance: float = Field(1e-3, gt=0, description="largest difference from torch, as a share of the largest output")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        import torch

        module = candidate.module
        if module is None:
            raise ConfigError(
                "export needs a torch module: it comes before any pass on the graph, and once; leave it out of the "
                "recipe of a model that is an ONNX graph already"
            )
        module = module.eval()
        example = task.example()
        arrays = {task.input_name: example} if isinstance(example, np.ndarray) else example
        inputs = {name: torch.from_numpy(array) for name, array in arrays.items()}
        graph = _export(module, inputs, task, self.opset)
        with torch.no_grad():
            expected = module(*inputs.values())
        outputs = [output.numpy() for output in (expected if isinstance(expected, tuple | list) else (expected,))]
        error = largest_error(outputs, Session(graph.SerializeToString())(example))
        if error > self.tolerance:
            raise ConfigError(f"the exported graph differs from torch by {error:.2g} of its largest output")
        return candidate.then(self.record(relative_error=error), graph=graph, module=None)


def _export(module: Any, inputs: Mapping[str, Any], task: Task, opset: int) -> onnx.ModelProto:
    import torch

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            module,
            tuple(inputs.values()),
            dynamo=True,
            opset_version=opset,
            input_names=list(inputs),
            output_names=list(task.output_names),
            dynamic_shapes=_dynamic_shapes(module, list(inputs), task),
            verbose=False,
        )
    if program is None:
        raise ConfigError("torch.onnx.export returned no program")
    graph: onnx.ModelProto = program.model_proto
    names = [output.name for output in graph.graph.output]
    if names != list(task.output_names):
        raise ConfigError(f"the task names the outputs {', '.join(task.output_names)}; the model has {len(names)}")
    return graph


def _dynamic_shapes(module: Any, names: Sequence[str], task: Task) -> dict[str, Any] | None:
    """The free axes by the parameters of `module.forward`, as torch.export wants them; None: every shape is fixed."""
    from torch.export import Dim

    if not task.free_axes:
        return None
    sizes = {size: Dim(size) for axes in task.free_axes.values() for size in axes.values()}
    shapes = [{axis: sizes[size] for axis, size in task.free_axes.get(name, {}).items()} for name in names]
    return dict(inspect.signature(module.forward).bind(*shapes).arguments)


def largest_error(expected: list[NDArray[Any]], actual: list[NDArray[Any]]) -> float:
    """The largest difference between two graphs' outputs, as a share of the largest number in that output."""
    return max(
        float(np.abs(e - a).max() / max(float(np.abs(e).max()), 1e-12)) for e, a in zip(expected, actual, strict=True)
    )
