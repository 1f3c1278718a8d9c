"""Intervals, calibration and ranking statistics for a binary score. numpy only.

Throughout, `label` is an array [N] of 0 and 1 with both present, and `score` an array [N] in which higher means more
suspicious.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Estimate:
    """A value with its 95% confidence interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def midranks(values: ArrayLike) -> Floats:
    """Rank of each value, from 1; equal values share the mean of their ranks."""
    _, place, count = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[place.ravel()], dtype=np.float64)


def placements(label: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats]:
    """For each positive the share of negatives below it, for each negative the share of positives above it.

    The structural components of DeLong et al. (1988), by the midranks of Sun and Xu (2014). Raises ValueError when one
    class is absent.
    """
    positive = np.asarray(label).astype(bool)
    values = np.asarray(score, dtype=np.float64)
    above, below = values[positive], values[~positive]
    if not len(above) or not len(below):
        raise ValueError("a ranking needs positives and negatives")
    ranks = midranks(np.concatenate([above, below]))
    of_positive = (ranks[: len(above)] - midranks(above)) / len(below)
    of_negative = 1 - (ranks[len(above) :] - midranks(below)) / len(above)
    return of_positive, of_negative


def auc(label: ArrayLike, score: ArrayLike) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties counting half."""
    return float(placements(label, score)[0].mean())


def auc_interval(label: ArrayLike, score: ArrayLike) -> Estimate:
    """AUC with DeLong's interval, on the logit scale so that it stays within 0..1.

    Several pictures of one person count as independent; `cluster_auc_interval` does not assume that.
    """
    of_positive, of_negative = placements(label, score)
    value = float(of_positive.mean())
    error = np.sqrt(spread(of_positive) + spread(of_negative))
    if value in (0.0, 1.0):
        return Estimate(value, value, value)
    width = Z95 * error / (value * (1 - value))
    low, high = expit(np.log(value / (1 - value)) + np.array([-width, width]))
    return Estimate(value, float(low), float(high))


def spread(sample: Floats) -> float:
    """Squared standard error of the mean of a sample; 0 for a single value."""
    return float(sample.var(ddof=1) / len(sample)) if len(sample) > 1 else 0.0


def cluster_auc_interval(label: ArrayLike, score: ArrayLike, person: ArrayLike, seed: int = 0) -> Estimate:
    """AUC with a percentile bootstrap interval over persons (2000 resamples), for several pictures of one person."""
    return cluster_interval(auc, label, score, person, seed)


def cluster_interval(
    statistic: Callable[[ArrayLike, ArrayLike], float],
    label: ArrayLike,
    score: ArrayLike,
    person: ArrayLike,
    seed: int = 0,
) -> Estimate:
    """A statistic of labels and scores with a percentile bootstrap interval over persons (2000 resamples).

    Resamples of one class only do not count.
    """
    labels, scores = np.asarray(label), np.asarray(score, dtype=np.float64)
    _, member = np.unique(np.asarray(person), return_inverse=True)
    of_person = [np.flatnonzero(member == index) for index in range(int(member.max()) + 1)]
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(2000):
        chosen = np.concatenate([of_person[i] for i in rng.integers(0, len(of_person), len(of_person))])
        if 0 < labels[chosen].sum() < len(chosen):
            values.append(statistic(labels[chosen], scores[chosen]))
    low, high = np.percentile(values, [2.5, 97.5])
    return Estimate(statistic(labels, scores), float(low), float(high))


def auc_difference(label: ArrayLike, score: ArrayLike, other: ArrayLike) -> Estimate:
    """AUC of `score` minus that of `other` on the same cases, with DeLong's interval for paired curves."""
    pairs = zip(placements(label, score), placements(label, other), strict=True)
    parts = [first - second for first, second in pairs]
    error = float(np.sqrt(sum(spread(part) for part in parts)))
    value = float(parts[0].mean())
    return Estimate(value, value - Z95 * error, value + Z95 * error)


def wilson(successes: int, trials: int) -> Estimate:
    """A share with Wilson's (1927) score interval. Raises ValueError without trials."""
    if trials < 1:
        raise ValueError("a share needs at least one trial")
    share = successes / trials
    scale = 1 + Z95**2 / trials
    centre = (share + Z95**2 / (2 * trials)) / scale
    width = Z95 * np.sqrt(share * (1 - share) / trials + Z95**2 / (4 * trials**2)) / scale
    return Estimate(share, float(max(0.0, centre - width)), float(min(1.0, centre + width)))


def threshold_at(label: ArrayLike, score: ArrayLike, sensitivity: float) -> float:
    """The highest threshold at which at least this share of positives scores at or above it."""
    above = np.sort(np.asarray(score, dtype=np.float64)[np.asarray(label).astype(bool)])[::-1]
    if not len(above):
        raise ValueError("a sensitivity needs positives")
    needed = int(np.ceil(sensitivity * len(above) - 1e-9))
    return float(above[max(needed, 1) - 1])


def expected_threshold(label: ArrayLike, score: ArrayLike, sensitivity: float) -> float:
    """The threshold above which this share of positives is expected, by the estimator of Harrell and Davis (1982).

    A mean of all positives' scores, each weighted by the chance that it is the wanted quantile of a bootstrap sample:
    a threshold for new cases, that does not hang on one or two of the known ones as `threshold_at` does.
    """
    positives = np.sort(np.asarray(score, dtype=np.float64)[np.asarray(label).astype(bool)])
    count, below = len(positives), 1 - sensitivity
    if not count or not 0 < below < 1:
        raise ValueError("a threshold needs positives and a sensitivity between 0 and 1")
    # The weights are differences of the distribution function of Beta((n + 1) q, (n + 1) (1 - q)) at i / n.
    steps = 200
    middle = (np.arange(count * steps) + 0.5) / (count * steps)
    density = ((count + 1) * below - 1) * np.log(middle) + ((count + 1) * sensitivity - 1) * np.log1p(-middle)
    weights = np.exp(density - density.max()).reshape(count, steps).sum(axis=1)
    return float(positives @ weights / weights.sum())


def sensitivity_specificity(label: ArrayLike, score: ArrayLike, threshold: float) -> tuple[Estimate, Estimate]:
    """Both shares, with Wilson intervals, when scores at or above `threshold` are called positive."""
    positive = np.asarray(label).astype(bool)
    called = np.asarray(score, dtype=np.float64) >= threshold
    return (
        wilson(int((called & positive).sum()), int(positive.sum())),
        wilson(int((~called & ~positive).sum()), int((~positive).sum())),
    )


def expit(logit: ArrayLike) -> Floats:
    """1 / (1 + exp(-logit)), without overflow."""
    half = np.asarray(logit, dtype=np.float64) / 2
    return np.asarray(0.5 * (1 + np.tanh(half)), dtype=np.float64)


def log_loss(label: ArrayLike, logit: ArrayLike) -> float:
    """Mean negative log-likelihood of logits."""
    signed = np.where(np.asarray(label).astype(bool), -1.0, 1.0) * np.asarray(logit, dtype=np.float64)
    return float(np.logaddexp(0, signed).mean())


def fit_temperature(label: ArrayLike, logit: ArrayLike) -> float:
    """The T in 0.05..20 that minimizes the log loss of logit / T (Guo et al. 2017), by golden-section search."""
    logits = np.asarray(logit, dtype=np.float64)
    golden = (np.sqrt(5) - 1) / 2
    low, high = np.log(0.05), np.log(20.0)  # the loss is convex in 1 / T, so it has one minimum in log T too
    while high - low > 1e-6:
        left, right = high - golden * (high - low), low + golden * (high - low)
        if log_loss(label, logits / np.exp(left)) < log_loss(label, logits / np.exp(right)):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def brier(label: ArrayLike, probability: ArrayLike) -> float:
    """Mean squared difference between probability and outcome."""
    return float(np.square(np.asarray(probability, dtype=np.float64) - np.asarray(label)).mean())


@dataclass(frozen=True)
class ReliabilityBin:
    """Cases of similar probability: their mean probability and the share that is positive."""

    count: int
    probability: float
    positive: Estimate


def reliability(label: ArrayLike, probability: ArrayLike, bins: int = 10) -> list[ReliabilityBin]:
    """Cases sorted by probability and cut into bins of equal count (within one)."""
    labels, probabilities = np.asarray(label), np.asarray(probability, dtype=np.float64)
    parts = np.array_split(np.argsort(probabilities, kind="stable"), bins)
    return [
        ReliabilityBin(len(part), float(probabilities[part].mean()), wilson(int(labels[part].sum()), len(part)))
        for part in parts
        if len(part)
    ]


def calibration_error(label: ArrayLike, probability: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error over bins of equal count: mean |probability - share of positives|."""
    order = np.argsort(np.asarray(probability), kind="stable")
    excess = (np.asarray(probability, dtype=np.float64) - np.asarray(label))[order]
    return float(sum(abs(part.sum()) for part in np.array_split(excess, bins)) / len(excess))


def net_benefit(label: ArrayLike, probability: ArrayLike, threshold: float) -> float:
    """Net benefit of acting at `threshold` in 0..1 (Vickers and Elkin 2006): TP/N - FP/N * threshold/(1 - threshold).

    Acting on everybody is `net_benefit(label, np.ones(N), threshold)`, on nobody 0.
    """
    positive = np.asarray(label).astype(bool)
    acted = np.asarray(probability, dtype=np.float64) >= threshold
    weight = threshold / (1 - threshold)
    return float(((acted & positive).sum() - weight * (acted & ~positive).sum()) / len(positive))
