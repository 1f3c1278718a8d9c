"""The artifacts that travel with Tightrope: models/<app>/<artifact>/ in a checkout, tightrope/models in the wheel.

An app that is a distribution of its own has them in its package: <package>/models/<artifact>/.
"""

from __future__ import annotations

import os
from pathlib import Path

from tightrope.app import find_apps
from tightrope.artifact import MANIFEST, Artifact
from tightrope.errors import ArtifactError, nearest


def models_root() -> Path:
    """The folder of shipped models; the environment variable TIGHTROPE_MODELS overrides it."""
    if override := os.environ.get("TIGHTROPE_MODELS"):
        return Path(override)
    package = Path(__file__).parent
    wheel = package / "models"
    return wheel if wheel.is_dir() else package.parents[1] / "models"


def app_models(app: str) -> Path:
    """The folder of an app's artifacts: among the shipped ones, or, of an app of someone else's, in its own package."""
    shipped = models_root() / app
    if shipped.is_dir() or app not in (apps := find_apps()):
        return shipped
    return apps[app].folder / "models"


def artifact_names(app: str) -> list[str]:
    """Names of the artifacts of an app, alphabetically."""
    return sorted(file.parent.name for file in app_models(app).glob(f"*/{MANIFEST}"))


def open_artifact(app: str, name: str) -> Artifact:
    """Load an artifact by the name of a shipped one or by the path of a folder.

    Raises:
        ArtifactError: there is none, or it does not verify.
    """
    if (Path(name) / MANIFEST).exists():
        return Artifact.load(Path(name))
    shipped = artifact_names(app)
    if name not in shipped:
        raise ArtifactError(f"no artifact {name!r} for {app}{nearest(name, shipped)}")
    return Artifact.load(app_models(app) / name)
