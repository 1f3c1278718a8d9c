"""Feed-forward blocks become thinner: idle units cost nothing to lose, and busy ones are lost last."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from tightrope.compress import Candidate
from tightrope.compress.quantize import layers
from tightrope.compress.scores import metrics

from .conftest import apply
from .nets import Likeness, Transformer, error


class Mlp(nn.Module):
    """Two layers with a ReLU; of 64 units, 40 hardly matter: some are never on, some nobody weighs."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(16, 64), nn.Linear(64, 8)
        with torch.no_grad():
            self.first.bias[:20] = -100
            self.second.weight[:, 20:40] = 1e-6

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.second(torch.relu(self.first(x)))
        return y


def graph_of(task: Likeness) -> Candidate:
    return apply("clean", apply("export", Candidate(module=task.reference()), task), task)


def work(candidate: Candidate) -> int:
    return sum(layer.work for layer in layers(candidate.float_graph()))


@pytest.mark.parametrize("shape", [(5, 16), (2, 3, 16)])
def test_units_that_do_nothing_go_first(shape: tuple[int, ...]) -> None:
    task = Likeness(Mlp, shape)
    before = graph_of(task)
    after = apply("prune-width", before, task, ratio=0.6, multiple=8)
    (widths,) = after.lineage[-1].notes["widths"].values()
    assert widths == [64, 24]
    assert work(after) == pytest.approx(24 / 64 * work(before))
    for x, y in zip(task.inputs, task.expected, strict=True):
        assert error(y, after.session()(x)[0]) < 1e-3
    further = apply("prune-width", after, task, ratio=0.6, multiple=8)
    assert error(task.expected[0], further.session()(task.inputs[0])[0]) > 0.05, "those that are left are needed"


def test_of_a_transformer_only_the_feed_forward_block_is_cut() -> None:
    task = Likeness(Transformer, (1, 12, 32))
    before = graph_of(task)
    kept = []
    for ratio in (0.125, 0.5):
        after = apply("prune-width", before, task, ratio=ratio)
        (widths,) = after.lineage[-1].notes["widths"].values()
        assert widths == [128, 128 * (1 - ratio)]
        saved = 12 * 2 * 32 * 128 * ratio
        assert work(before) - work(after) == saved
        kept.append(metrics(task.evaluate(after.session()))["likeness"])
    assert kept[0] > kept[1] > 0.5


def test_int8_follows(task_of: Callable[[str], Likeness], cleaned: Callable[[str], Candidate]) -> None:
    task = task_of("transformer")
    thin = apply("prune-width", cleaned("transformer"), task)
    after = apply("quantize-static", thin, task, inputs=4)
    assert error(thin.session()(task.inputs[5])[0], after.session()(task.inputs[5])[0]) < 0.1
