"""Quantization-aware training without labels: the reference teaches the integer graph what rounding took from it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import Field
from torch import Tensor

from tightrope.compress.candidate import Candidate
from tightrope.compress.lessons import Lessons, tensor_of
from tightrope.compress.passes.quantize_mixed import QuantizeMixed
from tightrope.compress.quantized_student import Learned, QuantizedStudent
from tightrope.compress.registry import register
from tightrope.compress.task import Task, first_examples


@register("quantize-distilled")
class QuantizeDistilled(Lessons, QuantizeMixed):
    """Train the QDQ graph that quantize-mixed makes of the same settings: weights, their scales, activations' ranges.

    What it learns from is the task's `training` inputs, in their order and again from the first when they end.
    """

    rate: float = Field(
        1e-4, gt=0, description="largest step, as a share of a weight's root mean square; a range's is 16 times it"
    )
    blend: float = Field(0.0, ge=0, le=1, description="share of the inputs that are blended with another one")
    learned: Learned = Field("all", description="'ranges': of the activations, and biases; weights stay as rounded")
    keep: float = Field(0.9, gt=0, le=1, description="as in quantize-mixed, before training")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        start = super().apply(candidate, task)
        assert start.graph is not None
        student = QuantizedStudent(
            start.graph, candidate.float_graph(), self.scheme().reduce_range, self.symmetric, self.learned
        )
        shown = _again_and_again(task)

        def draw(rng: np.random.Generator) -> Tensor:
            return next(shown)

        probe = [tensor_of(example) for example in first_examples(task, self.inputs)]
        notes = {**start.lineage[-1].notes, **self.teach(student, task, draw, probe)}
        return candidate.then(self.record(**notes), graph=student.graph(), precision=start.precision)


def _again_and_again(task: Task) -> Iterator[Tensor]:
    while True:
        yield from map(tensor_of, task.training())
