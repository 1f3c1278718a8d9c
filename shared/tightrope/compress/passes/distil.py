"""Fine-tuning by distillation: what a pass took from the network, its uncompressed self teaches it again.

Nothing but inputs is needed (see `lessons`), so the pass works for every task.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field
from torch import Tensor

from tightrope.compress.candidate import Candidate
from tightrope.compress.lessons import Lessons, tensor_of
from tightrope.compress.registry import Pass, register
from tightrope.compress.student import Student
from tightrope.compress.task import Task, first_examples


@register("distil")
class Distil(Lessons, Pass):
    """Train the float graph's weights to give the reference's outputs; outputs of another shape are left alone."""

    inputs: int = Field(512, ge=1, description="calibration inputs to learn from")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        student = Student(candidate.float_graph())
        examples = [tensor_of(example) for example in first_examples(task, self.inputs)]

        def draw(rng: np.random.Generator) -> Tensor:
            return examples[int(rng.integers(len(examples)))]

        notes = self.teach(student, task, draw, examples)
        return candidate.then(self.record(tensors=len(student.trained), **notes), graph=student.graph())
