"""The shipped detectors as a ladder for one camera: what is worth running on pictures of its shape, within its period.

A letterbox shows a picture as large as its narrower side lets it. A square one is larger in 416x416 than in 384x640,
which takes longer; a wide one is larger in 384x640. So which rung is the best depends on the camera.
"""

from __future__ import annotations

from tightrope.ladder import Ladder, Rung
from tightrope.models import artifact_names, open_artifact


def shipped_ladder(period_s: float, size: tuple[int, int] | None) -> Ladder:
    """The shipped ladder as far as it can meet the period by its evidence.

    Args:
        size: width and height of the camera's pictures; None: not known, and all shapes are kept.

    Raises:
        ArtifactError: a shipped artifact does not verify.
    """
    artifacts = [open_artifact("road", name) for name in artifact_names("road")]
    ladder = Ladder.of(artifacts).compressed().within(period_s * 1e3)
    return ladder if size is None else for_pictures(ladder, *size)


def for_pictures(ladder: Ladder, width: int, height: int) -> Ladder:
    """Without the rungs that show a picture of this size no larger than a quicker one of the same recipe does."""

    def beaten(rung: Rung, by: Rung) -> bool:
        return (
            by.latency_ms < rung.latency_ms
            and _recipe(by) == _recipe(rung)
            and _scale(by, width, height) >= _scale(rung, width, height)
        )

    return Ladder(tuple(rung for rung in ladder.rungs if not any(beaten(rung, other) for other in ladder.rungs)))


def _recipe(rung: Rung) -> str:
    return str(rung.artifact.manifest.lineage["recipe"]["name"])


def _scale(rung: Rung, width: int, height: int) -> float:
    """By how much the rung's letterbox enlarges such a picture."""
    fitted = rung.artifact.manifest.preprocess
    return min(float(fitted["width"]) / width, float(fitted["height"]) / height)
