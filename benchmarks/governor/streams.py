"""Streams of labelled pictures: what a camera shows, picture by picture, and what is to be found in each.

    drive   the bundled drive, forwards and backwards. Rendered: exact labels, quotable for comparisons alone.
    kitti   25 real pictures of KITTI's drive 0052, forwards and backwards. People labelled pictures 7, 14, 21 and 31;
            between them boxes are interpolated, and where an object leaves nothing is scored. All vehicles are one
            class, because KITTI's vans are COCO's cars or trucks; what is found in a DontCare region is neither right
            nor wrong. The drive crawls, and at 20 pictures a second it is shown at twice its speed.
    coco    the road pictures of COCO's validation set, each driven into for a second: it grows about its middle as fast
            as a labelled object of KITTI's tracking sequences grows, taken from them by lot. Real pictures, real
            labels, a real pace; the way itself is not. The first fifth of a second is not scored: a cut is no motion.

`kitti` and `coco` need $TIGHTROPE_DATA.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    folder = data_folder() / "kitti-drive-0052"
    labelled = {int(file.stem): _objects(file) for file in sorted((folder / "label_2").glob("*.txt"))}
    boxes: dict[int, Boxes] = {}
    regions: dict[int, Boxes] = {}
    for before, after in pairwise(labelled):
        alone = [labelled[before][key] for key in labelled[before].keys() - labelled[after].keys()]
        for k in range(before, after + 1):
            boxes[k] = interpolated(labelled[before], labelled[after], (k - before) / (after - before))
            nearest = min((before, after), key=lambda number: abs(number - k))
            regions[k] = np.array([*_regions(folder / "label_2" / f"{nearest:010d}.txt"), *alone]).reshape(-1, 4)
    order = [sorted(boxes)[k] for k in there_and_back(len(boxes))]
    pictures = {k: read_picture(folder / "image_02" / f"{k:010d}.jpg") for k in boxes}
    truths = {k: _truth(found, [_CAR] * len(found)) for k, found in boxes.items()}
    return Stream("kitti", [pictures[k] for k in order], [truths[k] for k in order], [regions[k] for k in order], True)


def interpolated(before: dict[str, Boxes], after: dict[str, Boxes], share: float) -> Boxes:
    """Boxes of the objects that both have, so far on the way from one to the other; [n, 4]."""
    common = sorted(before.keys() & after.keys())
    return np.array([(1 - share) * before[key] + share * after[key] for key in common]).reshape(-1, 4)


def coco() -> Stream:
    """Road pictures of the validation set, driven into."""
    folder = data_folder() / "coco"
    found = read_yolo(folder, folder / "images" / "val2017", folder / "labels" / "val2017")
    rates = _paces()
    lot = np.random.default_rng(0)
    pictures: list[Any] = []
    truths: list[Truth | None] = []
    for labelled in found.pictures:
        picture = read_picture(labelled.path)
        height, width = picture.shape[:2]
        labels = labelled.labels.in_pixels(width, height)
        road = np.isin(labels.classes, ROAD)
        rate = float(lot.choice(rates))
        if not road.any():
            continue
        for step in range(_CLIP):
            # Backwards where it shrinks, so that there is always picture up to the edge.
            scale = float(np.exp(abs(rate) * (step if rate > 0 else _CLIP - 1 - step)))
            pictures.append(_closer(picture, scale))
            truth = _seen(labels.boxes[road], labels.classes[road], scale, (width, height))
            truths.append(truth if step >= _CUT else None)
    return Stream("coco", pictures, truths)


STREAMS: dict[str, Callable[[], Stream]] = {"drive": drive, "kitti": kitti, "coco": coco}


def _truth(boxes: Any, classes: Any) -> Truth:
    return Truth(np.array(boxes, np.float32).reshape(-1, 4), np.array(classes, np.int64))


def _objects(file: Path) -> dict[str, Boxes]:
    """Boxes of one label file by what an object keeps while the others move: its size in metres."""
    rows = [line.split() for line in file.read_text().splitlines()]
    return {" ".join([row[0], *row[8:11]]): np.array(row[4:8], float) for row in rows if row[0] != "DontCare"}


def _regions(file: Path) -> Boxes:
    labels = read_kitti_labels(file, Counter())
    return labels.boxes[labels.ignored]


def _paces() -> NDArray[np.float64]:
    """How much the height of each whole, labelled object grows in a twentieth of a second: natural logarithms."""
    paces: list[float] = []
    for file in sorted((data_folder() / "kitti-tracking" / "label_02").glob("*.txt")):
        heights: dict[tuple[str, int], float] = {}
        for row in (line.split() for line in file.read_text().splitlines()):
            if row[2] != "DontCare" and float(row[3]) == 0:
                heights[row[1], int(row[0])] = float(row[9]) - float(row[7])
        pairs = ((height, heights.get((track, frame + 1))) for (track, frame), height in heights.items())
        paces += [float(np.log(later / height)) / 2 for height, later in pairs if later]
    return np.array(paces)


def _closer(picture: Any, scale: float) -> Any:
    height, width = picture.shape[:2]
    matrix = np.array([[scale, 0, (1 - scale) * width / 2], [0, scale, (1 - scale) * height / 2]])
    return cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR)


def _seen(boxes: Boxes, classes: NDArray[np.int64], scale: float, size: tuple[int, int]) -> Truth:
    """Labels after the picture has grown; what is less than half inside is gone."""
    middle, edge = np.array([*size, *size]) / 2, np.array([*size, *size], float)
    moved = (boxes - middle) * scale + middle
    inside = np.clip(moved, 0, edge)
    area = (moved[:, 2:] - moved[:, :2]).prod(axis=1)
    kept = (inside[:, 2:] - inside[:, :2]).prod(axis=1) >= 0.5 * area
    return _truth(inside[kept], classes[kept])
