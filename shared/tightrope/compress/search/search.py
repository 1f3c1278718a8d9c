"""The search: ask for a recipe, leave out what cannot do, measure the rest, until the minutes are over.

    search = Search(task, space, Path("out"), budget, floor=0.97)
    trials = search.run(minutes=30)
    ladder = choose_rungs(trials, 4)

Every recipe is judged on the calibration split, so that the held-out one stays unseen until the ladder's gate.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from tightrope.budget import Budget
from tightrope.compress.progress import Progress, heard_by
from tightrope.compress.search.bench import Bench, Judged
from tightrope.compress.search.engine import Engine, Here
from tightrope.compress.search.latency import LatencyModel, rank_correlation
from tightrope.compress.search.sampler import BATCH, Sampler
from tightrope.compress.search.space import Space
from tightrope.compress.search.trials import Trial, append_trial, read_trials
from tightrope.compress.task import Whole
from tightrope.measure.latency import interleaved
from tightrope.measure.statistics import Percentiles, Ratio
from tightrope.runtime.session import Backend, Session

TRIALS = "trials.jsonl"
_ROUNDS = 40
_REPEATS = 20  # of recipes that were tried already, one after the other: then the space is taken to be exhausted


@dataclass(frozen=True)
class Search:
    """A search in a folder; another one with the same task, space and seed goes on where it ended.

    Attributes:
        folder: gets trials.jsonl.
        budget: its latency is the limit of what is worth measuring.
        floor: share of each gate metric below which nothing is measured.
        batch: recipes that are asked for before any of them is told: with another number other recipes are tried.
        engine: where they are built and scored. They are measured here, one by one, while it is idle.
    """

    task: Whole
    space: Space
    folder: Path
    budget: Budget
    floor: float
    seed: int = 0
    progress: Progress = print
    batch: int = BATCH
    engine: Engine = field(default_factory=Here)

    def run(self, minutes: float, count: int | None = None) -> list[Trial]:
        """Try recipes for so many minutes, or until `count` trials are there; all trials, those of before included.

        Raises:
            ConfigError: the folder holds a search of another space, seed or batch.
        """
        file = self.folder / TRIALS
        trials = read_trials(file)
        sampler = Sampler(self.space, self.seed, self.batch)
        sampler.replay(trials)
        end = time.monotonic() + minutes * 60
        with heard_by(self.progress):
            while time.monotonic() < end and (count is None or len(trials) < count) and not _exhausted(trials):
                for trial in self._tried(self._proposed(sampler, trials, count), end):
                    sampler.tell(trial)
                    append_trial(file, trial)
                    trials.append(trial)
                    self.progress(line(trial))
        return trials

    def _proposed(self, sampler: Sampler, trials: list[Trial], count: int | None) -> list[Trial]:
        """The rest of the batch that is due: what an earlier trial tried, one of the batch included, is 'repeated'."""
        known = list(trials)
        for _ in range(len(trials), min(sampler.batch_end, count or sampler.batch_end)):
            settings, recipe = sampler.ask()
            trial = Trial(len(known), settings, recipe.to_dict(), "failed", date=_now())
            first = next((one.number for one in known if one.recipe == trial.recipe), None)
            known.append(trial if first is None else replace(trial, state="repeated", why=f"as trial {first}"))
        return known[len(trials) :]

    def _tried(self, proposed: list[Trial], end: float) -> Iterator[Trial]:
        """What became of each, in order; the predictions of a batch rest on what was measured before it."""
        new = [trial for trial in proposed if trial.state != "repeated"]
        answers = self.engine.judge(self._bench, new, deepcopy(self._latency), end) if new else iter(())
        for trial in proposed:
            if trial.state == "repeated":
                yield trial
            elif (judged := next(answers, None)) is not None:
                yield self._measured(judged)
            else:  # the minutes are over
                return

    def _measured(self, judged: Judged) -> Trial:
        begun, trial = time.monotonic(), judged.trial
        if judged.graphs:
            runs = {
                "candidate": self._once(judged.graphs, judged.backend),
                "reference": self._once(self._bench.reference.graphs),
            }
            samples = interleaved(runs, _ROUNDS, warmup=5)
            found = Percentiles.of(samples["candidate"])
            self._latency.learn(_parsed(judged.graphs), found.p50.value)
            ratio = Ratio.of(samples["candidate"], samples["reference"]).value
            trial = replace(trial, state="measured", p50_ms=found.p50.value, p90_ms=found.p90.value, ratio=ratio)
        return replace(trial, seconds=round(trial.seconds + time.monotonic() - begun, 1), date=_now())

    def _once(self, graphs: Mapping[str, bytes], backend: Backend = "onnxruntime") -> Callable[[], Any]:
        """Every graph once, on its part's example."""
        sessions = {name: Session(graph, self.budget.threads, backend=backend) for name, graph in graphs.items()}
        parts = self.task.parts()
        examples = {name: parts[name].example() for name in sessions}
        return lambda: [session(examples[name]) for name, session in sessions.items()]

    @cached_property
    def _bench(self) -> Bench:
        return Bench(self.task, self.space, self.budget.latency_ms, self.floor)

    @cached_property
    def _latency(self) -> LatencyModel:
        """Begins with what the reference takes."""
        model = LatencyModel()
        graphs = self._bench.reference.graphs
        samples = interleaved({"reference": self._once(graphs)}, _ROUNDS, warmup=5)["reference"]
        model.learn(_parsed(graphs), float(np.median(samples)))
        return model


def _parsed(graphs: Mapping[str, bytes]) -> list[onnx.ModelProto]:
    return [onnx.ModelProto.FromString(graph) for graph in graphs.values()]


def line(trial: Trial) -> str:
    """A trial in one line."""
    kept = f"keeps {trial.share:.2%}, " if trial.shares else ""
    time_taken = f"{trial.ratio:.3f} of the reference's time, p90 {trial.p90_ms:.2f} ms" if trial.ratio else trial.why
    return f"trial {trial.number}: {trial.state}, {kept if trial.ratio else ''}{time_taken}"


def prediction_quality(trials: Sequence[Trial]) -> float | None:
    """Spearman's rank correlation of predicted and measured latency; None for fewer than four measured trials."""
    pairs = [(t.predicted_ms, t.p50_ms) for t in trials if t.state == "measured" and t.predicted_ms is not None]
    if len(pairs) < 4:
        return None
    predicted, measured = np.array(pairs, dtype=np.float64).T
    return rank_correlation(predicted, measured)


def _exhausted(trials: list[Trial]) -> bool:
    last = trials[-_REPEATS:]
    return len(last) == _REPEATS and all(trial.state == "repeated" for trial in last)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
