"""What an app, or a user with a model of her own, gives the compressor.

A complete Task for a classifier is about 30 lines; see docs/tutorials/your-own-model.md.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from tightrope.compress.scores import Scores

if TYPE_CHECKING:
    import torch

Array = NDArray[Any]
Model = Callable[[Array], Sequence[Array]]
Split = Literal["calibration", "held-out"]


class Task(ABC):
    """A model, the data that judges it, and the constants that travel with it.

    Attributes:
        app: the app or project that it belongs to; the artifact's folder under models/.
        name: the model's name; artifacts are called `<name>-<precision>`.
        gate_metrics: the metrics of `evaluate` of which the budget's share must be kept, each of them.
        input_name, output_names: names of the exported graph's input and outputs.
    """

    app: ClassVar[str]
    name: str
    gate_metrics: ClassVar[tuple[str, ...]]
    input_name: ClassVar[str] = "input"
    output_names: ClassVar[tuple[str, ...]] = ("output",)

    @abstractmethod
    def reference(self) -> torch.nn.Module:
        """The uncompressed model in eval mode."""

    @abstractmethod
    def example(self) -> Array:
        """One model-ready input of the deployed shape and dtype."""

    @abstractmethod
    def calibration(self) -> Iterator[Array]:
        """Model-ready inputs for calibration, one batch at a time, the same ones in the same order on every call."""

    @abstractmethod
    def evaluate(self, model: Model, split: Split = "held-out") -> Scores:
        """Score a callable (model-ready array to output arrays, as the exported graph has them).

        The held-out split judges the artifact, and neither training nor calibration may see it; the calibration
        split guides choices such as mixed precision.
        """

    def manifest(self) -> Mapping[str, Any]:
        """Constants of the artifact: preprocess, postprocess, labels, operating_points, licences."""
        return {"preprocess": {}}

    def fitted(self, model: Model) -> Mapping[str, Any]:
        """Constants that depend on the compressed graph, such as thresholds; they are put into those of `manifest`.

        They may be fitted on the calibration split only. 'evidence' in it becomes part of the artifact's evidence.
        """
        return {}

    def lineage(self) -> Mapping[str, Any]:
        """How the reference came about, for the artifact's lineage."""
        return {}

    def data_digests(self) -> Mapping[str, str]:
        """Digest of each data set that the artifact's numbers rest on, by name."""
        return {}


def first_examples(task: Task, count: int) -> list[Array]:
    """The first `count` calibration inputs."""
    return [np.asarray(x) for x, _ in zip(task.calibration(), range(count), strict=False)]


def data_folder() -> Path:
    """Where the data for training and checking lies: $TIGHTROPE_DATA, or ../shared/data beside the checkout."""
    if chosen := os.environ.get("TIGHTROPE_DATA"):
        return Path(chosen)
    return Path(__file__).resolve().parents[4] / "shared" / "data"
