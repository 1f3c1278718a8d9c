"""Lessons: a student is trained to give its teacher's outputs, on inputs alone.

Hinton et al. 2015 (arXiv:1503.02531), in the form without labels. As the teacher answers whatever it is shown, mirrored
and blended inputs (Zhang et al. 2018, arXiv:1710.09412) are as good as new ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from pydantic import Field
from rich.console import Console
from rich.progress import track
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from tightrope.compress.progress import say
from tightrope.compress.task import Task
from tightrope.config import Config
from tightrope.errors import ConfigError, nearest
from tightrope.runtime.session import Inputs

Draw = Callable[[np.random.Generator], Tensor]
_PROBE = 32  # inputs by which an output's spread is measured
_WARM_UP = 0.05  # share of the steps


class Learner(Protocol):
    """What can be taught."""

    def units(self) -> list[tuple[Tensor, float]]:
        """Each trained tensor, and what a step of it is a share of."""

    def __call__(self, example: Tensor) -> dict[str, Tensor]:
        """The outputs by name, with gradients."""


class Lessons(Config):
    """Settings of every pass that learns from the reference.

    Steps are Adam's, each tensor's a share of its own unit; they rise in a line and fall with half a cosine.
    """

    steps: int = Field(250, ge=1, description="of the optimizer")
    batch: int = Field(16, ge=1, description="inputs a step")
    rate: float = Field(1e-3, gt=0, description="largest step, as a share of a tensor's root mean square")
    blend: float = Field(0.3, ge=0, le=1, description="share of the inputs that are blended with another one")
    outputs: tuple[str, ...] = Field((), description="the outputs that count; all without")
    mirror: bool = Field(True, description="mirror half of the pictures")
    seed: int = 0

    def teach(self, student: Learner, task: Task, draw: Draw, probe: Sequence[Tensor]) -> dict[str, float]:
        """Train the student in place; the mean loss over the first and the last tenth of the steps.

        Args:
            draw: gives an input at random.
            probe: inputs by which the spread of each of the teacher's outputs is measured.
        """
        teacher = Teacher(task, probe[:_PROBE], self.outputs)
        optimizer = torch.optim.Adam(
            [{"params": [tensor], "peak": self.rate * unit} for tensor, unit in student.units()], betas=(0.9, 0.99)
        )
        rng = np.random.default_rng(self.seed)
        losses = []
        console = Console(stderr=True)
        hidden = not console.is_terminal
        for step in track(range(self.steps), "learning", console=console, transient=True, disable=hidden):
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * schedule((step + 1) / self.steps)
            optimizer.zero_grad()
            total = 0.0
            for _ in range(self.batch):  # one by one: a graph of fixed shapes takes no more at once
                shown = self._shown(draw, rng)
                loss = teacher.distance(shown, student(shown)) / self.batch
                loss.backward()  # type: ignore[no-untyped-call]
                total += float(loss.detach())
            optimizer.step()
            losses.append(total)
            say(f"step {step + 1} of {self.steps}, loss {total:.4g}")
        tenth = max(1, self.steps // 10)
        return {"loss_first": float(np.mean(losses[:tenth])), "loss_last": float(np.mean(losses[-tenth:]))}

    def _shown(self, draw: Draw, rng: np.random.Generator) -> Tensor:
        """An input to learn from, drawn at random."""
        one = draw(rng)
        if one.is_floating_point() and rng.random() < self.blend:
            one = torch.lerp(one, draw(rng), float(rng.beta(0.5, 0.5)))
        return one.flip(-1) if self.mirror and one.ndim == 4 and rng.random() < 0.5 else one


class Teacher:
    """The task's reference, and how far a student's outputs are from its.

    Args:
        probe: inputs by which the spread of each output is measured.
        outputs: names of the outputs that count; none: all.

    Raises:
        ConfigError: the task has no such output.
    """

    def __init__(self, task: Task, probe: Sequence[Tensor], outputs: Sequence[str] = ()) -> None:
        self._net, self._divergence = task.reference().eval(), task.divergence
        self._names = tuple(task.output_names)
        if unknown := set(outputs) - set(self._names):
            raise ConfigError(f"the task has no output {min(unknown)!r}{nearest(min(unknown), list(self._names))}")
        self._learned = outputs or self._names
        self._spread = _spread([self._answers(example) for example in probe])

    def distance(self, example: Tensor, student: Mapping[str, Tensor]) -> Tensor:
        """By the task's own divergence, else by the squared error of each output; 0 where they are the same.

        The task's own is asked where all outputs count and have the shape of the reference's.
        """
        answers = self._answers(example)
        if tuple(self._learned) == self._names and all(student[name].shape == answers[name].shape for name in answers):
            own = self._divergence(list(answers.values()), [student[name] for name in answers])
            if own is not None:
                return own
        return _distance(student, {name: answers[name] for name in self._learned}, self._spread)

    @torch.no_grad()
    def _answers(self, example: Tensor) -> dict[str, Tensor]:
        found = self._net(example)
        return dict(zip(self._names, [found] if isinstance(found, Tensor) else found, strict=True))


def tensor_of(example: Inputs) -> Tensor:
    """A task's input for torch. Raises ConfigError where there are several."""
    if not isinstance(example, np.ndarray):
        raise ConfigError("only graphs of one input can be taught")
    return torch.from_numpy(example)


def schedule(progress: float) -> float:
    """Factor on the rate at `progress` in 0..1: linear warm-up, then half a cosine to zero."""
    return min(1.0, progress / _WARM_UP) * 0.5 * (1 + math.cos(math.pi * progress))


def _spread(answers: Sequence[Mapping[str, Tensor]]) -> dict[str, float]:
    """Standard deviation of each of the teacher's outputs, so that none outweighs another by its unit."""
    return {name: max(float(torch.stack([answer[name] for answer in answers]).std()), 1e-6) for name in answers[0]}


def _distance(student: Mapping[str, Tensor], teacher: Mapping[str, Tensor], spread: Mapping[str, float]) -> Tensor:
    """Sum over the outputs of the mean squared difference, in standard deviations; linear beyond one (Huber)."""
    parts = [
        F.smooth_l1_loss(student[name] / spread[name], answer / spread[name])
        for name, answer in teacher.items()
        if student[name].shape == answer.shape
    ]
    if not parts:
        raise ConfigError("no output of the graph has the shape of the reference's: nothing can be distilled")
    return torch.stack(parts).sum()
