"""The shipped detectors as a ladder for one camera: what is worth running on pictures of its shape, within its period.

A letterbox shows a picture as large as its narrower side lets it, and is padded no further than it needs. A wide
picture is larger in 384x640 than in 416x416, and takes longer; a square one is smaller, and quicker. So which rung is
the best depends on the camera.
"""

from __future__ import annotations

from dataclasses import replace

from tightrope.ladder import Ladder, Rung
from tightrope.models import artifact_names, open_artifact
from tightrope_road.preprocess import Letterbox

_MEASURED = (640, 360)  # the bundled drive's pictures, by which the rungs were timed


def shipped_ladder(period_s: float, size: tuple[int, int] | None) -> Ladder:
    """The shipped ladder as far as it can meet the period by its evidence.

    Args:
        size: width and height of the camera's pictures; None: not known, and taken to be those of the bundled drive.

    Raises:
        ArtifactError: a shipped artifact does not verify.
    """
    artifacts = [open_artifact("road", name) for name in artifact_names("road")]
    return for_pictures(Ladder.of(artifacts).compressed(), size or _MEASURED).within(period_s * 1e3)


def for_pictures(ladder: Ladder, size: tuple[int, int]) -> Ladder:
    """The rungs in the order of their times on pictures of that width and height.

    Without those that show them no larger than a quicker one of the same recipe does. A time is that of the evidence,
    times how much larger the input of the graph is than it was there.
    """
    rungs = [
        replace(rung, latency_ms=rung.latency_ms * _pixels(rung, size) / _pixels(rung, _MEASURED))
        for rung in ladder.rungs
    ]

    def beaten(rung: Rung, by: Rung) -> bool:
        quicker = (by.latency_ms, by.name) < (rung.latency_ms, rung.name)
        return quicker and _recipe(by) == _recipe(rung) and _scale(by, size) >= _scale(rung, size)

    worth = [rung for rung in rungs if not any(beaten(rung, other) for other in rungs)]
    return Ladder(tuple(sorted(worth, key=lambda rung: (-rung.latency_ms, rung.name))))


def _recipe(rung: Rung) -> str:
    return str(rung.artifact.manifest.lineage["recipe"]["name"])


def _letterbox(rung: Rung, size: tuple[int, int]) -> Letterbox:
    manifest = rung.artifact.manifest
    limits = int(manifest.preprocess["width"]), int(manifest.preprocess["height"])
    free = any(step["method"] == "free-sides" for step in manifest.lineage["passes"])
    return Letterbox.fit(size, limits, max(manifest.postprocess["strides"]) if free else None)


def _pixels(rung: Rung, size: tuple[int, int]) -> int:
    """Of the graph's input."""
    width, height = _letterbox(rung, size).target
    return width * height


def _scale(rung: Rung, size: tuple[int, int]) -> float:
    """By how much the rung enlarges such a picture."""
    return _letterbox(rung, size).scaled[0] / size[0]
