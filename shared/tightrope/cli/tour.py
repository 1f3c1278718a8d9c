"""`tightrope tour`: every shipped artifact at work on its bundled sample, stage by stage against its budget."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.bar import Bar
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tightrope.app import App, find_apps
from tightrope.artifact import Artifact
from tightrope.budget import Budget, Verdict
from tightrope.cli.core import print_json
from tightrope.cli.progress import Progress
from tightrope.errors import ArtifactError, TightropeError
from tightrope.ladder import is_reference
from tightrope.measure.environment import Environment, Watch
from tightrope.measure.pipeline import PipelineLatency, pipeline_latency
from tightrope.models import artifact_names, open_artifact

_LEAST_RUNS = 30
_ROUNDS = 3
_BAR = 36


@dataclass(frozen=True)
class Stop:
    """One artifact of the tour: what it found in the first sample, and how long its pipeline took here and now."""

    artifact: Artifact
    budget: Budget
    found: str
    latency: PipelineLatency
    environment: Environment

    @property
    def verdict(self) -> Verdict:
        at_budget = self.latency.at_budget
        return Verdict(f"pipeline p{at_budget.percentile:g}", at_budget.value, self.budget.latency_ms, "ms")

    def to_dict(self) -> dict[str, Any]:
        manifest, verdict = self.artifact.manifest, self.verdict
        return {
            "app": manifest.app,
            "name": manifest.name,
            "precision": manifest.precision,
            "reference": is_reference(manifest),
            "bytes": self.artifact.size,
            "found": self.found,
            "budget": self.budget.model_dump(mode="json"),
            "pipeline": self.latency.to_dict(),
            "fits": verdict.met,
            "environment": self.environment.to_dict(),
        }


def run_tour(profile: str | None, as_json: bool, quiet: bool = False) -> None:
    """Show every artifact of every app. Being slow is no failure: the machine may be busy, and then it is said so.

    Args:
        profile: device profile of the budgets; None: each app's default.
        as_json: one JSON document in place of the text.
        quiet: of the text only the verdicts.

    Raises:
        ConfigError: no app has such a profile.
        ArtifactError: an artifact could not be run; all others were shown before.
    """
    console, failures = Console(), list[str]()
    stops: list[Stop] = []
    for app in find_apps().values():
        budget = app.budget().profile(profile)
        if not as_json and not quiet:
            console.print(_heading(app, budget))
        for artifact in _in_order(app, failures):
            try:
                stops.append(visit(app, artifact, budget, quiet))
            except TightropeError as error:
                failures.append(str(error))
                continue
            if quiet and not as_json:
                console.print(_verdict_line(stops[-1]))
            elif not as_json:
                _print_stop(console, stops[-1])
    if as_json:
        print_json([stop.to_dict() for stop in stops])
    elif not quiet:
        _print_end(console, stops)
    if failures:
        raise ArtifactError("; ".join(failures))


def visit(app: App, artifact: Artifact, budget: Budget, quiet: bool = False) -> Stop:
    """Run every bundled sample a few times.

    Raises:
        ArtifactError: onnxruntime does not load the graph.
        BadInputError: the bundled sample is missing.
    """
    with _progress(quiet) as say, Watch(budget.threads) as watch:
        say(f"{app.name}: {artifact.manifest.name}")
        workload = app.open(artifact, budget.threads)
        found = workload.describe(workload.pipeline(workload.samples[0]).result)
        runs = max(_LEAST_RUNS, _ROUNDS * len(workload.samples))
        latency = pipeline_latency(workload, runs, percentile=budget.percentile)
    return Stop(artifact, budget, found, latency, watch.record)


def _in_order(app: App, failures: list[str]) -> list[Artifact]:
    """The app's artifacts, the fastest by their evidence first and the references last."""
    artifacts = []
    for name in artifact_names(app.name):
        try:
            artifacts.append(open_artifact(app.name, name))
        except ArtifactError as error:
            failures.append(str(error))
    if not artifacts and not failures:
        failures.append(f"{app.name} ships no artifact; make one: tightrope compress {app.name} --recipe FILE")
    return sorted(artifacts, key=lambda item: (is_reference(item.manifest), _known_p90(item)))


def _known_p90(artifact: Artifact) -> float:
    pipeline: Mapping[str, Any] | None = artifact.manifest.evidence.get("pipeline")
    return float(pipeline["total"]["p90"]["value"]) if pipeline else float("inf")


def _heading(app: App, budget: Budget) -> Table:
    cores = "1 core" if budget.threads == 1 else f"{budget.threads} cores"
    limit = f"Budget: {budget.latency_ms:g} ms at p{budget.percentile:g}, from input to result, on {cores}."
    grid = Table.grid(padding=(0, 2))
    grid.add_row(Text(f"\n{app.name}", "bold"), Text(f"\n{app.summary}\n").append(f"{limit}\n", "dim"))
    return grid


def _print_stop(console: Console, stop: Stop) -> None:
    manifest, budget = stop.artifact.manifest, stop.budget
    kind = f"{manifest.precision}, the reference" if is_reference(manifest) else manifest.precision
    title = Text.assemble("  ", (manifest.name, "bold"), (f"  {kind}, {stop.artifact.size / 1e6:.1f} MB", "dim"))
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("", min_width=16)
    table.add_column("p50", justify="right", min_width=9)
    table.add_column("p90", justify="right", min_width=9)
    table.add_column(f"of {budget.latency_ms:g} ms", width=_BAR)
    for name, stage in (*stop.latency.stages.items(), ("pipeline", stop.latency.total)):
        p90, whole = stage.p90.value, name == "pipeline"
        colour = "cyan" if not whole else "green" if stop.verdict.met else "red"
        bar = Bar(budget.latency_ms, 0, min(p90, budget.latency_ms), width=_BAR, color=colour)
        cells = (f"    {name}", f"{stage.p50.value:.1f} ms", f"{p90:.1f} ms")
        table.add_row(*(Text(cell, "bold" if whole else "") for cell in cells), bar)
    for part in (title, table, Text(f"    first sample: {stop.found}"), _verdict_line(stop), ""):
        console.print(part)


def _verdict_line(stop: Stop) -> Text:
    manifest, verdict = stop.artifact.manifest, stop.verdict
    measured = f"{verdict.measured:.1f} ms p{stop.budget.percentile:g} of {verdict.limit:g} ms"
    line = Text(f"  {manifest.app} {manifest.name}: {measured}  ")
    line.append("FITS" if verdict.met else "DOES NOT FIT", "bold green" if verdict.met else "bold red")
    if not stop.environment.quiet:
        line.append(f"\n  (this machine was busy: others used {stop.environment.foreign_load:.0%} of it)", "yellow")
    return line


def _print_end(console: Console, stops: list[Stop]) -> None:
    if not stops:
        return
    here, command = stops[-1].environment, _command()
    fitting = sum(stop.verdict.met for stop in stops)
    console.print(
        f"{fitting} of {len(stops)} fit here and now, {stops[-1].latency.total.n} runs each: "
        f"{here.cpu}, {here.instruction_set}, onnxruntime {here.onnxruntime}.",
        highlight=False,
        markup=False,
    )
    grid = Table.grid(padding=(0, 3))
    grid.add_row(f"  {command} {stops[0].artifact.manifest.app} --help", "on pictures of your own")
    grid.add_row(f"  {command} doctor", "what this machine accelerates, and why")
    console.print(Text("\nNow try", "bold"), grid, sep="\n")


def _command() -> str:
    """How to type this command here: by its name if the shell finds it, else by its path from here."""
    own = Path(sys.argv[0])
    on_path = shutil.which("tightrope")
    if not own.exists() or (on_path and Path(on_path).resolve() == own.resolve()):
        return "tightrope"
    return os.path.relpath(own)


def _progress(quiet: bool) -> AbstractContextManager[Callable[[str], None]]:
    """A spinner where a person watches standard error; nothing elsewhere."""
    return Progress(quiet) if sys.stderr.isatty() else nullcontext(lambda step: None)
