"""Bring an app's shipped artifacts up to date without compressing them again.

    python tools/refit_artifacts.py triage [NAME ...]                    # constants, licences, the gate's verdict
    python tools/refit_artifacts.py triage [NAME ...] --measure full     # measurements, and nothing else

After a change of what a task fits to the finished graph (thresholds, say) or of what is measured. The graphs stay as
they are, byte for byte; an artifact that does not pass the gate any more stays as it was.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tightrope.app import App, find_app
from tightrope.artifact import Artifact, save_artifact
from tightrope.cli.compress import find_task
from tightrope.cli.main import guarded
from tightrope.cli.verify import task_settings
from tightrope.compress.flow import save, with_evidence
from tightrope.compress.gate import judge
from tightrope.compress.recheck import exported_reference
from tightrope.compress.recipe import Recipe
from tightrope.compress.scores import metrics
from tightrope.compress.task import Whole
from tightrope.errors import BudgetNotMetError
from tightrope.measure.evidence import measure_artifact
from tightrope.models import artifact_names, open_artifact
from tightrope.report.card import write_card


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("app")
    parser.add_argument("names", nargs="*", metavar="NAME", help="shipped artifacts; all if not given")
    parser.add_argument("--measure", choices=("rapid", "full"))
    arguments = parser.parse_args()
    return guarded(lambda: bring_up_to_date(arguments.app, arguments.names, arguments.measure))


def bring_up_to_date(name: str, names: list[str], mode: Any) -> None:
    """Each artifact in turn. Raises BudgetNotMetError for one that the gate turns away."""
    for each in names or artifact_names(name):
        artifact = open_artifact(name, each)
        _, task = find_task(name, task_settings(artifact))
        if mode is None:
            refit(task, artifact)
        else:
            with_evidence(artifact, measured(find_app(name), task, artifact, mode), write_card)
        print(f"written: {artifact.path}")


def refit(task: Whole, artifact: Artifact) -> Artifact:
    """The artifact with the constants that the task fits to its graphs now, and the gate's verdict by its metrics."""
    manifest = artifact.manifest
    models = {name: artifact.session(name=name) for name in manifest.graphs}
    reference = exported_reference(task, Recipe.parse(manifest.lineage["recipe"], f"{artifact.path}, lineage"))
    expected, scored = task.scores(reference.sessions()), task.scores(models)
    gate = judge(expected, scored, task.gate_metrics, manifest.evidence["gate"]["keep"])
    for kept in gate.retentions:
        print(f"  gate   {kept}")
    if not gate.passed:
        raise BudgetNotMetError(f"{manifest.name}: {gate.worst}, below the budget's {gate.keep:.0%}: left as it was")
    fitted: Mapping[str, Any] = task.constants(models)
    found = {"gate": gate.to_dict(), "scores": {"reference": metrics(expected), "artifact": metrics(scored)}}
    evidence = {**manifest.evidence, **found, **fitted.get("evidence", {})}
    constants = {key: value for key, value in fitted.items() if key != "evidence"}
    complete = replace(manifest, evidence=evidence, licences=tuple(task.manifest()["licences"]), **constants)
    graphs = {name: artifact.graph(name) for name in manifest.graphs}
    files = {name: artifact.file(name) for name in manifest.files}
    return save_artifact(artifact.path, complete, graphs, write_card(complete), files)


def measured(app: App, task: Whole, artifact: Artifact, mode: Any) -> dict[str, Any]:
    """All measurements again, beside the reference's as the artifact's own recipe exports it."""
    manifest = artifact.manifest
    build = exported_reference(task, Recipe.parse(manifest.lineage["recipe"], f"{artifact.path}, lineage"))
    with tempfile.TemporaryDirectory() as scratch:
        named = replace(manifest, name="reference", precision=build.precision)
        reference = save(build, named, Path(scratch), write_card, task.files())
        return measure_artifact(app, artifact, app.budget().profile(None), reference, mode)


if __name__ == "__main__":
    sys.exit(main())
