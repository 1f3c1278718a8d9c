"""From the rungs that a search found to artifacts: compressed again, judged on the held-out split, measured, saved."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tightrope.app import App
from tightrope.artifact import Artifact
from tightrope.budget import Budget
from tightrope.compress.flow import build_manifest, compress, save, with_evidence
from tightrope.compress.progress import Progress
from tightrope.compress.recipe import Recipe
from tightrope.compress.search.trials import Trial
from tightrope.compress.task import Whole
from tightrope.errors import BudgetNotMetError
from tightrope.measure.evidence import Mode, measure_artifact
from tightrope.report.card import write_card


@dataclass(frozen=True)
class Made:
    """What became of one trial: its artifact, or why there is none."""

    trial: Trial
    artifact: Artifact | None
    why: str = ""


@dataclass(frozen=True)
class Maker:
    """Makes artifacts from trials.

    Attributes:
        budget: judged and measured against; its `keep` is the gate's.
        folder: gets a folder an artifact, named after the task, the trial and the precision.
        command: as it goes into the lineage.
    """

    task: Whole
    app: App | None
    budget: Budget
    folder: Path
    command: str
    mode: Mode = "rapid"
    progress: Progress = print

    def make(self, trials: Sequence[Trial]) -> list[Made]:
        """One after the other; a recipe that fails the gate leaves a reason in place of an artifact."""
        return [self._make(trial) for trial in trials]

    def _make(self, trial: Trial) -> Made:
        recipe = Recipe.parse(dict(trial.recipe), f"trial {trial.number}")
        self.progress(f"rung from trial {trial.number}")
        try:
            made = compress(self.task, recipe, self.budget.keep, self.progress)
        except BudgetNotMetError as error:
            return Made(trial, None, str(error))
        name = f"{self.task.name}-{trial.number:02d}-{made.candidate.precision}"
        manifest = build_manifest(self.task, recipe, self.budget, made, self.command, name)
        artifact = save(made.candidate, manifest, self.folder, write_card, self.task.files())
        with tempfile.TemporaryDirectory() as scratch:
            named = replace(manifest, name="reference", precision=made.reference.precision)
            reference = save(made.reference, named, Path(scratch), write_card, self.task.files())
            evidence = measure_artifact(self.app, artifact, self.budget, reference, self.mode, self.progress)
        return Made(trial, with_evidence(artifact, evidence, write_card))
