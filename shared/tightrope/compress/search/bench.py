"""What is done to a recipe before its graph is measured: build it, predict its latency, score it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import onnx

from tightrope.compress.candidate import Build
from tightrope.compress.gate import shares_kept
from tightrope.compress.progress import say
from tightrope.compress.recipe import Recipe
from tightrope.compress.scores import metrics
from tightrope.compress.search.builder import Builder
from tightrope.compress.search.latency import LatencyModel, work
from tightrope.compress.search.space import Space
from tightrope.compress.search.trials import Trial
from tightrope.compress.task import Whole
from tightrope.errors import TightropeError
from tightrope.runtime.session import Backend, first_line


@dataclass(frozen=True)
class Judged:
    """A trial as far as it got unmeasured, and the graphs to measure, by name: none if it was dropped or failed."""

    trial: Trial
    graphs: Mapping[str, bytes] = field(default_factory=dict)
    backend: Backend = "onnxruntime"


@dataclass(frozen=True)
class Bench:
    """Judges recipes of a space on the calibration split. Nothing it says depends on what it did before.

    Attributes:
        limit_ms: of the predicted latency, above which nothing is scored.
        floor: share of each gate metric below which nothing is worth measuring.
    """

    task: Whole
    space: Space
    limit_ms: float
    floor: float

    def judge(self, trial: Trial, latency: LatencyModel) -> Judged:
        """Build and score the trial's recipe; what a pass has to complain about is the trial's `why`."""
        begun = time.monotonic()
        try:
            judged = self._scored(trial, self._builder.build(Recipe.parse(dict(trial.recipe), "the space")), latency)
        except TightropeError as error:
            judged = Judged(replace(trial, state="failed", why=str(error)))
        except Exception as error:  # torch's and onnxruntime's share no other base; one recipe never ends the search
            judged = Judged(replace(trial, state="failed", why=f"{type(error).__name__}: {first_line(error)}"))
        return replace(judged, trial=replace(judged.trial, seconds=time.monotonic() - begun))

    def _scored(self, trial: Trial, build: Build, latency: LatencyModel) -> Judged:
        graphs = [onnx.ModelProto.FromString(graph) for graph in build.graphs.values()]
        predicted = latency.predict(graphs)
        trial = replace(
            trial,
            work=work(graphs),
            predicted_ms=predicted,
            bytes=sum(map(len, build.graphs.values())),
            state="dropped",
        )
        if predicted is not None and predicted > self.limit_ms:
            return Judged(replace(trial, why=f"predicted {predicted:.1f} ms, over the budget's {self.limit_ms:g}"))
        shares = self._shares(build)
        trial = replace(trial, shares=shares)
        if trial.share < self.floor:
            worst = min(shares, key=lambda name: shares[name])
            return Judged(replace(trial, why=f"keeps {trial.share:.1%} of {worst}, under {self.floor:.1%}"))
        return Judged(trial, build.graphs, build.backend)

    def _shares(self, build: Build) -> dict[str, float]:
        scored = metrics(self.task.scores(build.sessions(), "calibration"))
        return shares_kept(self._expected, scored, self.task.gate_metrics)

    @cached_property
    def _builder(self) -> Builder:
        return Builder(self.task)

    @cached_property
    def reference(self) -> Build:
        """The graphs as the space exports them, and nothing else done to them."""
        return self._builder.build(self.space.reference())

    @cached_property
    def _expected(self) -> dict[str, float]:
        say("scoring the reference")
        return metrics(self.task.scores(self.reference.sessions(), "calibration"))
