"""What the gate compares: right answers where there are labels, else the answers of the fp32 model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tightrope.compress.own.agreement import CLOSENESS, COSINE, TOP1, closeness, cosine, same_class
from tightrope.compress.own.boxes import BoxOutputs
from tightrope.compress.own.labels import Labels
from tightrope.compress.own.settings import OwnSettings
from tightrope.errors import BadInputError, ConfigError, nearest
from tightrope.runtime.session import Array

ACCURACY = "top-1"
BOXES = "box agreement with fp32"
Answer = Sequence[Array]


class Judge(ABC):
    """Scores one answer.

    Attributes:
        gate_metrics: those of which the budget's share must be kept.
        words: what is compared, for people.
        needs_reference: whether `score` looks at the fp32 model's answer.
    """

    gate_metrics: tuple[str, ...]
    words: str
    needs_reference = True

    @abstractmethod
    def score(self, file: Path, expected: Answer, actual: Answer) -> dict[str, float]:
        """Each metric, 0 to 1; `expected` is empty where it is not needed."""


class ByLabels(Judge):
    """Share of files whose highest class score is that of their label."""

    gate_metrics, needs_reference = (ACCURACY,), False

    def __init__(self, output: int, labels: Labels) -> None:
        self.output, self._labels = output, labels
        self.words = f"accuracy: top-1 against the labels ({labels.origin})"

    def score(self, file: Path, expected: Answer, actual: Answer) -> dict[str, float]:
        return {ACCURACY: float(int(np.argmax(actual[self.output])) == self._labels.of(file))}


class ByClasses(Judge):
    """How often the class is that of the fp32 model, and how alike the scores are."""

    gate_metrics = (TOP1, COSINE)
    words = "agreement with the fp32 model: top-1 and cosine of the outputs; no labels, so no accuracy"

    def __init__(self, output: int) -> None:
        self._output = output

    def score(self, file: Path, expected: Answer, actual: Answer) -> dict[str, float]:
        place = self._output
        return {
            TOP1: float(same_class(expected[place], actual[place])),
            COSINE: cosine(expected, actual),
            CLOSENESS: closeness(expected, actual),
        }


class ByOutputs(Judge):
    """How alike the outputs are to those of the fp32 model."""

    gate_metrics = (COSINE,)
    words = "agreement with the fp32 model: cosine of the outputs; no labels, so no accuracy"

    def score(self, file: Path, expected: Answer, actual: Answer) -> dict[str, float]:
        return {COSINE: cosine(expected, actual), CLOSENESS: closeness(expected, actual)}


class ByBoxes(Judge):
    """How many boxes are those of the fp32 model."""

    gate_metrics = (BOXES,)
    words = "agreement with the fp32 model: boxes matched by class and overlap; no labels, so no accuracy"

    def __init__(self, outputs: BoxOutputs) -> None:
        self._outputs = outputs

    def score(self, file: Path, expected: Answer, actual: Answer) -> dict[str, float]:
        return {BOXES: self._outputs.agreement(expected, actual)}


def choose_judge(names: Sequence[str], answer: Answer, labels: Labels | None, settings: OwnSettings) -> Judge:
    """The judge that was asked for, or the strictest that labels and outputs allow.

    Args:
        names: of the outputs.
        answer: one answer of the model, for the shapes of its outputs.

    Raises:
        ConfigError: the flags ask for what is not there.
        BadInputError: there are more, or fewer, classes than outputs.
    """
    if settings.output is not None and settings.output not in names:
        raise ConfigError(f"the model has no output {settings.output!r}{nearest(settings.output, list(names))}")
    places = [
        k
        for k, (name, array) in enumerate(zip(names, answer, strict=True))
        if _scores_classes(array) and settings.output in (None, name)
    ]
    # A vector from arrays is an embedding rather than class scores, as text encoders give it.
    classes = settings.inputs is None and len(names) == 1 and places
    boxes = BoxOutputs.find(answer)
    wanted = settings.judge or ("labels" if labels else "boxes" if boxes else "classes" if classes else "outputs")
    if wanted == "outputs":
        return ByOutputs()
    if wanted == "boxes":
        if boxes is None:
            raise ConfigError(
                "--judge boxes needs outputs of boxes [n, 4] and of their scores [n]; use --judge outputs"
            )
        return ByBoxes(boxes)
    if wanted == "labels" and labels is None:
        raise ConfigError("--judge labels needs subfolders that are the classes, or --labels FILE")
    if not places:
        shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in zip(names, answer, strict=True))
        raise BadInputError(
            f"no output has a score for each class: {shapes}; use --judge outputs for agreement with the fp32 model"
        )
    if wanted == "classes":
        return ByClasses(_only(places, names))
    assert labels is not None
    fitting = [place for place in places if answer[place].size == len(labels.classes)]
    if not fitting:
        sizes = " or ".join(str(answer[place].size) for place in places)
        raise BadInputError(
            f"the labels have {len(labels.classes)} classes ({labels.origin}), and the model's output has {sizes}: "
            "name them all in its order with --classes FILE, or compare with the fp32 model by --judge classes"
        )
    return ByLabels(_only(fitting, names), labels)


def _scores_classes(array: Array) -> bool:
    """[1, C], or [1, C, 1, 1]: two scores at the least."""
    return array.ndim >= 2 and array.shape[0] == 1 and array.size == array.shape[1] >= 2


def _only(places: Sequence[int], names: Sequence[str]) -> int:
    if len(places) > 1:
        found = ", ".join(names[place] for place in places)
        raise ConfigError(f"several outputs may be class scores ({found}): name one with --output")
    return places[0]
