"""What the model and the checks say of one radiograph, before that becomes a place in the queue.

Whoever judges goes through here, `tightrope triage run` and the evaluation alike.

>>> judge = Judge(open_artifact("triage", "lite0-256-int8"))                      # doctest: +SKIP
>>> judge(Source(Path("chest.dcm"))).result.probability                           # doctest: +SKIP
0.83
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from tightrope.artifact import Artifact
from tightrope.errors import ArtifactError
from tightrope.runtime.clock import Clock, SystemClock
from tightrope.runtime.pipeline import Answer, Pipeline
from tightrope_triage import preprocess
from tightrope_triage.checks import header_problems, picture_problems
from tightrope_triage.dicom import Decode, read_dataset, read_radiograph, unsuitable
from tightrope_triage.dicom.codecs import stored_values
from tightrope_triage.evaluation import expit
from tightrope_triage.radiograph import Header, Radiograph

NO_CHEST = "The picture does not look like an upright frontal chest radiograph."


@dataclass(frozen=True)
class Source:
    """What to judge: a DICOM file, a dataset (and which frame of several), or a radiograph that is decoded already.

    `decode` shares a dataset's stored values with somebody else; None: nobody.
    """

    item: Path | Dataset | Radiograph
    frame: int | None = None
    decode: Decode | None = None


@dataclass(frozen=True)
class Context:
    """What the judgement needs besides the model's outputs."""

    header: Header
    problems: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Judgement:
    """The model's opinion, and what speaks against asking it.

    Attributes:
        log_odds: calibrated; there even where it must not be told.
        distance: the gate's; see `Gate.distance`.
        heat: float32 [h, w], each place's share of the log-odds; their sum is the log-odds.
        problems: why it cannot be judged, a sentence each: by the header, the picture, and at last the gate.
    """

    header: Header
    log_odds: float
    distance: float
    heat: NDArray[np.float32]
    problems: tuple[str, ...] = ()

    @property
    def probability(self) -> float:
        return float(expit(self.log_odds))


class Judge:
    """An artifact of the triage app with its constants, as a callable.

    Args:
        artifact: the model with its constants.
        threads: cores that the model may use.
        clock: where the stage times come from.

    Raises:
        ArtifactError: the artifact lacks a constant or an output, or wants another preprocessing than this version has.
    """

    def __init__(self, artifact: Artifact, threads: int = 1, clock: Clock | None = None) -> None:
        manifest = artifact.manifest
        _check_preprocessing(manifest.name, manifest.preprocess)
        self.clock = clock or SystemClock()
        self.session = artifact.session(threads)
        names = [output.name for output in self.session.outputs]
        try:
            self.temperature = float(manifest.postprocess["temperature"])
            self.limit = float(manifest.postprocess["distance_limit"])
            self._places = [names.index(name) for name in ("logit", "distance", "heat")]
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"{manifest.name} is no triage artifact: {error}; install it again") from error
        self._pipeline: Pipeline[Source, Context, Judgement] = Pipeline(
            self.preprocess, self.session, self.postprocess, self.clock
        )

    def __call__(self, source: Source) -> Answer[Judgement]:
        """Judge one frame, whatever its header says of it.

        Raises:
            DicomError: it cannot be read; a subclass says why.
        """
        return self._pipeline(source)

    def preprocess(self, source: Source) -> tuple[NDArray[np.float32], Context]:
        """The network's input, and what is wrong with header and picture."""
        radiograph = _radiograph(source)
        grey = preprocess.to_grey8(radiograph.pixels)
        height, width = radiograph.pixels.shape
        reason = unsuitable(radiograph.header)
        problems = [
            *([reason] if reason else []),
            *header_problems(radiograph.header, (height, width)),
            *picture_problems(grey),
        ]
        return preprocess.to_tensor(grey[None]), Context(radiograph.header, tuple(problems))

    def postprocess(self, outputs: Sequence[Any], context: Context) -> Judgement:
        """The model's outputs, calibrated, beside what is wrong."""
        logit, distance, heat = (np.asarray(outputs[place]) for place in self._places)
        away = float(distance.ravel()[0])
        return Judgement(
            context.header,
            float(logit.ravel()[0]) / self.temperature,
            away,
            (heat[0, 0] / (self.temperature * heat[0, 0].size)).astype(np.float32),
            context.problems if away <= self.limit else (*context.problems, NO_CHEST),
        )


def _radiograph(source: Source) -> Radiograph:
    if isinstance(source.item, Radiograph):
        return source.item
    dataset = source.item if isinstance(source.item, Dataset) else read_dataset(source.item)
    found = read_radiograph(dataset, source.frame, preprocess.ENOUGH_PIXELS, source.decode or stored_values)
    if isinstance(source.item, Path):
        return replace(found, header=replace(found.header, path=source.item))
    return found


def _check_preprocessing(artifact: str, found: Any) -> None:
    expected = {
        "size": preprocess.INPUT_SIZE,
        "mean": preprocess.PIXEL_MEAN,
        "std": preprocess.PIXEL_STD,
        "window_percentiles": list(preprocess.WINDOW_PERCENTILES),
    }
    for name, value in expected.items():
        wanted = found.get(name)
        if (list(wanted) if isinstance(wanted, tuple) else wanted) != value:
            raise ArtifactError(f"{artifact} wants {name} {wanted}, this version has {value}: upgrade tightrope")
