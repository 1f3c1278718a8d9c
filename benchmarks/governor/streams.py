"""Streams of labelled pictures: what a camera shows, picture by picture, and what is to be found in each.

    drive   the bundled drive, forwards and backwards. Rendered: exact labels, quotable for comparisons alone.
    kitti   25 real pictures of KITTI's drive 0052, forwards and backwards. People labelled pictures 7, 14, 21 and 31;
            between them boxes are interpolated, and where an object leaves nothing is scored. All vehicles are one
            class, because KITTI's vans are COCO's cars or trucks; what is found in a DontCare region is neither right
            nor wrong. The drive crawls, and at 20 pictures a second it is shown at twice its speed.
    street  the pictures of `kitti`, each driven through for a second: one of its labelled objects, by lot, shifts and
            grows, measured by its own size, as one of KITTI's tracking sequences does, by lot too, and the picture with
            it; at the picture's edge the way turns back. Real pictures, real labels, a real pace; the way itself is
            not. The first fifth of a second is not scored: a cut is no motion.
    coco    the road pictures of COCO's validation set, driven through in the same way.

How much a scene forgives who is late, `Stream.late` says: the score of a perfect detector whose answers are some
pictures old.

All but `drive` need $TIGHTROPE_DATA.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tightrope.compress.task import data_folder
from tightrope.runtime import Emit
from tightrope_road.annotations.kitti import read_kitti_labels
from tightrope_road.annotations.yolo import read_yolo
from tightrope_road.detections import Detections
from tightrope_road.labels import COCO, ROAD, VEHICLES
from tightrope_road.metrics import DetectionScores, Truth
from tightrope_road.pictures import read_picture
from tightrope_road.workload import SAMPLE

METRICS = ("mAP50-95 all", "mAP50 all")
_CAR = COCO.index("car")
_KINDS = {"Car": "car", "Truck": "truck", "Bus": "bus", "Pedestrian": "person"}
_LEAST_PIXELS = 100
_CLIP, _CUT = 20, 4
_LATEST = 3
_WINDOW, _NEAREST = 1.25, 1.6  # how much what is driven through is enlarged, so that there is picture to every edge
Boxes = NDArray[np.float64]


@dataclass(frozen=True)
class Stream:
    """Pictures in the order in which they are shown, over and over.

    Attributes:
        pictures: BGR, uint8 [h, w, 3].
        truths: of each picture; None: it is not scored.
        ignored: of each picture, boxes [n, 4] in which nothing is scored; empty: nowhere.
        vehicles: all vehicles are one class, and nothing else is looked for.
    """

    name: str
    pictures: Sequence[Any]
    truths: Sequence[Truth | None]
    ignored: Sequence[Boxes] = ()
    vehicles: bool = False

    def shown(
        self, outcomes: Sequence[Any], inputs: int, period_s: float, first: int = 0, start: float = 0.0
    ) -> list[tuple[int, Emit[Any] | None]]:
        """For every input that is scored, its picture, and the newest answer that is there when it is captured.

        Li, Wang and Ramanan, 'Towards Streaming Perception', ECCV 2020. Inputs come every `period_s` from `start`,
        beginning with picture `first`.
        """
        answers = [outcome for outcome in outcomes if isinstance(outcome, Emit)]
        found: list[tuple[int, Emit[Any] | None]] = []
        newest = -1
        for number in range(inputs):
            while newest + 1 < len(answers) and answers[newest + 1].finished_at <= start + number * period_s + 1e-9:
                newest += 1
            picture = (first + number) % len(self.pictures)
            if self.truths[picture] is not None:
                found.append((picture, answers[newest] if newest >= 0 else None))
        return found

    def score(self, pairs: Sequence[tuple[int, Detections | None]]) -> dict[str, float]:
        """Average precision of what was there to be looked at: (picture, detections) of every scored input."""
        nothing = Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64), (1, 1))
        # The same answer is often met by the same picture: each such pair is matched once, and counted.
        places: dict[tuple[int, int], int] = {}
        sample = [places.setdefault((picture, id(there)), len(places)) for picture, there in pairs]
        once = {(picture, id(there)): (picture, nothing if there is None else there) for picture, there in pairs}
        found = [self._admitted(there, picture) for picture, there in once.values()]
        wanted = [truth for picture, _ in once.values() if (truth := self.truths[picture]) is not None]
        scores = DetectionScores(found, wanted, ROAD).on(np.array(sample))
        return {name: round(scores[name], 4) for name in METRICS}

    def late(self, pictures: int) -> dict[str, float]:
        """The score of who finds everything, exactly, but answers so many pictures late, 3 at most."""
        known = [None if truth is None else _perfect(truth) for truth in self.truths]
        # The same pictures are scored however late: those that so many others of their scene go before.
        scored = [n for n in range(len(known)) if None not in [known[n - late] for late in range(_LATEST + 1)]]
        return self.score([(number, known[number - pictures]) for number in scored])

    def _admitted(self, found: Detections, picture: int) -> Detections:
        kept = np.isin(found.classes, VEHICLES) if self.vehicles else np.ones(len(found), bool)
        for left, top, right, bottom in self.ignored[picture] if self.ignored else ():
            low, high = np.maximum(found.boxes[:, :2], (left, top)), np.minimum(found.boxes[:, 2:], (right, bottom))
            inside = np.clip(high - low, 0, None).prod(axis=1)
            kept &= inside < 0.5 * (found.boxes[:, 2:] - found.boxes[:, :2]).prod(axis=1)
        classes = np.full(int(kept.sum()), _CAR) if self.vehicles else found.classes[kept]
        return Detections(found.boxes[kept], found.scores[kept], classes, found.size)


def there_and_back(count: int) -> list[int]:
    """Indices forwards and backwards, the ends once."""
    return [*range(count), *range(count - 2, 0, -1)]


def drive() -> Stream:
    """The bundled drive; labelled is what at least 100 pixels show of."""
    folder = SAMPLE.parent
    visible = [line.split() for line in (folder / "visibility.txt").read_text().splitlines()]
    pixels = {(row[0], row[1]): int(row[4]) for row in visible}
    rows: list[list[tuple[list[float], int]]] = [[] for _ in sorted(SAMPLE.glob("*.jpg"))]
    for row in (line.split() for line in (folder / "label_02.txt").read_text().splitlines()):
        if row[2] in _KINDS and pixels[row[0], row[1]] >= _LEAST_PIXELS:
            rows[int(row[0])].append(([float(value) for value in row[6:10]], COCO.index(_KINDS[row[2]])))
    pictures = [read_picture(file) for file in sorted(SAMPLE.glob("*.jpg"))]
    truths = [_truth([box for box, _ in found], [kind for _, kind in found]) for found in rows]
    order = there_and_back(len(rows))
    return Stream("drive", [pictures[k] for k in order], [truths[k] for k in order])


def kitti() -> Stream:
    """Drive 0052 from its first to its last labelled picture."""
    scenes = _kitti_scenes()
    order = [scenes[k] for k in there_and_back(len(scenes))]
    truths = [_truth(scene.boxes, scene.classes) for scene in order]
    return Stream("kitti", [scene.picture for scene in order], truths, [scene.regions for scene in order], True)


def street() -> Stream:
    """Drive 0052, driven through."""
    return replace(_driven("street", _kitti_scenes()), vehicles=True)


def coco() -> Stream:
    """Road pictures of COCO's validation set, driven through."""
    folder = data_folder() / "coco"
    scenes = []
    for labelled in read_yolo(folder, folder / "images" / "val2017", folder / "labels" / "val2017").pictures:
        picture = read_picture(labelled.path)
        labels = labelled.labels.in_pixels(picture.shape[1], picture.shape[0])
        road = np.isin(labels.classes, ROAD)
        if road.any():
            scenes.append(Scene(picture, labels.boxes[road], labels.classes[road]))
    return _driven("coco", scenes)


@dataclass(frozen=True)
class Scene:
    """A picture, boxes and classes of what is to be found in it, and the regions in which nothing is scored."""

    picture: Any
    boxes: Boxes
    classes: NDArray[np.int64]
    regions: Boxes = field(default_factory=lambda: np.empty((0, 4)))


def _kitti_scenes() -> list[Scene]:
    folder = data_folder() / "kitti-drive-0052"
    labelled = {int(file.stem): _objects(file) for file in sorted((folder / "label_2").glob("*.txt"))}
    scenes: dict[int, Scene] = {}
    for before, after in pairwise(labelled):
        alone = [labelled[before][key] for key in labelled[before].keys() - labelled[after].keys()]
        for k in range(before, after + 1):
            boxes = interpolated(labelled[before], labelled[after], (k - before) / (after - before))
            nearest = min((before, after), key=lambda number: abs(number - k))
            regions = np.array([*_regions(folder / "label_2" / f"{nearest:010d}.txt"), *alone]).reshape(-1, 4)
            picture = read_picture(folder / "image_02" / f"{k:010d}.jpg")
            scenes[k] = Scene(picture, boxes, np.full(len(boxes), _CAR), regions)
    return [scenes[k] for k in sorted(scenes)]


def interpolated(before: dict[str, Boxes], after: dict[str, Boxes], share: float) -> Boxes:
    """Boxes of the objects that both have, so far on the way from one to the other; [n, 4]."""
    common = sorted(before.keys() & after.keys())
    return np.array([(1 - share) * before[key] + share * after[key] for key in common]).reshape(-1, 4)


def _driven(name: str, scenes: Sequence[Scene]) -> Stream:
    """Each scene for a second, at a pace by lot."""
    paces = _paces()
    lot = np.random.default_rng(0)
    pictures: list[Any] = []
    truths: list[Truth | None] = []
    regions: list[Boxes] = []
    for scene in scenes:
        height, width = scene.picture.shape[:2]
        chosen = scene.boxes[lot.integers(len(scene.boxes))]
        way = Way.of((width, height), chosen, paces[lot.integers(len(paces))])
        for step in range(_CLIP):
            scale, shift = way.at(step)
            matrix = np.column_stack([np.eye(2) * scale, shift])
            pictures.append(cv2.warpAffine(scene.picture, matrix, (width, height), flags=cv2.INTER_LINEAR))
            truth = _seen(scene.boxes * scale + np.tile(shift, 2), scene.classes, (width, height))
            truths.append(truth if step >= _CUT else None)
            regions.append(scene.regions * scale + np.tile(shift, 2))
    return Stream(name, pictures, truths, regions)


@dataclass(frozen=True)
class Way:
    """How a picture is shown, step by step: enlarged about an object, which moves.

    Attributes:
        middle: of the object, in the picture.
        low, high: between which places its middle is shown, so that there is picture up to every edge.
        pace: of its middle, in pixels a step.
        growth: of its size, natural logarithm a step.
    """

    middle: Boxes
    low: Boxes
    high: Boxes
    pace: Boxes
    growth: float

    @classmethod
    def of(cls, size: tuple[int, int], box: Boxes, pace: Boxes) -> Way:
        """For a picture of that width and height; `pace` as in `_paces`."""
        edge, middle, extent = np.array(size, float), (box[:2] + box[2:]) / 2, box[2:] - box[:2]
        low, high = edge - _WINDOW * (edge - middle), _WINDOW * middle
        return cls(middle, low, high, pace[:2] * extent * _WINDOW, float(pace[2]))

    def at(self, step: int) -> tuple[float, Boxes]:
        """Scale and shift [2] of the picture: `scale * place + shift` is where a place of it is shown."""
        near, far = np.log(_WINDOW * _NEAREST), np.log(_WINDOW)
        scale = float(np.exp(_turning(self.growth * step + (far if self.growth > 0 else near), far, near)))
        shown = _turning((self.low + self.high) / 2 + self.pace * step, self.low, self.high)
        return scale, shown - scale * self.middle


def _turning(place: Any, low: Any, high: Any) -> Any:
    """`place`, reflected at both ends."""
    beyond = np.mod(place - low, 2 * (high - low))
    return low + np.minimum(beyond, 2 * (high - low) - beyond)


STREAMS: dict[str, Callable[[], Stream]] = {"drive": drive, "kitti": kitti, "street": street, "coco": coco}


def _truth(boxes: Any, classes: Any) -> Truth:
    return Truth(np.array(boxes, np.float32).reshape(-1, 4), np.array(classes, np.int64))


def _objects(file: Path) -> dict[str, Boxes]:
    """Boxes of one label file by what an object keeps while the others move: its size in metres."""
    rows = [line.split() for line in file.read_text().splitlines()]
    return {" ".join([row[0], *row[8:11]]): np.array(row[4:8], float) for row in rows if row[0] != "DontCare"}


def _regions(file: Path) -> Boxes:
    labels = read_kitti_labels(file, Counter())
    return labels.boxes[labels.ignored]


def _paces() -> Boxes:
    """How each whole, labelled object moves in a twentieth of a second, [n, 3].

    Its middle in widths and heights of its own, and its height in natural logarithms.
    """
    paces: list[list[float]] = []
    for file in sorted((data_folder() / "kitti-tracking" / "label_02").glob("*.txt")):
        boxes: dict[tuple[str, int], Boxes] = {}
        for row in (line.split() for line in file.read_text().splitlines()):
            if row[2] != "DontCare" and float(row[3]) == 0:
                boxes[row[1], int(row[0])] = np.array(row[6:10], float)
        pairs = ((box, boxes.get((track, frame + 1))) for (track, frame), box in boxes.items())
        paces += [_moved(box, later) for box, later in pairs if later is not None]
    return np.array(paces) / 2


def _moved(box: Boxes, later: Boxes) -> list[float]:
    size, after = box[2:] - box[:2], later[2:] - later[:2]
    shift = (later[:2] + later[2:] - box[:2] - box[2:]) / 2 / size
    return [*shift, float(np.log(after[1] / size[1]))]


def _seen(boxes: Boxes, classes: NDArray[np.int64], size: tuple[int, int]) -> Truth:
    """Labels where they are shown; what is less than half inside is gone."""
    inside = np.clip(boxes, 0, np.array([*size, *size], float))
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    kept = (inside[:, 2:] - inside[:, :2]).prod(axis=1) >= 0.5 * area
    return _truth(inside[kept], classes[kept])


def _perfect(truth: Truth) -> Detections:
    count = len(truth.classes)
    return Detections(truth.boxes, np.ones(count, np.float32), truth.classes, (1, 1))
