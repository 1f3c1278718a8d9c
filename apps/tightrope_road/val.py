"""How good the detections are on a labelled set: average precision by COCO's official protocol.

Ten IoU thresholds from 0.50 to 0.95, 101 recall points, at most 100 boxes a picture, every box above confidence 0.001,
crowds and ignored regions neither right nor wrong (cocodataset.org, 'Detection evaluation'; the arithmetic is
faster-coco-eval's). A class without a label in the set is not part of a mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tightrope.errors import BadInputError, MissingExtraError
from tightrope.interrupt import Stop
from tightrope.measure.statistics import Percentiles
from tightrope.runtime.pipeline import Answer
from tightrope_road.annotations import LabelledPicture, Labels
from tightrope_road.detections import Detections
from tightrope_road.labels import COCO, ROAD
from tightrope_road.pictures import read_picture
from tightrope_road.preprocess import Picture

SCORE = 0.001
MAX_DETECTIONS = 100


@dataclass(frozen=True)
class ClassScore:
    """Average precision of one class: over all IoU thresholds, and at 0.50; `objects` labels were to be found."""

    name: str
    ap: float
    ap50: float
    objects: int


@dataclass(frozen=True)
class Precision:
    """Average precision of every class that has a label in the set, by class index."""

    classes: dict[int, ClassScore]

    def mean(self, selection: Sequence[int] = range(len(COCO))) -> tuple[float, float] | None:
        """(mAP50-95, mAP50) over the selected classes that are there; None if none is."""
        chosen = [score for index, score in self.classes.items() if index in selection]
        if not chosen:
            return None
        return float(np.mean([c.ap for c in chosen])), float(np.mean([c.ap50 for c in chosen]))

    def to_dict(self) -> dict[str, Any]:
        means = {"all": self.mean(), "road": self.mean(ROAD)}
        return {
            **{key: value and {"mAP50-95": value[0], "mAP50": value[1]} for key, value in means.items()},
            "classes": [vars(score) for score in self.classes.values()],
        }


@dataclass
class Validation:
    """Pictures of a labelled set with what was found in them.

    Attributes:
        labels: of every picture that could be read, in pixels.
        found: the detections in the same pictures.
        total_ms: time of the whole pipeline for each.
        unusable: a message a picture that could not be read.
    """

    labels: list[Labels] = field(default_factory=list)
    found: list[Detections] = field(default_factory=list)
    total_ms: list[float] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)

    def precision(self) -> Precision:
        return average_precision(self.labels, self.found)

    def latency(self) -> Percentiles:
        return Percentiles.of(self.total_ms)


def validate(
    detector: Callable[[Picture], Answer[Detections]],
    pictures: Sequence[LabelledPicture],
    stop: Stop,
    done: Callable[[], None] = lambda: None,
) -> Validation:
    """Run the detector, which must report boxes down to SCORE, on every picture until `stop` is set."""
    validation = Validation()
    for item in pictures:
        if stop.is_set():
            break
        try:
            picture = read_picture(item.path)
        except BadInputError as error:
            validation.unusable.append(str(error))
        else:
            answer = detector(picture)
            validation.labels.append(item.labels.in_pixels(picture.shape[1], picture.shape[0]))
            validation.found.append(answer.result)
            validation.total_ms.append(answer.times.total_ms)
        done()
    return validation


def average_precision(labels: Sequence[Labels], found: Sequence[Detections]) -> Precision:
    """COCO's average precision of detections on the labels of the same pictures, in the same order.

    Args:
        labels: in pixels.
        found: at confidence SCORE, at most MAX_DETECTIONS a picture.

    Raises:
        MissingExtraError: faster-coco-eval is not installed.
    """
    try:
        from faster_coco_eval import COCO as CocoSet  # noqa: N811
        from faster_coco_eval import COCOeval_faster
    except ImportError as error:
        raise MissingExtraError("scoring by COCO's protocol", "val") from error
    objects = np.bincount(
        np.concatenate([np.empty(0, np.int64), *(item.classes[~item.ignored] for item in labels)]), minlength=len(COCO)
    )
    present = [int(index) for index in np.flatnonzero(objects)]
    results = _results(found, present)
    if not present or not results:
        return Precision({index: ClassScore(COCO[index], 0.0, 0.0, int(objects[index])) for index in present})
    truth = CocoSet(_truth(labels, found, present))
    evaluation = COCOeval_faster(truth, truth.loadRes(results), iouType="bbox", print_function=lambda *_: None)
    evaluation.params.catIds = present
    evaluation.params.maxDets = [1, 10, MAX_DETECTIONS]
    evaluation.evaluate()
    evaluation.accumulate()
    # [IoU thresholds, recalls, classes, object sizes (0: all), largest numbers of boxes (-1: the last)]
    precision = evaluation.eval["precision"][:, :, :, 0, -1]
    return Precision(
        {
            index: ClassScore(
                COCO[index],
                float(precision[:, :, column].mean()),
                float(precision[0, :, column].mean()),
                int(objects[index]),
            )
            for column, index in enumerate(present)
        }
    )


def _truth(labels: Sequence[Labels], found: Sequence[Detections], present: Sequence[int]) -> dict[str, Any]:
    """The labels as a COCO set; a region that is ignored for any class is a crowd of each."""
    images = [{"id": k, "width": d.size[0], "height": d.size[1]} for k, d in enumerate(found, 1)]
    annotations: list[dict[str, Any]] = []
    for k, item in enumerate(labels, 1):
        for box, index, ignored, area in zip(item.boxes, item.classes, item.ignored, item.areas, strict=True):
            left, top, right, bottom = (float(value) for value in box)
            width, height = right - left, bottom - top
            for category in present if index < 0 else (int(index),):
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": k,
                        "category_id": category,
                        "bbox": [left, top, width, height],
                        "area": width * height if np.isnan(area) else float(area),
                        "iscrowd": int(ignored),
                    }
                )
    return {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": index, "name": COCO[index]} for index in present],
    }


def _results(found: Sequence[Detections], present: Sequence[int]) -> list[dict[str, Any]]:
    results = []
    for k, item in enumerate(found, 1):
        for (left, top, right, bottom), score, index in zip(
            item.boxes.astype(float).tolist(), item.scores.tolist(), item.classes.tolist(), strict=True
        ):
            if index in present:
                box = [left, top, right - left, bottom - top]
                results.append({"image_id": k, "category_id": index, "bbox": box, "score": score})
    return results
