"""Accuracy with the shipped detector: the bundled drive, and real frames where they are at hand."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tightrope.models import open_artifact
from tightrope_road.boxes import overlap
from tightrope_road.detector import Detector
from tightrope_road.drive.outcome import Told
from tightrope_road.drive.run import Plan, drive, one_step
from tightrope_road.drive.scene import Scene
from tightrope_road.logs import open_log

MODEL = "nanodet-384x640-int8"
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "fusion"


@pytest.fixture
def distances(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARK))
    return importlib.import_module("distances")


@pytest.fixture
def tracking(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("trackeval")
    monkeypatch.syspath_prepend(str(BENCHMARK))
    return importlib.import_module("tracking")


def driven(log: str) -> list[Scene]:
    told: list[Scene] = []

    def tell(one: Told) -> bool:
        told.extend([one] if isinstance(one, Scene) else [])
        return True

    drive(open_log(log), Plan(one_step(open_artifact("road", MODEL), 1)), tell, threading.Event())
    return told


@pytest.mark.verify
def test_distances_on_the_bundled_drive_are_within_three_percent(distances: ModuleType) -> None:
    detector = Detector.load(MODEL)
    rows = [
        row
        for name, moment, labels in distances.labelled_moments()
        if name == "bundled drive" and moment.shot.number % 4 == 0
        for row in distances.compare(detector, moment, labels)
    ]
    found = distances.summed_up(rows)

    assert found["found"] > 40
    assert found["fused"] > 0.95 * found["found"]
    assert found["median_error"] <= 0.03


@pytest.mark.verify
def test_every_car_that_is_found_in_real_frames_is_within_five_percent(
    distances: ModuleType, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distances, "DATA", shared_data)
    detector = Detector.load(MODEL)
    found: dict[str, int] = {}
    for name, moment, labels in distances.labelled_moments():
        if name == "bundled drive":
            continue
        for row in distances.compare(detector, moment, labels):
            if row["kind"] == "car" and row["overlap"] >= 0.7:
                found[name] = found.get(name, 0) + 1
                # Of a car of which a third lies outside of the picture the middle is a guess: its near side counts.
                cut = row["truncated"] > 0.3 and row["gap_m"] == pytest.approx(row["label_face_m"], rel=0.05)
                assert cut or row["distance_m"] == pytest.approx(row["label_m"], rel=0.05), (name, row)

    assert found.keys() == {"KITTI 000008", "KITTI drive 0052", "nuScenes sample"}
    assert sum(found.values()) >= 12


@pytest.mark.verify
def test_points_lie_on_the_labelled_things_of_real_frames(
    distances: ModuleType, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points inside a labelled 3D box, seen from above, project into its 2D box."""
    monkeypatch.setattr(distances, "DATA", shared_data)
    seen = 0
    for name, moment, labels in distances.labelled_moments():
        if name == "bundled drive":
            continue
        assert moment.points is not None
        assert moment.camera is not None
        places = moment.camera.to_camera(moment.points.xyz)
        for label in labels:
            if label.kind not in ("car", "van") or label.truncated > 0 or label.distance_m > 40:
                continue
            away = places[:, [0, 2]] - label.ground.centre
            along = away @ label.ground.axis
            across = away @ np.array([-label.ground.axis[1], label.ground.axis[0]])
            inside = (abs(along) < label.ground.length / 2) & (abs(across) < label.ground.width / 2)
            inside &= (places[:, 1] < 1.2) & (places[:, 1] > 0.2)
            pixels, _ = moment.camera.project(places[inside])
            if len(pixels) > 20:
                left, top, right, bottom = label.box
                x, y = pixels.T
                slack = 0.05 * (right - left) + 2
                hits = (x > left - slack) & (x < right + slack) & (y > top - slack) & (y < bottom + slack)
                assert hits.mean() > 0.95, (name, label)
                seen += 1
    assert seen > 10


@pytest.mark.verify
def test_tracks_of_the_bundled_drive_keep_their_identities(tracking: ModuleType) -> None:
    found = tracking.scores([tracking.bundled(MODEL)])

    assert found["HOTA"] > 0.5
    assert found["IDF1"] > 0.65
    assert found["IDSW"] <= 3


@pytest.mark.verify
def test_association_on_kitti(tracking: ModuleType, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "KITTI", shared_data / "kitti-tracking")
    found = tracking.scores([tracking.kitti(name) for name in ("0000", "0006")])

    assert found["HOTA"] > 0.6
    assert found["AssA"] > 0.7
    assert found["IDF1"] > 0.75
    assert found["IDSW"] <= 4


@pytest.mark.verify
def test_what_is_labelled_again_has_the_same_identity(distances: ModuleType, shared_data: Path) -> None:
    """In the labels of the real drive a vehicle is known by its measures, which stay the same."""
    folder = shared_data / "kitti-drive-0052"
    identities: dict[tuple[float, float], set[int]] = {}
    for scene in driven(str(folder)):
        file = folder / "label_2" / f"{scene.moment.shot.name}.txt"
        known = [one for one in scene.confirmed if one.current]
        if not file.exists() or not known:
            continue
        labels = [label for label in distances.kitti_labels(file) if label.distance_m < 15]
        overlaps = overlap(np.array([label.box for label in labels]), np.array([one.box for one in known]))
        for label, row in zip(labels, overlaps, strict=True):
            if row.max() > 0.7:
                number = known[int(row.argmax())].number
                assert number is not None
                identities.setdefault((label.ground.length, label.ground.width), set()).add(number)

    assert len(identities) >= 4
    assert all(len(numbers) == 1 for numbers in identities.values()), identities
