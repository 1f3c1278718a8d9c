"""Percentiles and ratios with intervals that assume no distribution.

>>> import numpy as np
>>> latency = Percentiles.of(np.arange(1.0, 1001.0))
>>> latency.p90.value, latency.p90.low, latency.p90.high
(900.0, 881.0, 919.0)
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Quantile:
    """One percentile of a sample, in the sample's unit, with its confidence interval.

    `coverage` is the confidence that [low, high] really has: at least 0.95 where the sample is large enough, and less
    where no observation lies far enough out (the 99th percentile of 64 runs), in which case the interval ends at the
    extreme observation.
    """

    percentile: float
    value: float
    low: float
    high: float
    coverage: float

    @classmethod
    def of(cls, samples: ArrayLike, percentile: float) -> Quantile:
        """The `percentile`-th percentile (0 < percentile < 100) of `samples` (any shape, at least one value).

        The value is the nearest-rank percentile, an observation, as LoadGen reports it. The interval lies between two
        order statistics whose ranks come from the binomial distribution (David and Nagaraja, 'Order Statistics',
        3rd ed., 7.1): the number of observations below the true percentile is Binomial(n, p).

        Raises:
            ValueError: no samples, or a percentile outside of (0, 100).
        """
        ordered = _ordered(samples)
        n, p = len(ordered), _fraction(percentile)
        below = _binomial_cdf(n, p)
        tail = (1 - CONFIDENCE) / 2
        # 1-based ranks: P(X_low <= q < X_high) = P(low <= B < high) = cdf(high - 1) - cdf(low - 1).
        low = max(1, int(np.searchsorted(below, tail, side="right")))
        high = min(n, int(np.searchsorted(below, 1 - tail, side="left")) + 1)
        coverage = float(below[high - 1] - below[low - 1])
        value = ordered[_rank(n, p) - 1]
        return cls(percentile, float(value), float(ordered[low - 1]), float(ordered[high - 1]), coverage)


@dataclass(frozen=True)
class Percentiles:
    """Size, mean, and the 50th, 90th and 99th percentile of a sample, each with its 95% interval.

    `p90_upper` is the conservative p90: in 95 of 100 such measurements the true p90 lies below it. None: too few runs.
    """

    n: int
    mean: float
    p50: Quantile
    p90: Quantile
    p99: Quantile
    p90_upper: float | None

    @classmethod
    def of(cls, samples: ArrayLike) -> Percentiles:
        """Raises ValueError if there are no samples, or one is not finite."""
        ordered = _ordered(samples)
        p50, p90, p99 = (Quantile.of(ordered, percentile) for percentile in (50, 90, 99))
        return cls(len(ordered), float(ordered.mean()), p50, p90, p99, upper_bound(ordered, 90))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Ratio:
    """How many times as long one of two interleaved runs takes as the other; `n` pairs, 95% interval."""

    value: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, samples: ArrayLike, base: ArrayLike) -> Ratio:
        """Median over rounds of samples[i] / base[i], both of shape (n,), the i-th of both from the same round.

        A quotient a round, and not a quotient of two medians: what slows a whole round down, a neighbour or a lower
        clock, then cancels out exactly. The interval is that of `Quantile` for the median of the quotients.

        Raises:
            ValueError: empty, of different lengths, or not finite and positive.
        """
        over, under = np.asarray(samples, np.float64), np.asarray(base, np.float64)
        if over.shape != under.shape or over.ndim != 1:
            raise ValueError(f"paired samples need one length each, not {over.shape} and {under.shape}")
        if not (over > 0).all() or not (under > 0).all():
            raise ValueError("a ratio of times needs positive ones")
        quotients = over / under
        interval = Quantile.of(quotients, 50)
        return cls(float(np.median(quotients)), interval.low, interval.high, len(quotients))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def upper_bound(samples: ArrayLike, percentile: float, confidence: float = CONFIDENCE) -> float | None:
    """A value that the true percentile does not exceed with that confidence, or None if the sample is too small.

    One-sided order-statistics bound: the smallest rank r with P(Binomial(n, p) < r) >= confidence. For p90 at 95% it
    takes at least 29 samples. This is the idea behind LoadGen's early-stopping estimate.
    """
    ordered = _ordered(samples)
    below = _binomial_cdf(len(ordered), _fraction(percentile))
    rank = int(np.searchsorted(below, confidence, side="left")) + 1
    return float(ordered[rank - 1]) if rank <= len(ordered) else None


def _ordered(samples: ArrayLike) -> Samples:
    ordered = np.sort(np.asarray(samples, np.float64), axis=None)
    if not len(ordered) or not np.isfinite(ordered).all():
        raise ValueError("percentiles need at least one sample, and finite ones")
    return ordered


def _fraction(percentile: float) -> float:
    if not 0 < percentile < 100:
        raise ValueError(f"a percentile lies between 0 and 100, not at {percentile}")
    return percentile / 100


def _rank(n: int, p: float) -> int:
    """The 1-based nearest rank, ceil(n p); rounded first, because 0.9 has no exact binary form."""
    return max(1, int(np.ceil(round(n * p, 9))))


@lru_cache(maxsize=64)
def _binomial_cdf(n: int, p: float) -> Samples:
    """P(Binomial(n, p) <= k) for k = 0 ... n, summed from log probabilities; shape (n + 1,)."""
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    k = np.arange(n + 1)
    log_choose = log_factorial[n] - log_factorial[k] - log_factorial[n - k]
    cdf: Samples = np.minimum(np.cumsum(np.exp(log_choose + k * np.log(p) + (n - k) * np.log1p(-p))), 1.0)
    cdf.flags.writeable = False
    return cdf
