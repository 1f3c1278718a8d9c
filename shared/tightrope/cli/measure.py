"""`tightrope measure APP [ARTIFACT]`: an artifact against its app's budget, on this machine, now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tightrope.app import App, find_app
from tightrope.artifact import Artifact
from tightrope.budget import Budget, BudgetFile
from tightrope.cli.place import app_of, artifacts_at, only_folder, own_budget
from tightrope.cli.progress import Progress
from tightrope.errors import ArtifactError, BudgetNotMetError
from tightrope.measure.evidence import Mode, interval_text, measure_artifact, verdicts
from tightrope.models import artifact_names, open_artifact


def measure_command(
    app: str,
    artifact: str | None,
    profile: str | None,
    mode: Mode,
    as_json: bool,
    console: Console,
    reference: str | None = None,
    check: bool = False,
    budget_file: Path | None = None,
    quiet: bool = False,
) -> None:
    """Measure one artifact, or all that the app ships, and print tables and verdicts, or JSON lines.

    Args:
        app: name of an installed app, or a folder that is an artifact or has some in it.
        artifact: shipped name or folder; None: every shipped one.
        profile: device profile of the app's budget; None: its default.
        mode: 'rapid' (under a minute) or 'full' (for evidence).
        as_json: one JSON object a line on `console`'s file, in place of tables.
        console: where results go; progress goes to stderr.
        reference: shipped name or folder to compare with, interleaved.
        check: fail if a limit is not met.
        budget_file: a budget to judge by in place of the app's.
        quiet: no progress.

    Raises:
        BudgetNotMetError: with `check`, after everything was printed.
        ArtifactError, ConfigError, MissingExtraError: as their names say.
    """
    found = artifacts_at(app)
    only_folder(app)
    items = found or [open_artifact(app, name) for name in ([artifact] if artifact else _shipped(app))]
    given = BudgetFile.load(budget_file).profile(profile) if budget_file else None
    base = open_artifact(app, reference) if reference else None
    missed: list[str] = []
    for item in items:
        chosen = app_of(item) if found else find_app(app)
        budget = given or (chosen.budget().profile(profile) if chosen else own_budget(item))
        evidence = _measure(chosen, item, budget, base, mode, quiet)
        _print(console, item, evidence, budget, as_json)
        missed += [f"{item.manifest.name}: {verdict}" for verdict in verdicts(evidence, budget) if not verdict.met]
    if check and missed:
        raise BudgetNotMetError("; ".join(missed))


def _shipped(app: str) -> list[str]:
    find_app(app)
    if names := artifact_names(app):
        return names
    raise ArtifactError(f"no artifact of {app} is shipped; name a folder, or make one with `tightrope compress {app}`")


def _measure(
    app: App | None, artifact: Artifact, budget: Budget, base: Artifact | None, mode: Mode, quiet: bool
) -> dict[str, Any]:
    with Progress(quiet) as progress:
        name = artifact.manifest.name
        return measure_artifact(app, artifact, budget, base, mode, lambda step: progress(f"{name}: {step}"))


def _print(console: Console, artifact: Artifact, evidence: Mapping[str, Any], budget: Budget, as_json: bool) -> None:
    judged = verdicts(evidence, budget)
    if as_json:
        record = {
            "app": artifact.manifest.app,
            "name": artifact.manifest.name,
            **evidence,
            "verdicts": [{**vars(verdict), "met": verdict.met} for verdict in judged],
        }
        console.print(json.dumps(record), soft_wrap=True, highlight=False, markup=False)
        return
    console.print(latency_table(artifact.manifest.name, evidence))
    for line in (*_facts(evidence), *_warnings(evidence)):
        console.print(line, highlight=False, markup=False)
    for verdict in judged:
        note = f" ({interval_text(evidence, budget)})" if verdict.unit == "ms" else ""
        mark, style = ("met", "green") if verdict.met else ("MISSED", "red")
        console.print(f"{mark}  {verdict}{note}", style=style, highlight=False, markup=False)


def latency_table(title: str, evidence: Mapping[str, Any]) -> Table:
    """p50, p90 and p99 in ms with their intervals: the model, the whole pipeline and each stage."""
    rows = {"model (LoadGen)": evidence["model_latency"]["latency_ms"], "pipeline": evidence["pipeline"]["total"]}
    rows |= {f"  {name}": stage for name, stage in evidence["pipeline"]["stages"].items()}
    rows |= evidence.get("variants", {})
    table = Table("ms", "p50", "p90", "p99", "n", title=escape(title), title_justify="left")
    for name, percentiles in rows.items():
        cells = [_cell(percentiles[key]) for key in ("p50", "p90", "p99")]
        table.add_row(name, *map(escape, cells), str(percentiles["n"]))
    return table


def _cell(quantile: Mapping[str, float]) -> str:
    """'value [low, high]'; '..' in place of `high` where the sample is too small to bound it."""
    high = f"{quantile['high']:.3g}" if quantile["coverage"] >= 0.95 else ".."
    return f"{quantile['value']:.3g} [{quantile['low']:.3g}, {high}]"


def _facts(evidence: Mapping[str, Any]) -> list[str]:
    start, operators, here = evidence["cold_start"], evidence["operators"], evidence["environment"]
    slowest = ", ".join(f"{row['name']} {row['share']:.0%}" for row in operators["op_types"][:4])
    lines = [
        f"cold start {start['wall_s']:.2f} s ({start['cpu_s']:.2f} s CPU, {start['n']} processes); "
        f"peak RSS {evidence['peak_rss_mb']:.0f} MB; {evidence['bytes'] / 1e6:.2f} MB of graphs",
        f"operators: {slowest}; {operators['integer_share']:.0%} of the time in integer kernels",
        f"{here['cpu']}, {here['instruction_set']}, {here['threads']} thread(s), onnxruntime {here['onnxruntime']}, "
        f"{evidence['date']}",
    ]
    if against := evidence["ratio_to_reference"]:
        interval = f"[{against['low']:.3f}, {against['high']:.3f}]"
        lines.append(f"{against['value']:.3f} {interval} of {against['reference']}'s time, {against['n']} rounds")
    return lines


def _warnings(evidence: Mapping[str, Any]) -> list[str]:
    here, lines = evidence["environment"], []
    if evidence["operators"]["fake_quantized"]:
        lines.append("warning: fake quantization: the graph quantizes, but no operator computes in integers")
    if not here["quiet"]:
        lines.append(f"warning: disturbed: other processes used {here['foreign_load']:.0%} of the CPU time")
    return lines
