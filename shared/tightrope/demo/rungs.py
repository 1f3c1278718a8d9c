"""The demo's ladder: every shipped artifact of an app, the slowest and most accurate first, the cheapest last.

Unlike `tightrope.ladder.Ladder` it keeps those that another one beats: the reference stands on it to be compared with.
"""

from __future__ import annotations

from functools import cache

from tightrope.artifact import Artifact
from tightrope.errors import ArtifactError
from tightrope.models import artifact_names, open_artifact


@cache
def rungs(app: str) -> tuple[Artifact, ...]:
    """Opened once for all sessions. Raises ArtifactError if there is none, or one does not verify."""
    artifacts = [open_artifact(app, name) for name in artifact_names(app)]
    if not artifacts:
        raise ArtifactError(f"{app} ships no artifact; make one: tightrope compress {app} --recipe FILE")
    return tuple(sorted(artifacts, key=_slowest_first))


def _slowest_first(artifact: Artifact) -> tuple[float, str]:
    """What was never measured comes last."""
    pipeline = artifact.manifest.evidence.get("pipeline")
    return (-pipeline["total"]["p90"]["value"] if pipeline else 0.0), artifact.manifest.name
