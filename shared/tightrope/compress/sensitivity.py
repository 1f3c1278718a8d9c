"""What quantizing each layer costs: first by the error of the outputs, then by the task's own metric for the worst.

A layer is quantized alone, everything else stays in float. The error is 1/SQNR: the energy of the output's change over
the energy of the output, on calibration inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from tightrope.compress.gate import shares_kept
from tightrope.compress.quantize import Layer, Quantizer
from tightrope.compress.scores import metrics
from tightrope.compress.task import Task, first_examples
from tightrope.runtime.session import Inputs, Session

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Sensitivity:
    """One layer's cost: relative output error, and the change of each gate metric where it was measured."""

    layer: Layer
    error: float
    loss: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"layer": self.layer.name, "operator": self.layer.operator, "error": self.error, "loss": self.loss}


def rank_layers(
    quantizer: Quantizer,
    task: Task,
    inputs: int,
    measured: int,
    progress: Progress = lambda _: None,
    per_work: bool = False,
) -> list[Sensitivity]:
    """All layers, the most harmful first.

    Args:
        per_work: order by error per multiply-accumulate: what float costs in time is the layer's work.
        inputs: calibration inputs for the output error.
        measured: for how many of the worst layers the task's metric is evaluated on the calibration split; these come
            first, by the loss of the worst gate metric (a share: 0.01 is one percent of the float score).
    """
    examples = first_examples(task, inputs)
    expected = _outputs(quantizer.graph, examples)
    ranked = []
    for layer in quantizer.layers:
        progress(f"sensitivity of {layer.name}")
        alone = quantizer.build(only=layer.nodes)
        ranked.append(Sensitivity(layer, _relative_error(expected, _outputs(alone, examples))))
    ranked.sort(key=lambda item: -item.error / (item.layer.work if per_work else 1))
    if not measured:
        return ranked
    reference = metrics(task.evaluate(Session(quantizer.graph.SerializeToString()), "calibration"))
    worst = []
    for item in ranked[:measured]:
        progress(f"metric with int8 {item.layer.name}")
        alone = quantizer.build(only=item.layer.nodes)
        scored = metrics(task.evaluate(Session(alone.SerializeToString()), "calibration"))
        loss = 1 - min(shares_kept(reference, scored, task.gate_metrics).values())
        worst.append(replace(item, loss=loss))
    worst.sort(key=lambda item: -(item.loss or 0.0))
    return [*worst, *ranked[measured:]]


def _outputs(graph: onnx.ModelProto, examples: Sequence[Inputs]) -> list[list[NDArray[Any]]]:
    session = Session(graph.SerializeToString())
    return [session(example) for example in examples]


def _relative_error(expected: list[list[NDArray[Any]]], actual: list[list[NDArray[Any]]]) -> float:
    """Worst output's energy of change over energy, summed over the inputs."""
    errors = []
    for output in range(len(expected[0])):
        signal = sum(float(np.square(run[output], dtype=np.float64).sum()) for run in expected)
        noise = sum(
            float(np.square(a[output] - e[output], dtype=np.float64).sum())
            for e, a in zip(expected, actual, strict=True)
        )
        errors.append(noise / signal if signal else noise)
    return max(errors)
