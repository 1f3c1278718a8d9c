"""Histograms over streamed batches, and the ranges that are chosen from them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import get_args

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch import nn

from tightrope.compress import Candidate
from tightrope.compress.calibration import BINS, Histogram, Method, choose_range, observe

from .conftest import apply
from .graphs import picky
from .nets import Array, Likeness

METHODS = get_args(Method)
numbers = st.floats(-1e6, 1e6, width=32, allow_subnormal=False)
samples = arrays.arrays(np.float32, st.integers(1, 60), elements=numbers)


def histogram(values: Array) -> Histogram:
    """As `observe` makes it."""
    wide = values.astype(np.float64)
    low, high = float(wide.min()), float(wide.max())
    counts = np.histogram(wide, BINS, (low, high))[0] if low < high else np.zeros(BINS)
    return Histogram(low, high, counts.astype(np.float64))


@settings(max_examples=40, deadline=None)
@given(samples, st.sampled_from(METHODS), st.floats(60, 100))
def test_a_range_has_zero_inside_and_stays_within_what_was_seen(
    values: Array, method: Method, percentile: float
) -> None:
    found = histogram(values)
    low, high = choose_range(found, method, percentile)
    assert np.isfinite([low, high]).all()
    assert low <= 0 <= high
    rounding = 1e-9 * (found.high - found.low)
    assert low >= min(found.low, 0) - rounding
    assert high <= max(found.high, 0) + rounding


@settings(max_examples=20, deadline=None)
@given(samples)
def test_percentile_100_and_minmax_are_all_that_was_seen(values: Array) -> None:
    expected = pytest.approx((min(values.min(), 0), max(values.max(), 0)), rel=1e-6)
    assert choose_range(histogram(values), "minmax") == expected
    assert choose_range(histogram(values), "percentile", 100) == expected


def test_a_lone_outlier_is_clipped_by_percentile_and_mse() -> None:
    """20,000 normal values and one at 60."""
    values = np.append(np.random.default_rng(0).normal(size=20_000), 60.0)
    ends = {method: choose_range(histogram(values), method)[1] for method in METHODS}
    assert ends["minmax"] == 60
    assert 3 < ends["percentile"] < 6
    assert 6 < ends["mse"] < 60


def test_mse_is_the_best_of_all_for_the_squared_error() -> None:
    values = np.random.default_rng(0).standard_t(3, size=20_000)

    def squared_error(method: Method) -> float:
        low, high = choose_range(histogram(values), method, levels=16)
        step = (high - low) / 15
        return float(np.square(np.round((values.clip(low, high) - low) / step) * step + low - values).mean())

    errors = {method: squared_error(method) for method in METHODS}
    assert errors["mse"] == min(errors.values())
    assert errors["mse"] < 0.5 * errors["minmax"]


def test_mse_moves_either_end_by_itself() -> None:
    """A long thin tail on one side: cutting it is no reason to cut the other side."""
    random = np.random.default_rng(0)
    found = histogram(np.append(random.uniform(-1, 0, size=20_000), random.exponential(0.4, size=20_000)))
    low, high = choose_range(found, "mse", levels=16)
    assert low / found.low > high / found.high + 0.2


@pytest.fixture
def small(cleaned: Callable[[str], Candidate]) -> onnx.ModelProto:
    return cleaned("chain").float_graph()


def test_histograms_are_those_of_all_batches_together(
    small: onnx.ModelProto, task_of: Callable[[str], Likeness]
) -> None:
    inputs = task_of("chain").inputs
    found = observe(small, lambda: iter(inputs))
    assert len(found) == 1 + len(small.graph.node), "the input, and what each node gives"
    together = found[small.graph.input[0].name]
    assert (together.low, together.high) == (inputs.min(), inputs.max())
    np.testing.assert_array_equal(together.counts, histogram(inputs).counts)
    assert all(h.counts.sum() % len(inputs) == 0 for h in found.values())


def test_an_activation_that_hardly_moves_has_a_histogram(small: onnx.ModelProto) -> None:
    """Between neighbouring float32 numbers there is no room for bins in float32."""
    batch = np.ones((1, 3, 12, 12), np.float32)
    batch[0, 0, 0, 0] = np.nextafter(np.float32(1), np.float32(2))
    found = observe(small, lambda: iter([batch]))[small.graph.input[0].name]
    assert found.counts.sum() == batch.size


class OneAtATime(Likeness):
    """Calibration batches that are made when asked for, and how many of them are alive at that moment."""

    def calibration(self) -> Iterator[Array]:
        self.alive = [*getattr(self, "alive", []), []]
        batches: weakref.WeakValueDictionary[int, Array] = weakref.WeakValueDictionary()
        for number in range(10):
            self.alive[-1].append(len(batches))
            batch = np.random.default_rng(number).normal(size=(1, 3, 12, 12)).astype(np.float32)
            batches[number] = batch
            yield batch
            del batch


@pytest.mark.parametrize("rounding", ["nearest", "hessian"])
def test_static_quantization_streams(rounding: str, cleaned: Callable[[str], Candidate]) -> None:
    """When the next batch is made, at most the one before is still held; no more are made than were asked for."""
    from .nets import Chain

    task = OneAtATime(Chain, (1, 3, 12, 12))
    apply("quantize-static", cleaned("chain"), task, inputs=6, rounding=rounding)
    assert task.alive
    assert all(len(read) == 6 and max(read) <= 1 for read in task.alive)


@pytest.mark.parametrize("chosen", [1, 0])
@pytest.mark.parametrize("method", ["quantize-static", "smooth", "factorize"])
def test_what_is_empty_for_an_input_is_passed_over(method: str, chosen: int) -> None:
    """Behind a choice of rows that finds none, for some inputs or for all."""
    task = Likeness(nn.Identity, (2, 4))
    task.inputs[..., 0] = -1
    task.inputs[:chosen, :, 0] = 1
    settings = {"factorize": {"energy": 0.5}, "smooth": {"multiply": True}, "quantize-static": {"rounding": "nearest"}}
    made = apply(method, Candidate(graph=picky()), task, **settings[method])
    assert made.session()(task.inputs[0])[0].shape == (2 * chosen, 16)


def test_a_graph_without_float_activations_has_the_histograms_of_its_inputs() -> None:
    x, y = (onnx.helper.make_tensor_value_info(name, kind, [1, 4]) for name, kind in (("x", 1), ("y", 7)))
    graph = onnx.helper.make_graph([onnx.helper.make_node("Cast", ["x"], ["y"], to=7)], "g", [x], [y])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    assert list(observe(model, lambda: iter([np.ones((1, 4), np.float32)]))) == ["x"]
