"""An artifact's verdict on pixels, stage by stage, with the time that each took.

>>> judge = Judge(open_artifact("triage", "triage-int8"))         # doctest: +SKIP
>>> judge(pixels).probability
0.83
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tightrope.artifact import Artifact
from tightrope.errors import ArtifactError
from tightrope.runtime.clock import Clock, SystemClock
from tightrope_triage import preprocess
from tightrope_triage.evaluation import expit


@dataclass(frozen=True)
class Judgement:
    """What the graph says: calibrated log-odds, and the gate's distance per dimension; milliseconds by stage."""

    log_odds: float
    distance: float
    times_ms: dict[str, float] = field(default_factory=dict)

    @property
    def probability(self) -> float:
        return float(expit(self.log_odds))


class Judge:
    """The model with the constants of its artifact.

    Raises:
        ArtifactError: the artifact lacks a constant or an output, or wants another preprocessing than this version has.
    """

    def __init__(self, artifact: Artifact, threads: int = 1, clock: Clock | None = None) -> None:
        manifest = artifact.manifest
        self.clock = clock or SystemClock()
        self.session = artifact.session(threads)
        names = [output.name for output in self.session.outputs]
        expected = {
            "size": preprocess.INPUT_SIZE,
            "mean": preprocess.PIXEL_MEAN,
            "std": preprocess.PIXEL_STD,
            "window_percentiles": list(preprocess.WINDOW_PERCENTILES),
        }
        for name, value in expected.items():
            found = manifest.preprocess.get(name)
            if (list(found) if isinstance(found, tuple) else found) != value:
                raise ArtifactError(
                    f"{manifest.name} wants {name} {found}, this version has {value}: upgrade tightrope"
                )
        try:
            self.temperature = float(manifest.postprocess["temperature"])
            self.limit = float(manifest.postprocess["distance_limit"])
            self.logit, self.gate = names.index("logit"), names.index("distance")
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"{manifest.name} is no triage artifact: {error}; install it again") from error

    def __call__(self, pixels: NDArray[np.generic]) -> Judgement:
        """Judge one radiograph [H, W], bright is dense, of any real dtype."""
        started = self.clock.now()
        image = preprocess.preprocess(pixels)
        prepared = self.clock.now()
        outputs = self.session(image)
        answered = self.clock.now()
        log_odds = float(outputs[self.logit].ravel()[0]) / self.temperature
        distance = float(outputs[self.gate].ravel()[0])
        ended = self.clock.now()
        times = {"preprocess": prepared - started, "session": answered - prepared, "postprocess": ended - answered}
        return Judgement(log_odds, distance, {stage: 1e3 * seconds for stage, seconds in times.items()})

    def accepts(self, judgement: Judgement) -> bool:
        """Whether the gate takes it for a frontal chest radiograph."""
        return judgement.distance <= self.limit
