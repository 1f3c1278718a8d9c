"""The original beside the compressed one on the same radiograph: what both say, where they look, and their time."""

from __future__ import annotations

from functools import partial
from typing import Any

from tightrope.demo.comparing import Pair
from tightrope.errors import BadInputError
from tightrope_triage.demo.viewing import Viewed
from tightrope_triage.demo.worklist import Asked, triager
from tightrope_triage.dicom import unsuitable
from tightrope_triage.reading import Reading


def compare(shown: Reading, pair: Pair, asked: Asked, heat: bool, threads: int) -> tuple[tuple[Any, Any], str]:
    """Pictures as both judge them (BGR uint8 [h, w, 3], original first), and HTML that says how they differ.

    Args:
        shown: the reading of the case; its object is judged again.

    Raises:
        BadInputError: its header rules it out, so that no network looks at it.
    """
    path = shown.header.path
    if path is None or unsuitable(shown.header) is not None:
        raise BadInputError("no network looks at this object: its header rules it out")
    frame = asked.frame if shown.header.frames > 1 else None
    both = [partial(triager(str(one.path), threads, asked.point), path, frame) for one in pair]
    ratio = pair.timed(both)
    readings = [run().result for run in both]
    pictures = [Viewed.of(path, reading).picture(heat)[..., ::-1] for reading in readings]
    return (pictures[0], pictures[1]), pair.in_words([_said(reading) for reading in readings], ratio)


def _said(reading: Reading) -> str:
    """Such as 'PRIORITY, 0.831 of 0.412', or the reasons of what cannot be judged."""
    if reading.probability is None:
        return f"{reading.state.value}: {' '.join(reading.reasons)}"
    return (
        f"{reading.state.value}, probability {reading.probability:.3f}, first from {reading.point.probability:.3f} on"
    )
