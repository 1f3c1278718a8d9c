"""`tightrope models`: what is shipped, and the one line of evidence that decides for or against it."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tightrope.app import App, find_app, find_apps
from tightrope.artifact import Artifact
from tightrope.cli.core import print_json
from tightrope.ladder import Ladder, is_reference
from tightrope.models import artifact_names, models_root, open_artifact


def list_models(app: str | None, as_json: bool) -> None:
    """Print the shipped artifacts of one app, or of all; JSON gives the path of each.

    Raises:
        ConfigError: there is no such app.
        ArtifactError: an artifact does not verify.
    """
    apps = [find_app(app)] if app else list(find_apps().values())
    rows = [row for one in apps for row in _rows(one)]
    if as_json:
        print_json(rows)
        return
    console = Console()
    if not rows:
        console.print(f"no artifact in {models_root()}; make one with `tightrope compress APP`", markup=False)
        return
    console.print(_list(rows))


def evidence_line(artifact: Artifact) -> str:
    """How fast, how accurate, and on what: the figures of the artifact's own evidence, in one line."""
    evidence, parts = artifact.manifest.evidence, []
    if pipeline := evidence.get("pipeline"):
        p90 = pipeline["total"]["p90"]
        parts.append(f"pipeline p90 {p90['value']:.3g} ms [{p90['low']:.3g}, {p90['high']:.3g}]")
    if gate := evidence.get("gate"):
        worst = min(gate["retentions"], key=lambda kept: kept["share"])
        parts.append(f"keeps {worst['share']:.1%} [{worst['low']:.1%}, {worst['high']:.1%}] of {worst['metric']}")
    if here := evidence.get("environment"):
        disturbed = "" if here["quiet"] else ", disturbed"
        parts.append(f"{here['instruction_set']}, {here['threads']} thread(s), {evidence['date'][:10]}{disturbed}")
    return "; ".join(parts) or "not measured"


def _rows(app: App) -> list[dict[str, Any]]:
    """A row an artifact: the rungs of the ladder from the most accurate to the cheapest, then what is beside it."""
    artifacts = [open_artifact(app.name, name) for name in artifact_names(app.name)]
    ladder = Ladder.of(artifacts)
    rows = [_row(artifact, ladder) for artifact in artifacts]
    return sorted(rows, key=lambda row: (row["rung"] is None, row["rung"] or 0, row["name"]))


def _row(artifact: Artifact, ladder: Ladder) -> dict[str, Any]:
    manifest = artifact.manifest
    return {
        "app": manifest.app,
        "name": manifest.name,
        "path": str(artifact.path),
        "precision": manifest.precision,
        "reference": is_reference(manifest),
        "bytes": artifact.size,
        "rung": ladder.position(manifest.name),
        "evidence": evidence_line(artifact),
    }


def _list(rows: list[dict[str, Any]]) -> Table:
    """Two columns: the app, and under each artifact's name its evidence."""
    grid = Table.grid(padding=(0, 2))
    for row in rows:
        rung = "not on the ladder" if row["rung"] is None else f"rung {row['rung']}"
        kind = f"{row['precision']}, the reference" if row["reference"] else row["precision"]
        about = Text.assemble((row["name"], "bold"), f"  {kind}, {row['bytes'] / 1e6:.1f} MB, {rung}\n")
        grid.add_row(row["app"], about.append(row["evidence"], "dim"))
    return grid
