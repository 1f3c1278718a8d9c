"""What is compared: each case is a Task, what of ours is measured on it, and whether its accuracy means anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from tightrope.compress.task import Task

_RECIPES = Path(__file__).parent / "recipes"
MIXED, SMALLER, STATIC = (_RECIPES / f"{name}.toml" for name in ("mixed", "smaller", "static"))


@dataclass(frozen=True)
class Case:
    """One model to compress.

    Attributes:
        make: gives its Task; imports torch, so only where it is needed.
        recipes: those of ours that are run on it.
        shipped: artifacts of the app that are measured as they lie there.
        reference: the one that has the reference's weights.
        scored: whether its weights were trained; else only speed is compared.
        learn: trains the weights that the Task needs, into a file, where nobody else did.
    """

    name: str
    title: str
    make: Callable[[], Task]
    recipes: tuple[Path, ...]
    shipped: tuple[str, ...] = ()
    reference: str = ""
    scored: bool = True
    learn: Callable[[Path], None] | None = None


def _road() -> Task:
    from tightrope_road.task import RoadTask

    return RoadTask()


def _triage() -> Task:
    from tightrope_triage.task import TriageTask

    return TriageTask()


def _radiographs(network: str, weights: Path | None = None) -> Task:
    from networks import RadiographTask

    return RadiographTask(network, weights)


def _learn(network: str, file: Path) -> None:
    from networks import learn

    learn(network, file)


def all_cases(work: Path) -> Mapping[str, Case]:
    """The cases by name; `work` holds the weights that were trained for them."""

    def torchvision(name: str, network: str, title: str, trained: bool) -> Case:
        weights = weights_file(work, name) if trained else None
        make = partial(_radiographs, network, weights)
        if trained:
            return Case(name, title, make, (MIXED, SMALLER), learn=partial(_learn, network))
        return Case(name, title, make, (STATIC,), scored=False)

    cases = (
        Case("road", "NanoDet-g, 416 x 416, COCO", _road, (MIXED,), ("nanodet-416-int8",), "nanodet-416-fp16"),
        Case(
            "triage",
            "EfficientNet-Lite0, 256 x 256, radiographs",
            _triage,
            (MIXED,),
            ("lite0-256-int8",),
            "lite0-256-fp16",
        ),
        torchvision("mobilenet-v2", "mobilenet_v2", "MobileNetV2, 224 x 224, radiographs", True),
        torchvision("resnet-18", "resnet18", "ResNet-18, 224 x 224, radiographs", True),
        torchvision("mobilenet-v3-large", "mobilenet_v3_large", "MobileNetV3-Large, 224 x 224", False),
        torchvision("resnet-50", "resnet50", "ResNet-50, 224 x 224", False),
    )
    return MappingProxyType({case.name: case for case in cases})


def weights_file(work: Path, name: str) -> Path:
    """Where the weights of a case lie that is trained for this."""
    return work / name / "weights.safetensors"
