"""Artifacts by where they lie, for those that no installed app has shipped: a model of someone's own, say."""

from __future__ import annotations

from pathlib import Path

from tightrope.app import App, find_apps
from tightrope.artifact import MANIFEST, Artifact
from tightrope.budget import Budget
from tightrope.errors import ArtifactError, ConfigError
from tightrope.report.facts import recorded_budget


def artifacts_at(place: str) -> list[Artifact]:
    """The artifact that this folder is, or those that lie in it, by name; []: it is no such folder, or an app's name.

    Raises:
        ArtifactError: one does not verify.
    """
    if place in find_apps():
        return []
    folder = Path(place)
    if (folder / MANIFEST).is_file():
        return [Artifact.load(folder)]
    return [Artifact.load(file.parent) for file in sorted(folder.glob(f"*/{MANIFEST}"))]


def app_of(artifact: Artifact) -> App | None:
    """The installed app that the artifact belongs to; None: it is a model of someone's own."""
    return find_apps().get(artifact.manifest.app)


def own_budget(artifact: Artifact) -> Budget:
    """The budget that the artifact was made for.

    Raises:
        ArtifactError: its evidence does not say.
        ConfigError: what it says is no budget.
    """
    budget = recorded_budget(artifact.manifest)
    if budget is None:
        raise ArtifactError(f"{artifact.path} does not say which budget it was made for; give one with --budget FILE")
    return budget


def only_folder(place: str) -> None:
    """Raises ConfigError if `place` looks like a path and is none: 'no app' would mislead."""
    if ("/" in place or "\\" in place) and not artifacts_at(place):
        raise ConfigError(f"no artifact in {place}")
