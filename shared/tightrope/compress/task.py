"""What an app, or a user with a model of her own, gives the compressor.

A complete Task for a classifier is about 30 lines; see docs/tutorials/your-own-model.md. A model of several graphs (an
encoder and a decoder, say) is a `Whole`: each of its parts is a Task that goes through the recipe by itself, and all
together are judged by one `scores`.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from numpy.typing import NDArray

from tightrope.compress.candidate import Candidate
from tightrope.compress.scores import Scores
from tightrope.runtime.session import Inputs

if TYPE_CHECKING:
    import torch

Array = NDArray[Any]
Model = Callable[[Any], Sequence[Array]]  # of model-ready `Inputs`
Split = Literal["calibration", "held-out"]
MODEL = "model"  # what the graph of a Task is called


class Whole(ABC):
    """Graphs that are compressed one by one and judged together, and the constants that travel with them.

    Attributes:
        app: the app or project that it belongs to; the artifact's folder under models/.
        name: the model's name; artifacts are called `<name>-<precision>`.
        gate_metrics: the metrics of `scores` of which the budget's share must be kept, each of them.
    """

    app: ClassVar[str]
    name: str
    gate_metrics: tuple[str, ...]

    @abstractmethod
    def parts(self) -> Mapping[str, Task]:
        """A Task for each graph, by the graph's name in the artifact; every recipe's passes go over each."""

    @abstractmethod
    def scores(self, models: Mapping[str, Model], split: Split = "held-out") -> Scores:
        """Score the graphs together, each by its name.

        The held-out split judges the artifact, and neither training nor calibration may see it; the calibration
        split guides choices such as mixed precision.
        """

    def manifest(self) -> Mapping[str, Any]:
        """Constants of the artifact: preprocess, postprocess, labels, operating_points, licences."""
        return {"preprocess": {}}

    def constants(self, models: Mapping[str, Model]) -> Mapping[str, Any]:
        """Constants that depend on the compressed graphs, such as thresholds; they are put into those of `manifest`.

        They may be fitted on the calibration split only. 'evidence' in it becomes part of the artifact's evidence.
        """
        return {}

    def files(self) -> Mapping[str, bytes]:
        """What else the runtime needs in the artifact's folder, by file name: a vocabulary, say."""
        return {}

    def lineage(self) -> Mapping[str, Any]:
        """How the reference came about, for the artifact's lineage."""
        return {}

    def data_digests(self) -> Mapping[str, str]:
        """Digest of each data set that the artifact's numbers rest on, by name."""
        return {}


class Task(Whole):
    """One model, and the data that judges it.

    Attributes:
        input_name: name of the exported graph's input, if it has one; several are called as `example` calls them.
        output_names: names of its outputs.
        free_axes: the axes whose size is not fixed, by input: {"source": {0: "batch", 1: "length"}}. Axes of the same
            name have the same size; in `example` it is 2 at the least.
    """

    input_name: ClassVar[str] = "input"
    output_names: Sequence[str] = ("output",)
    free_axes: Mapping[str, Mapping[int, str]] = MappingProxyType({})

    def parts(self) -> Mapping[str, Task]:
        return {MODEL: self}

    def scores(self, models: Mapping[str, Model], split: Split = "held-out") -> Scores:
        return self.evaluate(models[MODEL], split)

    def constants(self, models: Mapping[str, Model]) -> Mapping[str, Any]:
        return self.fitted(models[MODEL])

    @abstractmethod
    def reference(self) -> torch.nn.Module:
        """The uncompressed model in eval mode."""

    def origin(self) -> Candidate:
        """What a recipe's passes start from: the reference; a task that has only a graph gives that."""
        return Candidate(module=self.reference())

    @abstractmethod
    def example(self) -> Inputs:
        """One model-ready input of the deployed shape and dtype: an array, or an array for each input by name."""

    @abstractmethod
    def calibration(self) -> Iterator[Inputs]:
        """Model-ready inputs for calibration, one batch at a time, the same ones in the same order on every call."""

    def training(self) -> Iterator[Inputs]:
        """Inputs without labels for passes that learn from the reference, as `calibration` gives its own."""
        return self.calibration()

    def divergence(self, teacher: Sequence[torch.Tensor], student: Sequence[torch.Tensor]) -> torch.Tensor | None:
        """How far a student's outputs are from its teacher's, for such passes: a scalar, 0 where they are the same.

        None, as here: the squared error of each output, over its variance.
        """
        return None

    @abstractmethod
    def evaluate(self, model: Model, split: Split = "held-out") -> Scores:
        """Score a callable (model-ready input to output arrays, as the exported graph has them); see `Whole.scores`."""

    def fitted(self, model: Model) -> Mapping[str, Any]:
        """Constants that depend on the compressed graph; see `Whole.constants`."""
        return {}


def first_examples(task: Task, count: int) -> list[Inputs]:
    """The first `count` calibration inputs."""
    return list(islice(task.calibration(), count))


def data_folder() -> Path:
    """Where the data for training and checking lies: $TIGHTROPE_DATA, or ../shared/data beside the checkout."""
    if chosen := os.environ.get("TIGHTROPE_DATA"):
        return Path(chosen)
    return Path(__file__).resolve().parents[4] / "shared" / "data"
