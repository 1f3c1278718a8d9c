from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from tightrope.compress import Candidate
from tightrope.compress.quantize import calibrate
from tightrope.compress.scores import metrics

from .conftest import apply
from .nets import Likeness, error


def _spread(values: np.ndarray[Any, Any]) -> float:
    """Largest over smallest."""
    return float(values.max() / values.min())


def _between(candidate: Candidate, task: Likeness) -> tuple[float, float]:
    """Spread of the channels between the two convolutions: of their activations, and of the weights that read them."""
    graph = candidate.float_graph()
    (relu,) = (node for node in graph.graph.node if node.op_type == "Relu")
    second = [node for node in graph.graph.node if node.op_type == "Conv"][1]
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.graph.initializer}
    graph.graph.output.append(type(graph.graph.output[0])(name=relu.output[0]))
    session = Candidate(graph=graph).session()
    activation = np.max([session(x)[1].max(axis=(0, 2, 3)) for x in task.calibration()], axis=0)
    return _spread(activation), _spread(np.abs(weights[second.input[1]]).max(axis=(0, 2, 3)))


def test_uneven_channels_become_even_and_survive_int8(
    task_of: Callable[[str], Likeness], cleaned: Callable[[str], Candidate]
) -> None:
    task, before = task_of("uneven"), cleaned("uneven")
    after = apply("equalize", before, task)
    for x in task.inputs:
        assert error(before.session()(x)[0], after.session()(x)[0]) < 1e-4
    assert all(now < 0.01 * then for then, now in zip(_between(before, task), _between(after, task), strict=True))
    likeness = [
        metrics(task.evaluate(apply("quantize-static", c, task, inputs=4).session()))["likeness"]
        for c in (before, after)
    ]
    assert likeness[0] < 0.5
    assert likeness[1] > 0.95


def test_even_channels_are_not_made_worse(
    task_of: Callable[[str], Likeness], cleaned: Callable[[str], Candidate]
) -> None:
    task, before = task_of("csp"), cleaned("csp")
    after = apply("equalize", before, task)
    lost = [
        1 - metrics(task.evaluate(apply("quantize-static", c, task, inputs=4).session()))["likeness"]
        for c in (before, after)
    ]
    assert lost[1] < 1.2 * lost[0]


class SharedHead(nn.Module):
    """Two convolutions, read by one and the same head, as the levels of a feature pyramid are."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = (nn.Conv2d(n, 8, 1) for n in (3, 3, 8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.first(x).relu()) - self.head((5 * self.second(x)).relu())


class Twice(nn.Module):
    """A tensor that is concatenated with itself."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 8, 1), nn.Conv2d(16, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x).relu()
        return self.last(torch.cat((x, x), dim=1))


class Tied(nn.Module):
    """Convolutions that share their bias."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 1), nn.Conv2d(8, 4, 1)
        self.second.bias = self.first.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.second(self.first(x).relu()).relu())


def one_dimensional() -> nn.Module:
    return nn.Sequential(nn.Conv1d(3, 8, 3), nn.ReLU(), nn.Conv1d(8, 4, 3))


def branching() -> nn.Module:
    """A sigmoid is not homogeneous: nothing may be scaled before it."""
    return nn.Sequential(nn.Conv2d(3, 8, 1), nn.Sigmoid(), nn.Conv2d(8, 4, 1))


@pytest.mark.parametrize("make", [SharedHead, Twice, Tied, one_dimensional, branching])
def test_the_function_stays_the_same_where_scales_cannot_move_freely(make: Callable[[], nn.Module]) -> None:
    task = Likeness(make, (1, 3, 9) if make is one_dimensional else (1, 3, 6, 6), count=6)
    before = apply("clean", apply("export", Candidate(module=task.reference()), task), task)
    after = apply("equalize", before, task)
    for x, y in zip(task.inputs, task.expected, strict=True):
        assert error(y, after.session()(x)[0]) < 1e-4


def test_alpha_decides_who_becomes_even(
    task_of: Callable[[str], Likeness], cleaned: Callable[[str], Candidate]
) -> None:
    """At 1 all channels of the activation end up in one range."""
    task = task_of("uneven")
    assert _between(apply("equalize", cleaned("uneven"), task, alpha=1.0), task)[0] == pytest.approx(1, rel=1e-3)
    histograms = calibrate(apply("equalize", cleaned("uneven"), task, alpha=1.0).float_graph(), task, 4)
    assert all(np.isfinite((h.low, h.high)).all() for h in histograms.values())
