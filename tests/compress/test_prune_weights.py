"""Zeros: as many as asked for, the smallest, in the pattern asked for; they make the compressed file smaller only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from onnx import numpy_helper

from tightrope.compress import Candidate
from tightrope.compress.recipe import Recipe
from tightrope.errors import ConfigError

from .conftest import apply
from .nets import Likeness

Weights = dict[str, np.ndarray]


def weights(candidate: Candidate) -> Weights:
    """Of the convolutions and products, the inputs last, [outputs, ..., inputs]."""
    assert candidate.graph is not None
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in candidate.graph.graph.initializer}
    found = {}
    for node in candidate.graph.graph.node:
        if node.op_type in ("Conv", "MatMul", "Gemm") and node.input[1] in arrays:
            array = arrays[node.input[1]]
            turned = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
            flat = array if node.op_type == "Conv" or turned else array.T
            found[node.name] = np.moveaxis(flat, 1, -1)
    return found


@pytest.mark.parametrize("net", ["csp", "transformer"])
def test_the_smallest_go(net: str, task_of: Callable[[str], Likeness], cleaned: Callable[[str], Candidate]) -> None:
    before = weights(cleaned(net))
    after = apply("prune-weights", cleaned(net), task_of(net), ratio=0.75, minimum_elements=1)
    assert after.lineage[-1].notes["zeros"] == pytest.approx(0.75, abs=0.01)
    for name, array in weights(after).items():
        gone = array == 0
        assert np.abs(before[name][gone]).max() <= np.abs(before[name][~gone]).min()
        np.testing.assert_array_equal(array[~gone], before[name][~gone])
    assert len(after.graph_bytes) >= 0.99 * len(cleaned(net).graph_bytes), "zeros are stored like any number"
    assert after.lineage[-1].notes["deflated_after"] < 0.5 * after.lineage[-1].notes["deflated_before"]


@pytest.mark.parametrize("net", ["csp", "transformer"])
def test_two_of_four_stay_along_the_inputs(
    net: str, task_of: Callable[[str], Likeness], cleaned: Callable[[str], Candidate]
) -> None:
    before = weights(cleaned(net))
    checked = 0
    for name, array in weights(apply("prune-weights", cleaned(net), task_of(net), pattern="2:4")).items():
        if array.shape[-1] % 4 or array.size < 256:
            np.testing.assert_array_equal(array, before[name])
            continue
        groups, old = array.reshape(-1, 4), before[name].reshape(-1, 4)
        assert ((groups == 0).sum(axis=1) == 2).all()
        kept = np.sort(np.abs(old), axis=1)[:, 2:]
        np.testing.assert_array_equal(np.sort(np.abs(groups), axis=1)[:, 2:], kept)
        checked += 1
    assert checked > 2


def test_int8_keeps_the_zeros(task_of: Callable[[str], Likeness], cleaned: Callable[[str], Candidate]) -> None:
    task = task_of("csp")
    sparse = apply("prune-weights", cleaned("csp"), task, pattern="2:4")
    graph = apply("quantize-static", sparse, task, inputs=2, rounding="nearest").graph
    assert graph is not None
    stored = [numpy_helper.to_array(t) for t in graph.graph.initializer if t.name.endswith("_quantized")]
    inner = [array for array in stored if array.dtype == np.int8 and array.ndim == 4 and array.shape[1] % 4 == 0]
    assert inner
    for array in inner:
        assert ((np.moveaxis(array, 1, -1).reshape(-1, 4) == 0).sum(axis=1) >= 2).all()


@pytest.mark.parametrize("pattern", ["4:2", "2:2", "0:4", "2/4", "half"])
def test_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="N:M"):
        Recipe.parse({"name": "r", "passes": [{"method": "prune-weights", "pattern": pattern}]}, "mine.toml")
