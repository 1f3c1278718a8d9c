"""The Task of a model that someone brings: made from flags and a folder, without a line of her own code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tightrope.compress.candidate import Candidate
from tightrope.compress.own.brought import Brought
from tightrope.compress.own.files import Files
from tightrope.compress.own.judge import Answer, ByLabels, Judge
from tightrope.compress.own.reader import Reader
from tightrope.compress.own.settings import OwnSettings
from tightrope.compress.scores import MeanScores
from tightrope.compress.task import Model, Split, Task
from tightrope.errors import ConfigError
from tightrope.runtime.session import Inputs

if TYPE_CHECKING:
    import torch

APP = "own"
_KEPT_BYTES = 512_000_000  # of the fp32 model's answers, so that each is computed once


class OwnTask(Task):
    """A model, files that calibrate and judge it, and how they are compared; `open_own` makes one.

    Args:
        target: as `tightrope compress` was given it.
        settings: the flags, with what was guessed filled in, so that the same task can be made again.
        model: the fp32 model.
        data: the files of both splits.
        reader: a file to model-ready inputs.
        judge: compares answers.
        classes: their names, by number; none where they are not known.
    """

    app = APP

    def __init__(
        self,
        target: str,
        settings: OwnSettings,
        model: Brought,
        data: Files,
        reader: Reader,
        judge: Judge,
        classes: tuple[str, ...],
    ) -> None:
        self.target, self.settings, self.model, self.data = target, settings, model, data
        self.reader, self.judge, self.classes = reader, judge, classes
        self.name, self.output_names, self.gate_metrics = model.name, model.outputs, judge.gate_metrics
        self._answers: dict[Path, Answer] = {}
        self._kept = 0

    def origin(self) -> Candidate:
        return self.model.origin

    def reference(self) -> torch.nn.Module:
        if self.model.origin.module is None:
            raise ConfigError(
                f"{self.target} is a graph without a torch network behind it: leave passes that train, such as "
                "distil, out of its recipe"
            )
        return self.model.origin.module

    def example(self) -> Inputs:
        return self.reader.read(self.data.calibration[0])

    def calibration(self) -> Iterator[Inputs]:
        return map(self.reader.read, self.data.calibration)

    def evaluate(self, model: Model, split: Split = "held-out") -> MeanScores:
        rows = []
        for file in self.data.of(split):
            inputs = self.reader.read(file)
            expected = self._expected(file, inputs) if self.judge.needs_reference else ()
            rows.append(self.judge.score(file, expected, model(inputs)))
        return MeanScores({name: np.array([row[name] for row in rows]) for name in rows[0]})

    def fitted(self, model: Model) -> Mapping[str, Any]:
        return {"evidence": {"judged_by": self.judge.words}}

    def manifest(self) -> Mapping[str, Any]:
        return {"preprocess": self.reader.constants(), "labels": self.classes}

    def lineage(self) -> Mapping[str, Any]:
        said = self.settings.model_dump(exclude_none=True)
        return {"own": {"target": self.target, "settings": said}, "model_sha256": self.model.digest}

    def data_digests(self) -> Mapping[str, str]:
        return {split: self.data.digest(split) for split in ("calibration", "held-out")}

    @property
    def labelled(self) -> bool:
        """Whether accuracy is judged, and not agreement."""
        return isinstance(self.judge, ByLabels)

    def _expected(self, file: Path, inputs: Inputs) -> Answer:
        """The fp32 model's answer, remembered while there is room."""
        if file in self._answers:
            return self._answers[file]
        answer = self.model.run(inputs)
        size = sum(array.nbytes for array in answer)
        if self._kept + size <= _KEPT_BYTES:
            self._answers[file], self._kept = answer, self._kept + size
        return answer
