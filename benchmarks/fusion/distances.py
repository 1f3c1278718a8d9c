"""Distances of fused boxes against labels: the bundled drive, KITTI and nuScenes.

    python benchmarks/fusion/distances.py [--model nanodet-384x640-int8] [--append]

A label counts as found if a box of the camera overlaps it by 0.7 (KITTI's own criterion for cars), and also, apart, by
0.5. Two figures a label: the distance to the middle of its box, level, and to its nearest face. KITTI and nuScenes are
for evaluation only: their figures may be quoted, nothing of them is here. Constants of the fusion were chosen with
these very frames in sight, so the figures are not those of an unseen drive.

Results go to benchmarks/results/fusion-distances.json.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.measure.environment import Watch
from tightrope.writing import write_text
from tightrope_road.boxes import overlap
from tightrope_road.detector import Detector
from tightrope_road.drive.moment import TOLERANCE_S, Moment, Pairing
from tightrope_road.drive.perceive import combine
from tightrope_road.fusion.observation import Seen
from tightrope_road.lidar.boxes import FlatBox
from tightrope_road.logs import Log, Shot, Sweep, open_log
from tightrope_road.workload import SAMPLE

RESULTS = Path(__file__).parents[1] / "results" / "fusion-distances.json"
DATA = Path(os.environ.get("TIGHTROPE_DATA") or Path(__file__).parents[3] / "shared" / "data")
FARTHEST_M = 40.0
_KINDS = {"Car": "car", "Van": "van", "Truck": "truck", "Bus": "bus", "Pedestrian": "person"}
_NUSCENES = {0: "car", 1: "truck", 3: "bus", 7: "person"}


@dataclass(frozen=True)
class Label:
    """A labelled thing: kind, share outside the picture, 2D box, and its box seen from above."""

    kind: str
    truncated: float
    box: NDArray[np.float64]
    ground: FlatBox

    @property
    def distance_m(self) -> float:
        return float(np.hypot(*self.ground.centre))


def kitti_labels(file: Path) -> list[Label]:
    """Cars, vans, trucks, buses and people of one KITTI label file."""
    found = []
    for row in (line.split() for line in file.read_text().splitlines()):
        if row[0] in _KINDS:
            _, width, length, x, _, z, turn = map(float, row[8:15])
            ground = FlatBox(np.array([x, z]), np.array([np.cos(turn), -np.sin(turn)]), length, width)
            found.append(Label(_KINDS[row[0]], float(row[1]), np.array(row[4:8], float), ground))
    return found


def nuscenes_labels(folder: Path, camera: str) -> list[Label]:
    """The same of one camera of a nuScenes sample; what the picture cuts is not told there."""
    sample = json.loads((folder / "info.json").read_text())["data_list"][0]
    found = []
    for one in sample["cam_instances"][camera]:
        if one["bbox_label"] in _NUSCENES:
            x, _, z, length, _, width, turn = one["bbox_3d"]
            ground = FlatBox(np.array([x, z]), np.array([np.cos(turn), -np.sin(turn)]), length, width)
            found.append(Label(_NUSCENES[one["bbox_label"]], 0.0, np.array(one["bbox"], float), ground))
    return found


def labelled_moments() -> Iterator[tuple[str, Moment, list[Label]]]:
    """Set, moment, labels."""
    for moment in moments(open_log("sample")):
        yield "bundled drive", moment, kitti_labels(SAMPLE.parent / "label_2" / f"{moment.shot.name}.txt")
    if not DATA.is_dir():
        return
    for moment in moments(open_log(str(DATA / "kitti-000008"))):
        yield "KITTI 000008", moment, kitti_labels(DATA / "kitti-000008" / "label_2.txt")
    drive = DATA / "kitti-drive-0052"
    for moment in moments(open_log(str(drive))):
        if (label := drive / "label_2" / f"{moment.shot.name}.txt").exists():
            yield "KITTI drive 0052", moment, kitti_labels(label)
    folder = DATA / "nuscenes-sample"
    for camera in json.loads((folder / "info.json").read_text())["data_list"][0]["images"]:
        for moment in moments(open_log(str(folder), camera)):
            yield "nuScenes sample", moment, nuscenes_labels(folder, camera)


def moments(log: Log) -> Iterator[Moment]:
    """Every picture of a log with its sweep."""
    pairing = Pairing(TOLERANCE_S, log.trajectory, log.camera)
    for event in log:
        if isinstance(event, Shot):
            yield from pairing.shot(event)
        elif isinstance(event, Sweep):
            yield from pairing.sweep(event)
    yield from pairing.flush()


def compare(detector: Detector, moment: Moment, labels: list[Label]) -> Iterator[dict[str, Any]]:
    """A row a label within 40 m that the camera found."""
    seen = [one for one in combine(detector(moment.shot.picture).result, moment) if one.seen is not Seen.lidar]
    if not seen:
        return
    overlaps = overlap(np.array([label.box for label in labels]).reshape(-1, 4), np.array([one.box for one in seen]))
    for label, row in zip(labels, overlaps, strict=True):
        one, share = seen[int(row.argmax())], float(row.max())
        if label.distance_m > FARTHEST_M or share < 0.5:
            continue
        measured = one.place is not None and one.place.points > 0
        yield {
            "frame": moment.shot.name,
            "kind": label.kind,
            "overlap": share,
            "truncated": label.truncated,
            "label_m": label.distance_m,
            "label_face_m": label.ground.gap(),
            "distance_m": one.place.distance_m if measured and one.place else None,
            "gap_m": one.place.gap_m if measured and one.place else None,
        }


def summed_up(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians and shares of a set's rows."""
    fused = [row for row in rows if row["distance_m"] is not None]
    middle = np.array([abs(row["distance_m"] / row["label_m"] - 1) for row in fused])
    face = np.array([abs(row["gap_m"] - row["label_face_m"]) for row in fused])
    return {
        "found": len(rows),
        "fused": len(fused),
        "median_error": float(np.median(middle)) if fused else None,
        "largest_error": float(middle.max()) if fused else None,
        "within_5_percent": int((middle <= 0.05).sum()),
        "median_face_error_m": float(np.median(face)) if fused else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Fused distances against labels.")
    parser.add_argument("--model", action="append")
    parser.add_argument("--append", action="store_true", help="keep the runs that the results file has")
    arguments = parser.parse_args()
    runs = json.loads(RESULTS.read_text())["runs"] if arguments.append and RESULTS.exists() else []
    for model in arguments.model or ["nanodet-384x640-int8"]:
        with Watch(1) as watch:
            detector = Detector.load(model)
            rows: dict[str, list[dict[str, Any]]] = {}
            for name, moment, labels in labelled_moments():
                rows.setdefault(name, []).extend(compare(detector, moment, labels))
        sets = {
            name: {
                "all": summed_up(found),
                "cars": summed_up([row for row in found if row["kind"] == "car" and row["overlap"] >= 0.7]),
                "cars_and_vans": summed_up([row for row in found if row["kind"] in ("car", "van")]),
                "missed_cars": [
                    row
                    for row in found
                    if row["kind"] == "car"
                    and (row["distance_m"] is None or abs(row["distance_m"] / row["label_m"] - 1) > 0.05)
                ],
            }
            for name, found in rows.items()
        }
        runs.append({"model": model, "sets": sets, "environment": watch.record.to_dict()})
        for name, found in sets.items():
            cars, everything = found["cars"], found["all"]
            print(
                f"{model}, {name}: {everything['fused']} of {everything['found']} fused, median error "
                f"{everything['median_error']:.2%}; cars (overlap 0.7): {cars['within_5_percent']} of {cars['found']} "
                f"within 5%, largest error {cars['largest_error'] or 0:.1%}"
            )
            for row in found["missed_cars"]:
                print("  ", row)
    write_text(RESULTS, json.dumps({"runs": runs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
