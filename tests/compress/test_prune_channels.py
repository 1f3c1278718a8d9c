"""Structured pruning takes away the channels that count least, with all that depends on them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from tightrope.compress import Candidate, Recipe
from tightrope.compress.flow import compress
from tightrope.compress.search.latency import work
from tightrope.errors import ConfigError

from .conftest import apply
from .nets import Chain, Likeness, error


def half_dead() -> Chain:
    """A chain of which every second channel between the layers does nothing: its weights are a thousandth."""
    net = Chain(3)
    with torch.no_grad():
        for layer in net.convolutions()[:-1]:
            layer.weight[::2] *= 1e-3
    return net


@pytest.mark.parametrize("net", ["mobilenet", "csp"])
def test_what_is_left_is_smaller_and_has_the_same_outputs(net: str, task_of: Callable[[str], Likeness]) -> None:
    task = task_of(net)
    start = Candidate(module=task.reference())
    before = {name: tensor.clone() for name, tensor in task.net.state_dict().items()}
    pruned = apply("prune-channels", start, task, ratio=0.5, inputs=2, multiple=2)
    whole, smaller = (apply("export", candidate, task) for candidate in (start, pruned))
    assert work([smaller.float_graph()]) < 0.5 * work([whole.float_graph()])
    assert smaller.session()(task.inputs[0])[0].shape == task.expected[0].shape
    notes = pruned.lineage[-1].notes
    assert notes["parameters_after"] < 0.6 * notes["parameters_before"]
    assert all(torch.equal(tensor, before[name]) for name, tensor in task.net.state_dict().items())


@pytest.mark.parametrize("importance", ["l1", "l2", "taylor"])
def test_what_does_nothing_goes_first(importance: str) -> None:
    task = Likeness(half_dead, (1, 3, 12, 12))
    pruned = apply(
        "prune-channels", Candidate(module=task.net), task, ratio=0.5, importance=importance, inputs=2, multiple=1
    )
    small = apply("export", pruned, task).session()
    assert list(pruned.lineage[-1].notes["channels"].values())[:-1] == [8, 8]
    assert all(error(y, small(x)[0]) < 0.02 for x, y in zip(task.inputs, task.expected, strict=True))


def test_distillation_gives_back_what_was_forgotten(task_of: Callable[[str], Likeness]) -> None:
    task = task_of("chain")
    pruned = apply("prune-channels", Candidate(module=task.net), task, ratio=0.3, inputs=4, multiple=1)
    pruned = apply("clean", apply("export", pruned, task), task)
    taught = apply("distil", pruned, task, inputs=4, steps=60, batch=4, rate=1e-2)
    wrong = [error(task.expected[1], candidate.session()(task.inputs[1])[0]) for candidate in (pruned, taught)]
    assert wrong[1] < 0.8 * wrong[0]


def test_it_stands_before_export_in_a_recipe() -> None:
    task = Likeness(half_dead, (1, 3, 12, 12))
    passes = [{"method": "prune-channels", "ratio": 0.5, "inputs": 2, "multiple": 1}, {"method": "export"}]
    made = compress(task, Recipe.parse({"name": "pruned", "passes": passes}, "here"), keep=0.9)
    assert made.gate.passed
    whole = apply("export", Candidate(module=task.net), task)
    assert made.reference["model"].graph_bytes == whole.graph_bytes, "the gate compares with what was not pruned"
    assert [record["method"] for record in made.candidate.passes()] == ["prune-channels", "export"]


def test_a_graph_is_too_late(cleaned: Callable[[str], Candidate], task_of: Callable[[str], Likeness]) -> None:
    with pytest.raises(ConfigError, match="put it before `export`"):
        apply("prune-channels", cleaned("chain"), task_of("chain"))
