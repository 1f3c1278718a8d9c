"""From a DICOM file to its place in the queue.

>>> triager = Triager.load("lite0-256-int8")                      # doctest: +SKIP
>>> triager(Path("chest.dcm")).result.state                       # doctest: +SKIP
<State.PRIORITY: 'PRIORITY'>
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from tightrope import __version__
from tightrope.artifact import Artifact
from tightrope.models import open_artifact
from tightrope.runtime.clock import Clock
from tightrope.runtime.pipeline import Answer, Pipeline
from tightrope_triage.dicom import Decode, unsuitable
from tightrope_triage.judging import Context, Judge, Source
from tightrope_triage.points import OperatingPoints
from tightrope_triage.radiograph import Header
from tightrope_triage.reading import Algorithm, Reading, State

DEFAULT_POINT = "sensitivity-95"


class Triager:
    """An artifact of the triage app as a callable.

    Args:
        artifact: the model with its constants.
        threads: cores that the model may use.
        point: the operating point's name, such as 'sensitivity-95'.
        heat: keep the heat map in the reading.
        clock: where the stage times come from.

    Raises:
        ArtifactError: the artifact is no triage model, or wants another version of this software.
        ConfigError: the artifact has no such operating point.
    """

    def __init__(
        self,
        artifact: Artifact,
        threads: int = 1,
        point: str = DEFAULT_POINT,
        heat: bool = False,
        clock: Clock | None = None,
    ) -> None:
        manifest = artifact.manifest
        self.artifact, self.heat = artifact, heat
        self.points = OperatingPoints.of(manifest, point)
        self.algorithm = Algorithm(manifest.name, __version__, manifest.graphs["model"].sha256)
        self._judge = Judge(artifact, threads, clock)
        self.pipeline: Pipeline[Source, Context, Reading] = Pipeline(
            self._judge.preprocess, self._judge.session, self._reading, clock
        )

    @classmethod
    def load(cls, model: str, threads: int = 1, point: str = DEFAULT_POINT, heat: bool = False) -> Triager:
        """Open a shipped artifact by name, or any by its folder. Raises ArtifactError if there is none."""
        return cls(open_artifact("triage", model), threads, point, heat)

    def __call__(self, item: Path | Dataset, frame: int | None = None, decode: Decode | None = None) -> Answer[Reading]:
        """Judge a DICOM file or dataset; `decode` as in `Source`.

        Raises:
            DicomError: it cannot be read; a subclass says why.
        """
        answer = self.pipeline(Source(item, frame, decode))
        return Answer(replace(answer.result, times_ms=answer.times.to_dict()), answer.times)

    def refuse(self, header: Header, reasons: tuple[str, ...]) -> Reading:
        """CANNOT JUDGE without a look at the pixels."""
        return Reading(header, State.CANNOT_JUDGE, self.algorithm, self.points.at(header.age_years), reasons)

    def judge(
        self, item: Path | Dataset, header: Header, frame: int | None = None, decode: Decode | None = None
    ) -> Reading:
        """As calling it, but an object that its header rules out is refused before its pixels are decoded.

        `frame` is for objects of several frames: those of one are judged by that one.
        """
        if (reason := unsuitable(header)) is not None:
            return self.refuse(header, (reason,))
        return self(item, frame if header.frames > 1 else None, decode).result

    def _reading(self, outputs: Sequence[Any], context: Context) -> Reading:
        judgement = self._judge.postprocess(outputs, context)
        if judgement.problems:
            return self.refuse(judgement.header, judgement.problems)
        point = self.points.at(judgement.header.age_years)
        state = State.PRIORITY if judgement.probability >= point.probability else State.ROUTINE
        heat = judgement.heat if self.heat else None
        return Reading(judgement.header, state, self.algorithm, point, (), judgement.probability, heat)
