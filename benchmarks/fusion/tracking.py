"""Tracking by HOTA, MOTA and IDF1, as TrackEval counts them: on KITTI's labels, and the whole app on the bundled drive.

    python benchmarks/fusion/tracking.py [--model nanodet-384x640-int8]

KITTI: the boxes and places are those of PointRCNN's car detections (8 sequences), the labels those of the tracking
benchmark; what is measured is the association alone. Cars count; a track that lies on a van or in a region that is not
labelled is no error. Places are relative to the camera, because these files have no poses. A detection's score is
1 / (1 + exp(4 - s)) of PointRCNN's s.

Bundled drive: detector, fusion and tracker together; cars and trucks and buses as one class, within 40 m, at least 60
visible pixels. It is rendered: a figure for regressions, not for roads.

Results go to benchmarks/results/fusion-tracking.json.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from distances import DATA
from numpy.typing import NDArray
from trackeval.metrics import CLEAR, HOTA, Identity

from tightrope.measure.environment import Watch
from tightrope.models import open_artifact
from tightrope.writing import write_text
from tightrope_road.boxes import overlap
from tightrope_road.drive.run import Plan, drive, one_step
from tightrope_road.drive.scene import Scene
from tightrope_road.fusion.observation import Observation, Place, Seen
from tightrope_road.lidar.boxes import FlatBox
from tightrope_road.logs import open_log
from tightrope_road.tracking import Tracker
from tightrope_road.tracking.ego import Ego
from tightrope_road.workload import SAMPLE

RESULTS = Path(__file__).parents[1] / "results" / "fusion-tracking.json"
KITTI = DATA / "kitti-tracking"
_PERIOD_S = 0.1
_SCORE_SHIFT = 4.0

Boxes = NDArray[np.float64]
Frame = list[tuple[int, Boxes]]
"""Identity and box of everything in one picture."""


def without(tracks: Frame, labels: Frame, ignored: Boxes) -> Frame:
    """The tracks but for those that no label has and that lie in an ignored region for more than half."""
    if not len(ignored) or not tracks:
        return tracks
    boxes = np.array([box for _, box in tracks])
    low = np.maximum(boxes[:, None, :2], ignored[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], ignored[None, :, 2:])
    inside = np.prod(np.maximum(0, high - low), axis=2) / np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)[:, None]
    matched = overlap(boxes, np.array([box for _, box in labels]).reshape(-1, 4)).max(axis=1, initial=0) >= 0.5
    return [one for one, share, kept in zip(tracks, inside.max(axis=1), matched, strict=True) if kept or share <= 0.5]


def scores(sequences: Sequence[tuple[list[Frame], list[Frame]]]) -> dict[str, float]:
    """HOTA, DetA, AssA, MOTA, IDF1 and the counts behind them, over (labels, tracks) of all sequences."""
    metrics = {"HOTA": HOTA(), "CLEAR": CLEAR({"PRINT_CONFIG": False}), "ID": Identity({"PRINT_CONFIG": False})}
    found: dict[str, dict[str, Any]] = {name: {} for name in metrics}
    for number, (labels, tracks) in enumerate(sequences):
        data = _as_trackeval(labels, tracks)
        for name, metric in metrics.items():
            found[name][str(number)] = metric.eval_sequence(data)
    total = {name: metric.combine_sequences(found[name]) for name, metric in metrics.items()}
    mean = {key: float(np.mean(total["HOTA"][key])) for key in ("HOTA", "DetA", "AssA")}
    counts = {key: int(total["CLEAR"][key]) for key in ("CLR_TP", "CLR_FN", "CLR_FP", "IDSW", "Frag")}
    return {**mean, "MOTA": float(total["CLEAR"]["MOTA"]), "IDF1": float(total["ID"]["IDF1"]), **counts}


def _as_trackeval(labels: list[Frame], tracks: list[Frame]) -> dict[str, Any]:
    known: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def numbered(frames: list[Frame], ids: dict[int, int]) -> list[NDArray[np.int64]]:
        return [np.array([ids.setdefault(one, len(ids)) for one, _ in frame], int) for frame in frames]

    def boxes(frame: Frame) -> Boxes:
        return np.array([box for _, box in frame], float).reshape(-1, 4)

    return {
        "gt_ids": numbered(labels, known[0]),
        "tracker_ids": numbered(tracks, known[1]),
        "similarity_scores": [overlap(boxes(a), boxes(b)) for a, b in zip(labels, tracks, strict=True)],
        "num_gt_ids": len(known[0]),
        "num_tracker_ids": len(known[1]),
        "num_gt_dets": sum(map(len, labels)),
        "num_tracker_dets": sum(map(len, tracks)),
        "num_timesteps": len(labels),
    }


def kitti(sequence: str) -> tuple[list[Frame], list[Frame]]:
    """Labels and tracks of one of KITTI's sequences."""
    labels, ignored = kitti_truth(sequence)
    seen: dict[int, list[Observation]] = {}
    for line in (KITTI / "pointrcnn_Car" / f"{sequence}.txt").read_text().splitlines():
        frame, one = _observation([float(value) for value in line.split(",")])
        seen.setdefault(frame, []).append(one)
    tracker = Tracker()
    tracks = []
    for frame, truth in enumerate(labels):
        told = tracker.update(seen.get(frame, []), Ego.still(frame * _PERIOD_S))
        shown: Frame = [(one.number, one.box) for one in told if one.number is not None and one.current]
        tracks.append(without(shown, truth, np.array(ignored.get(frame, [])).reshape(-1, 4)))
    return labels, tracks


def kitti_truth(sequence: str) -> tuple[list[Frame], dict[int, list[Boxes]]]:
    labels: dict[int, Frame] = {}
    ignored: dict[int, list[Boxes]] = {}
    rows = [line.split() for line in (KITTI / "label_02" / f"{sequence}.txt").read_text().splitlines()]
    for row in rows:
        box = np.array(row[6:10], float)
        if row[2] == "Car":
            labels.setdefault(int(row[0]), []).append((int(row[1]), box))
        elif row[2] in ("Van", "DontCare"):
            ignored.setdefault(int(row[0]), []).append(box)
    return [labels.get(frame, []) for frame in range(int(rows[-1][0]) + 1)], ignored


def _observation(values: Sequence[float]) -> tuple[int, Observation]:
    frame, _, left, top, right, bottom, score, height, width, length, x, y, z, turn = values[:14]
    ground = FlatBox(np.array([x, z]), np.array([np.cos(turn), -np.sin(turn)]), length, width)
    place = Place(ground.centre, y - height / 2, ground.gap(), 0.15, ground, 50)
    box = np.array([left, top, right, bottom])
    return int(frame), Observation("car", float(1 / (1 + np.exp(_SCORE_SHIFT - score))), box, Seen.both, place)


def bundled(model: str) -> tuple[list[Frame], list[Frame]]:
    """Labels and tracks of the bundled drive, as fast as possible."""
    labels: list[Frame] = [[] for _ in range(48)]
    ignored: list[list[Boxes]] = [[] for _ in range(48)]
    visible = [line.split() for line in (SAMPLE.parent / "visibility.txt").read_text().splitlines()]
    pixels = {(row[0], row[1]): int(row[4]) for row in visible}
    for row in (line.split() for line in (SAMPLE.parent / "label_02.txt").read_text().splitlines()):
        box, far = np.array(row[6:10], float), np.hypot(float(row[13]), float(row[15]))
        counts = row[2] in ("Car", "Truck", "Bus") and far < 40 and pixels[row[0], row[1]] >= 60
        labels[int(row[0])] += [(int(row[1]), box)] if counts else []
        ignored[int(row[0])] += [] if counts else [box]
    told: list[Scene] = []
    plan = Plan(one_step(open_artifact("road", model), 1))
    drive(open_log("sample"), plan, lambda one: isinstance(one, Scene) and not told.append(one), threading.Event())
    tracks = []
    for scene in told:
        frame = scene.moment.shot.number
        shown: Frame = [
            (one.number, one.box)
            for one in scene.obstacles
            if one.number is not None
            and one.current
            and one.kind in ("car", "truck", "bus", "train")
            and one.place is not None
            and one.place.distance_m < 40
        ]
        tracks.append(without(shown, labels[frame], np.array(ignored[frame]).reshape(-1, 4)))
    return labels, tracks


def main() -> None:
    parser = argparse.ArgumentParser(description="HOTA, MOTA and IDF1.")
    parser.add_argument("--model", default="nanodet-384x640-int8")
    arguments = parser.parse_args()
    with Watch(1) as watch:
        found = {"bundled drive": scores([bundled(arguments.model)])}
        if KITTI.is_dir():
            names = sorted(file.stem for file in (KITTI / "pointrcnn_Car").glob("*.txt"))
            found["KITTI tracking, PointRCNN cars"] = scores([kitti(name) for name in names])
    for name, values in found.items():
        print(f"{name}: {', '.join(f'{key} {value:.3f}' for key, value in values.items())}")
    text = {"model": arguments.model, "sets": found, "environment": watch.record.to_dict()}
    write_text(RESULTS, json.dumps(text, indent=1) + "\n")


if __name__ == "__main__":
    main()
