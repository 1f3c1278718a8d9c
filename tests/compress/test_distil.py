"""Distillation: what was damaged is learned again, from inputs alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tightrope.compress import Candidate
from tightrope.compress.scores import metrics
from tightrope.errors import ConfigError

from .conftest import apply
from .nets import Likeness

Tasks = Callable[[str], Likeness]
Candidates = Callable[[str], Candidate]
QUICK = {"inputs": 4, "steps": 40, "batch": 4, "rate": 1e-2}


def damaged(candidate: Candidate, share: float = 0.1) -> Candidate:
    """Every weight off by noise."""
    graph, rng = candidate.float_graph(), np.random.default_rng(0)
    for tensor in graph.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.ndim > 1 and array.dtype == np.float32:
            noise = rng.normal(size=array.shape).astype(np.float32) * array.std() * share
            tensor.CopyFrom(numpy_helper.from_array(array + noise, tensor.name))
    return candidate.then(candidate.lineage[-1], graph=graph)


def likeness(task: Likeness, candidate: Candidate) -> float:
    """On inputs that were not learned from."""
    return metrics(task.evaluate(candidate.session()))["likeness"]


@pytest.mark.parametrize("net", ["csp", "transformer"])
def test_a_damaged_network_becomes_like_its_reference_again(net: str, task_of: Tasks, cleaned: Candidates) -> None:
    task, before = task_of(net), damaged(cleaned(net))
    after = apply("distil", before, task, **QUICK)
    assert 1 - likeness(task, after) < 0.7 * (1 - likeness(task, before))
    notes = after.lineage[-1].notes
    assert notes["loss_last"] < notes["loss_first"]


def test_the_same_seed_gives_the_same_weights(task_of: Tasks, cleaned: Candidates) -> None:
    task, before = task_of("csp"), damaged(cleaned("csp"))
    one, same, other = (apply("distil", before, task, inputs=4, steps=3, batch=2, seed=seed) for seed in (0, 0, 1))
    assert one.graph_bytes == same.graph_bytes != other.graph_bytes


def test_where_no_output_has_the_shape_of_the_reference_it_says_so(task_of: Tasks, cleaned: Candidates) -> None:
    before = cleaned("csp")
    graph = onnx.ModelProto.FromString(before.graph_bytes)
    node = next(node for node in reversed(graph.graph.node) if graph.graph.output[0].name in node.output)
    node.output[0] = "wide"
    graph.graph.initializer.append(numpy_helper.from_array(np.array([10, 1], np.int64), "tall"))
    graph.graph.node.append(onnx.helper.make_node("Reshape", ["wide", "tall"], [graph.graph.output[0].name], "turn"))
    with pytest.raises(ConfigError, match="nothing can be distilled"):
        apply("distil", before.then(before.lineage[-1], graph=graph), task_of("csp"), steps=1)
