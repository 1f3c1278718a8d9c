"""From a DICOM file to its place in the queue.

>>> triager = Triager.load("lite0-256-int8")                      # doctest: +SKIP
>>> triager(Path("chest.dcm")).result.state                       # doctest: +SKIP
<State.PRIORITY: 'PRIORITY'>
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from tightrope import __version__
from tightrope.artifact import Artifact
from tightrope.errors import ConfigError, nearest
from tightrope.models import open_artifact
from tightrope.runtime.clock import Clock
from tightrope.runtime.pipeline import Answer, Pipeline
from tightrope_triage.checks import header_problems, picture_problems
from tightrope_triage.dicom import read_dataset, read_radiograph, unsuitable
from tightrope_triage.preprocess import to_grey8, to_tensor
from tightrope_triage.radiograph import Header
from tightrope_triage.reading import Algorithm, OperatingPoint, Reading, State

DEFAULT_POINT = "sensitivity-95"
ADULT_YEARS = 18
# JPEG 2000 is decoded no further than to this many pixels of the shorter side, twice what the model looks at.
_ENOUGH_PIXELS = 512
_NO_CHEST = "The picture does not look like an upright frontal chest radiograph."


@dataclass(frozen=True)
class Source:
    """A frame to judge: a file or a dataset, and which frame of several."""

    item: Path | Dataset
    frame: int | None = None


@dataclass(frozen=True)
class Context:
    """What the verdict needs besides the model's outputs."""

    header: Header
    problems: tuple[str, ...]


class Triager:
    """An artifact of the triage app as a callable.

    Args:
        artifact: the model with its constants.
        threads: cores that the model may use.
        point: the operating point's name, such as 'sensitivity-95'.
        heat: keep the heat map in the reading.
        clock: where the stage times come from.

    Raises:
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
        if point not in manifest.operating_points:
            raise ConfigError(f"no operating point {point!r}{nearest(point, list(manifest.operating_points))}")
        self.artifact, self.heat = artifact, heat
        self.algorithm = Algorithm(manifest.name, __version__, manifest.graphs["model"].sha256)
        self._size = int(manifest.preprocess["size"])
        self._constants = manifest.postprocess
        self._points = {
            group: OperatingPoint(
                f"{point} {group}", value["probability"], tuple(value["sensitivity"]), tuple(value["specificity"])
            )
            for group, value in manifest.operating_points[point].items()
        }
        self.pipeline: Pipeline[Source, Context, Reading] = Pipeline(
            self._preprocess, artifact.session(threads), self._postprocess, clock
        )

    @classmethod
    def load(cls, model: str, threads: int = 1, point: str = DEFAULT_POINT, heat: bool = False) -> Triager:
        """Open a shipped artifact by name, or any by its folder. Raises ArtifactError if there is none."""
        return cls(open_artifact("triage", model), threads, point, heat)

    def __call__(self, item: Path | Dataset, frame: int | None = None) -> Answer[Reading]:
        """Judge a DICOM file or dataset.

        Raises:
            DicomError: it cannot be read; a subclass says why.
        """
        answer = self.pipeline(Source(item, frame))
        return Answer(replace(answer.result, times_ms=answer.times.to_dict()), answer.times)

    def refuse(self, header: Header, reasons: tuple[str, ...]) -> Reading:
        """CANNOT JUDGE without a look at the pixels."""
        return Reading(header, State.CANNOT_JUDGE, self.algorithm, self._point_for(header), reasons)

    def judge(self, item: Path | Dataset, header: Header, frame: int | None = None) -> Reading:
        """As calling it, but an object that its header rules out is refused before its pixels are decoded."""
        if (reason := unsuitable(header)) is not None:
            return self.refuse(header, (reason,))
        return self(item, frame).result

    def _preprocess(self, source: Source) -> tuple[NDArray[np.float32], Context]:
        dataset = source.item if isinstance(source.item, Dataset) else read_dataset(source.item)
        radiograph = read_radiograph(dataset, source.frame, at_least=_ENOUGH_PIXELS)
        header = radiograph.header
        if isinstance(source.item, Path):
            header = replace(header, path=source.item)
        grey = to_grey8(radiograph.pixels, self._size)
        height, width = radiograph.pixels.shape
        reason = unsuitable(header)
        problems = [*([reason] if reason else []), *header_problems(header, (height, width)), *picture_problems(grey)]
        return to_tensor(grey[None]), Context(header, tuple(problems))

    def _postprocess(self, outputs: Sequence[Any], context: Context) -> Reading:
        logit, distance, heat = (np.asarray(output) for output in outputs)
        point = self._point_for(context.header)
        problems = context.problems
        if float(distance.ravel()[0]) > self._constants["distance_limit"]:
            problems = (*problems, _NO_CHEST)
        if problems:
            return Reading(context.header, State.CANNOT_JUDGE, self.algorithm, point, problems)
        temperature = self._constants["temperature"]
        probability = float(1 / (1 + np.exp(-float(logit.ravel()[0]) / temperature)))
        state = State.PRIORITY if probability >= point.probability else State.ROUTINE
        places = (heat[0, 0] / (temperature * heat[0, 0].size)).astype(np.float32) if self.heat else None
        return Reading(context.header, state, self.algorithm, point, (), probability, places)

    def _point_for(self, header: Header) -> OperatingPoint:
        """Of the group that the age names; without an age the one that calls more cases urgent."""
        if header.age_years is None:
            return min(self._points.values(), key=lambda point: point.probability)
        return self._points["child" if header.age_years < ADULT_YEARS else "adult"]
