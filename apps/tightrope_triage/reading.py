"""What triage says of one radiograph: a place in the queue and why, never a diagnosis, never 'normal'.

>>> sorted(readings, key=Reading.urgency)     # most urgent first      # doctest: +SKIP
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope_triage.radiograph import Header

NOTICE = "For prioritization only, not for diagnostic use."


class State(str, Enum):
    """The three things that are ever said."""

    PRIORITY = "PRIORITY"
    CANNOT_JUDGE = "CANNOT JUDGE"
    ROUTINE = "ROUTINE"


# What cannot be judged may be anything, so a person looks at it before what was judged to be able to wait.
_ORDER = {State.PRIORITY: 0, State.CANNOT_JUDGE: 1, State.ROUTINE: 2}


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold on the calibrated probability, and what it did on patients that the model never saw.

    `sensitivity` and `specificity` are (value, low, high) with a 95% Wilson interval.
    """

    name: str
    probability: float
    sensitivity: tuple[float, float, float]
    specificity: tuple[float, float, float]


@dataclass(frozen=True)
class Algorithm:
    """Which model spoke: name and digest (sha256 of its graph) of the artifact, version of the software."""

    name: str
    version: str
    digest: str


@dataclass(frozen=True, eq=False)
class Reading:
    """The verdict on one radiograph.

    Attributes:
        reasons: why it cannot be judged, a sentence each; empty for the other states.
        probability: calibrated, 0..1; None where the model was not asked.
        point: the operating point that separated PRIORITY from ROUTINE.
        heat: float32 [h, w], each place's share of the log-odds, over the whole picture; None unless asked for.
        times_ms: milliseconds by stage: preprocess_ms (with decoding), session_ms, postprocess_ms and total_ms of the
            judgement; where results were written also display_ms (the pixels for the eye; they were decoded for the
            judgement already), draw_ms (the picture, with the heat map if there is one) and results_ms (both, and all
            that was written).
    """

    header: Header
    state: State
    algorithm: Algorithm
    point: OperatingPoint
    reasons: tuple[str, ...] = ()
    probability: float | None = None
    heat: NDArray[np.float32] | None = None
    times_ms: dict[str, float] | None = None

    def urgency(self) -> tuple[int, float]:
        """A sort key: PRIORITY by falling probability, then CANNOT JUDGE, then ROUTINE by falling probability."""
        return _ORDER[self.state], -(self.probability or 0.0)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able, without the heat map's pixels."""
        return {
            **self.header.to_dict(),
            "state": self.state.value,
            "reasons": list(self.reasons),
            "probability": self.probability,
            "operating_point": asdict(self.point),
            "algorithm": asdict(self.algorithm),
            "times_ms": self.times_ms,
            "notice": NOTICE,
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False)
