"""End-to-end time of a workload: the whole pipeline, and each stage of it, as percentiles."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from tightrope.app import Workload
from tightrope.measure.latency import interleaved
from tightrope.measure.statistics import Percentiles, Quantile


@dataclass(frozen=True)
class PipelineLatency:
    """Milliseconds of the whole pipeline and of each stage; `at_budget` is the total at the budget's percentile."""

    total: Percentiles
    stages: dict[str, Percentiles]
    at_budget: Quantile

    def to_dict(self) -> dict[str, Any]:
        """Keys total, stages (preprocess, session, postprocess) and at_budget; all in ms."""
        return {
            "total": self.total.to_dict(),
            "stages": {name: stage.to_dict() for name, stage in self.stages.items()},
            "at_budget": vars(self.at_budget),
        }


def pipeline_latency(workload: Workload, runs: int, warmup: int = 3, percentile: float = 90) -> PipelineLatency:
    """Run the workload's samples in turn, over and over, as its own stage times see it.

    Args:
        runs: how many count; at least 29 for a bound on p90.
        warmup: runs before that do not.
        percentile: at which the budget's limit holds.
    """
    answers = [workload.pipeline(item) for item in islice(cycle(workload.samples), warmup + runs)][warmup:]
    times = [answer.times.to_dict() for answer in answers]
    columns = {key.removesuffix("_ms"): [row[key] for row in times] for key in times[0]}
    total = columns.pop("total")
    stages = {name: Percentiles.of(column) for name, column in columns.items()}
    return PipelineLatency(Percentiles.of(total), stages, Quantile.of(total, percentile))


def variant_latency(workload: Workload, rounds: int, warmup: int = 3, percentile: float = 90) -> dict[str, Any]:
    """Milliseconds of each of the workload's variants, `rounds` runs interleaved: its percentiles, and at_budget."""
    return {
        name: {**Percentiles.of(times).to_dict(), "at_budget": vars(Quantile.of(times, percentile))}
        for name, times in interleaved(workload.variants, rounds, warmup).items()
    }
