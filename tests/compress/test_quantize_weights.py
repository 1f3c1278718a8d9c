"""Weights by blocks: 4 bits are an eighth of the bytes and cost more than 8, a small matrix stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tightrope.compress import Candidate
from tightrope.compress.recipe import Recipe
from tightrope.compress.scores import metrics
from tightrope.errors import ConfigError

from .conftest import apply
from .nets import Likeness


@pytest.mark.parametrize("symmetric", [True, False])
def test_fewer_bits_store_less_and_cost_more(
    symmetric: bool, task_of: Callable[[str], Likeness], cleaned: Callable[[str], Candidate]
) -> None:
    task, graph = task_of("transformer"), cleaned("transformer")
    made = {bits: apply("quantize-weights", graph, task, bits=bits, block=16, symmetric=symmetric) for bits in (4, 8)}
    sizes = {bits: len(candidate.graph_bytes) for bits, candidate in made.items()}
    kept = {bits: metrics(task.evaluate(candidate.session()))["likeness"] for bits, candidate in made.items()}
    assert sizes[4] < sizes[8] < 0.6 * len(graph.graph_bytes)
    assert 0.7 < kept[4] < kept[8]
    assert kept[8] > 0.98
    assert {candidate.precision for candidate in made.values()} == {"w4", "w8"}


def test_what_is_small_stays(task_of: Callable[[str], Likeness], cleaned: Callable[[str], Candidate]) -> None:
    task, graph = task_of("transformer"), cleaned("transformer")
    after = apply("quantize-weights", graph, task, minimum_elements=1000)
    assert after.lineage[-1].notes == {"layers": 4}, "all but the head of 320"
    nothing = apply("quantize-weights", graph, task, minimum_elements=10**6)
    assert nothing.precision == "fp32"
    assert nothing.lineage[-1].notes == {"layers": 0}


def test_it_is_not_quantized_twice(task_of: Callable[[str], Likeness], cleaned: Callable[[str], Candidate]) -> None:
    task = task_of("transformer")
    with pytest.raises(ConfigError, match="quantized already"):
        apply("quantize-dynamic", apply("quantize-weights", cleaned("transformer"), task), task)


@pytest.mark.parametrize("wrong", [{"bits": 5}, {"block": 24}, {"block": 8}])
def test_what_onnxruntime_cannot_unpack_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Recipe.parse({"name": "r", "passes": [{"method": "quantize-weights", **wrong}]}, "mine.toml")
