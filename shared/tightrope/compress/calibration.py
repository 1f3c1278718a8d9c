"""Ranges of activations from representative inputs, streamed: one batch is in memory at a time.

Two passes over the data: the first finds each tensor's minimum and maximum, the second fills a histogram of fixed bins
between them. What is kept a tensor is 2,048 counts, whatever the number of inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray

from tightrope.compress.nodes import with_outputs
from tightrope.runtime.session import Inputs, Session

Method = Literal["minmax", "percentile", "entropy", "mse"]
Range = tuple[float, float]
BINS = 2048
_SHRINKS = np.linspace(1.0, 0.3, 57)


@dataclass(frozen=True)
class Histogram:
    """Counts, float64 [bins], of a tensor's values between `low` and `high`, which are its minimum and maximum."""

    low: float
    high: float
    counts: NDArray[np.float64]

    @property
    def centres(self) -> NDArray[np.float64]:
        width = (self.high - self.low) / len(self.counts)
        return np.asarray(self.low + (np.arange(len(self.counts)) + 0.5) * width, np.float64)


def observe(graph: onnx.ModelProto, batches: Callable[[], Iterable[Inputs]]) -> dict[str, Histogram]:
    """Histogram of every float activation of the graph, its float inputs included.

    Args:
        graph: a float graph.
        batches: gives the same model-ready inputs each time it is called.
    """
    names = _float_activations(graph)
    session = Session(with_outputs(graph, names).SerializeToString())
    inputs = [spec.name for spec in session.inputs if spec.dtype.kind == "f"]
    low = dict.fromkeys([*inputs, *names], np.inf)
    high = dict.fromkeys([*inputs, *names], -np.inf)
    for name, values in _stream(session, inputs, names, batches()):
        low[name] = min(low[name], float(values.min()))
        high[name] = max(high[name], float(values.max()))
    for name in low:
        if low[name] > high[name]:  # it was empty for every input; the quantizer wants a range all the same
            low[name] = high[name] = 0.0
    counts = {name: np.zeros(BINS) for name in low if np.isfinite(low[name]) and np.isfinite(high[name])}
    for name, values in _stream(session, inputs, names, batches()):
        if name in counts and low[name] < high[name]:
            # In float64: between neighbouring float32 numbers there is no room for the bins' edges.
            counts[name] += np.histogram(values.astype(np.float64), BINS, (low[name], high[name]))[0]
    return {name: Histogram(low[name], high[name], count) for name, count in counts.items()}


def choose_range(histogram: Histogram, method: Method, percentile: float = 99.99, levels: int = 256) -> Range:
    """The range to quantize to; zero is always inside, as ONNX requires an exact zero.

    minmax: all that was seen. percentile: that share of the values, the tails cut alike. mse: the least expected
    squared error of rounding plus clipping, either end shrunk by itself. entropy: the least Kullback-Leibler divergence
    between the distribution and its quantized form (Migacz, '8-bit inference with TensorRT', GTC 2017), over ranges
    shrunk from both ends.
    """
    if method == "minmax" or histogram.counts.sum() == 0:
        return _with_zero(histogram.low, histogram.high)
    if method == "percentile":
        return _percentile_range(histogram, percentile)
    cost = _squared_error if method == "mse" else _divergence
    low, high = _with_zero(histogram.low, histogram.high)

    def best(candidates: Iterable[Range]) -> Range:
        return min(candidates, key=lambda limits: cost(histogram, limits, levels))

    found = best((low * shrink, high * shrink) for shrink in _SHRINKS)
    if method == "mse":
        found = best([found, *((low * shrink, found[1]) for shrink in _SHRINKS)])
        found = best([found, *((found[0], high * shrink) for shrink in _SHRINKS)])
    return found


def _percentile_range(histogram: Histogram, percentile: float) -> Range:
    cumulative = np.cumsum(histogram.counts) / histogram.counts.sum()
    tail = (1 - percentile / 100) / 2
    width = (histogram.high - histogram.low) / len(histogram.counts)
    first = int(np.searchsorted(cumulative, tail, side="right"))
    last = int(np.searchsorted(cumulative, 1 - tail, side="left"))
    return _with_zero(histogram.low + first * width, histogram.low + (last + 1) * width)


def _squared_error(histogram: Histogram, limits: Range, levels: int) -> float:
    return float(np.dot(histogram.counts, (histogram.centres - _quantized(histogram.centres, limits, levels)) ** 2))


def _divergence(histogram: Histogram, limits: Range, levels: int) -> float:
    """KL(P || Q): P has the clipped tails in its end bins, Q spreads each level's mass over the bins that P fills."""
    centres, counts = histogram.centres, histogram.counts
    inside = (centres >= limits[0]) & (centres <= limits[1])
    if not counts[inside].any():
        return float("inf")
    p = np.where(inside, counts, 0.0)
    ends = np.flatnonzero(inside)[[0, -1]]
    p[ends[0]] += counts[centres < limits[0]].sum()
    p[ends[1]] += counts[centres > limits[1]].sum()
    level = np.round((centres - limits[0]) / (limits[1] - limits[0]) * (levels - 1)).clip(0, levels - 1).astype(int)
    source = np.where(inside, counts, 0.0)  # without the clipped tails: this is what makes clipping cost something
    mass = np.bincount(level, source, levels)
    filled = np.bincount(level, source > 0, levels)
    q = np.where(source > 0, mass[level] / np.maximum(filled[level], 1), 0.0)
    p, q = p / p.sum(), q / q.sum()
    used = p > 0
    return float(np.sum(p[used] * np.log(p[used] / np.maximum(q[used], 1e-12))))


def _quantized(values: NDArray[np.float64], limits: Range, levels: int) -> NDArray[np.float64]:
    scale = (limits[1] - limits[0]) / (levels - 1) or 1.0
    return np.round((values.clip(*limits) - limits[0]) / scale) * scale + limits[0]


def _with_zero(low: float, high: float) -> Range:
    return min(low, 0.0), max(high, 0.0)


def _float_activations(graph: onnx.ModelProto) -> list[str]:
    """Float outputs of nodes, by shape inference; each once, in graph order."""
    inferred = onnx.shape_inference.infer_shapes(graph).graph
    kinds = {info.name: info.type.tensor_type.elem_type for info in (*inferred.value_info, *inferred.output)}
    produced = (name for node in inferred.node for name in node.output)
    return [name for name in produced if kinds.get(name) == onnx.TensorProto.FLOAT]


def _stream(session: Session, inputs: list[str], names: list[str], batches: Iterable[Inputs]) -> Any:
    """Name and values of what each batch gives; not what is empty, as behind a NonZero that finds nothing."""
    for batch in batches:
        feeds = session.feeds(batch)
        given = session.ort.run(names, dict(feeds)) if names else []  # asked for nothing, onnxruntime gives all
        found = [*((name, feeds[name]) for name in inputs), *zip(names, given, strict=True)]
        yield from ((name, values) for name, values in found if values.size)
