"""The accuracy gate: how much of the reference's accuracy a candidate keeps, with a paired-bootstrap interval.

Both graphs are scored on the same held-out samples, so they are resampled together (Efron and Tibshirani, An
Introduction to the Bootstrap, 1993, chapter 13, percentile interval): what is hard for one is hard for the other, and
the interval of the ratio is far narrower than those of the two scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tightrope.compress.scores import Scores, metrics
from tightrope.errors import ConfigError, nearest

RESAMPLES = 1000


@dataclass(frozen=True)
class Retention:
    """One metric of reference and candidate, their ratio, and its 95% interval."""

    metric: str
    reference: float
    candidate: float
    share: float
    low: float
    high: float

    def __str__(self) -> str:
        return (
            f"{self.metric} {self.candidate:.4f} of {self.reference:.4f}: "
            f"{self.share:.2%} [{self.low:.2%}, {self.high:.2%}]"
        )


@dataclass(frozen=True)
class GateResult:
    """The gate's verdict: every metric must keep the share `keep`, judged by the point estimate."""

    keep: float
    samples: int
    resamples: int
    retentions: tuple[Retention, ...]

    @property
    def passed(self) -> bool:
        return all(retention.share >= self.keep for retention in self.retentions)

    @property
    def worst(self) -> Retention:
        return min(self.retentions, key=lambda retention: retention.share)

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "passed": self.passed, "interval": "95%, paired bootstrap over samples"}


def shares_kept(
    reference: Mapping[str, float], candidate: Mapping[str, float], gate_metrics: Sequence[str]
) -> dict[str, float]:
    """The share of the reference that a candidate keeps, by metric.

    Raises:
        ConfigError: a metric is none of those that the task scores, or the reference scores 0 in it.
    """
    for name in gate_metrics:
        for scored in (reference, candidate):
            if name not in scored:
                raise ConfigError(
                    f"the task scores no metric {name!r}, which its gate asks for{nearest(name, list(scored))}"
                )
        if not reference[name] > 0:  # NaN too
            raise ConfigError(f"the reference scores {reference[name]:g} in {name!r}: nothing to keep a share of")
    return {name: candidate[name] / reference[name] for name in gate_metrics}


def judge(reference: Scores, candidate: Scores, gate_metrics: Sequence[str], keep: float, seed: int = 0) -> GateResult:
    """Compare two evaluations of the same samples.

    Args:
        reference, candidate: scores over the same samples in the same order.
        gate_metrics: names of the metrics that count.
        keep: the share of the reference that must be left.
        seed: of the resampling.

    Raises:
        ValueError: the evaluations are of different lengths.
        ConfigError: they lack a metric, or the reference scores 0.
    """
    count = len(reference)
    if count != len(candidate):
        raise ValueError(f"reference has {count} samples, candidate {len(candidate)}: they are not paired")
    full_reference, full_candidate = metrics(reference), metrics(candidate)
    shares = shares_kept(full_reference, full_candidate, gate_metrics)
    generator = np.random.default_rng(seed)
    ratios: dict[str, list[float]] = {name: [] for name in gate_metrics}
    for _ in range(RESAMPLES):
        sample = generator.integers(0, count, count)
        of_reference, of_candidate = reference.on(sample), candidate.on(sample)
        for name in gate_metrics:
            if of_reference[name] > 0:
                ratios[name].append(of_candidate[name] / of_reference[name])
    retentions = tuple(
        Retention(
            name,
            full_reference[name],
            full_candidate[name],
            shares[name],
            *(float(q) for q in np.quantile(ratios[name], (0.025, 0.975))),
        )
        for name in gate_metrics
    )
    return GateResult(keep, count, RESAMPLES, retentions)
