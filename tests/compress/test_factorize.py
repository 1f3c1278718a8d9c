"""Low rank is found where it is, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from tightrope.compress import Candidate
from tightrope.compress.linear import arrays, products, put_back
from tightrope.compress.search.latency import work

from .conftest import apply
from .graphs import branching
from .nets import Likeness, error

RANK = 5


class Pointwise(nn.Sequential):
    """1x1 convolutions of rank 5, the second one strided and padded."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(24, 40, 1), nn.ReLU(), nn.Conv2d(40, 48, 1, stride=2, padding=1), nn.ReLU())


class Linear(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.Linear(24, 40), nn.ReLU(), nn.Linear(40, 48, bias=False))


def low_rank(make: Callable[[], nn.Module]) -> nn.Module:
    net = make()
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                flat = layer.weight.flatten(1)
                left, values, right = torch.linalg.svd(flat, full_matrices=False)
                layer.weight.copy_(((left[:, :RANK] * values[:RANK]) @ right[:RANK]).reshape(layer.weight.shape))
    return net


@pytest.mark.parametrize(("make", "shape"), [(Pointwise, (1, 24, 9, 9)), (Linear, (1, 30, 24))])
def test_a_low_rank_is_found_and_changes_nothing(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    task = Likeness(lambda: low_rank(make), shape)
    plain = apply("clean", apply("export", Candidate(module=task.net), task), task)
    split = apply("factorize", plain, task, energy=0.99999)
    assert list(split.lineage[-1].notes["ranks"].values()) == [RANK, RANK]
    assert work([split.float_graph()]) < 0.5 * work([plain.float_graph()])
    assert all(error(y, split.session()(x)[0]) < 1e-3 for x, y in zip(task.inputs, task.expected, strict=True))


def test_a_full_rank_is_left_alone() -> None:
    task = Likeness(Linear, (1, 30, 24))
    plain = apply("clean", apply("export", Candidate(module=task.net), task), task)
    split = apply("factorize", plain, task, energy=0.9999)
    assert split.lineage[-1].notes["ranks"] == {}
    assert split.graph_bytes == plain.graph_bytes


def test_what_the_inputs_never_show_costs_nothing() -> None:
    """Inputs of rank 5 make any matrix one of rank 5, however full it is."""
    task = Likeness(Linear, (1, 30, 24))
    task.inputs = task.inputs[..., :RANK] @ task.inputs[0, 0, :RANK, :24]
    with torch.no_grad():
        task.expected = [task.net(torch.from_numpy(x)).numpy() for x in task.inputs]
    plain = apply("clean", apply("export", Candidate(module=task.net), task), task)
    split = apply("factorize", plain, task, energy=0.9999)
    assert RANK in split.lineage[-1].notes["ranks"].values()
    assert all(error(y, split.session()(x)[0]) < 0.02 for x, y in zip(task.inputs, task.expected, strict=True))


def test_constants_that_a_branch_reads_or_the_graph_gives_stay() -> None:
    graph, task = branching(), Likeness(nn.Identity, (2, 16))
    assert list(products(graph.graph)) == [], "one that is changed for a product would be changed for the branch"
    expected = Candidate(graph=graph).session()(task.inputs[0])[1:]
    split = apply("factorize", Candidate(graph=graph), task, energy=0.2)
    assert split.lineage[-1].notes["ranks"]
    put_back(graph.graph, arrays(graph.graph))
    for made in (split, Candidate(graph=graph)):
        for one, other in zip(expected, made.session()(task.inputs[0])[1:], strict=True):
            np.testing.assert_array_equal(one, other)
