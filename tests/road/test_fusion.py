"""Ground, clusters, boxes and fusion against the exact labels of the bundled drive."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope_road.boxes import overlap
from tightrope_road.detections import Detections
from tightrope_road.fusion import Observation, fuse
from tightrope_road.fusion.observation import Seen
from tightrope_road.labels import COCO
from tightrope_road.lidar import PointCloud, read_points
from tightrope_road.lidar.boxes import FlatBox, Usual, fit_box
from tightrope_road.lidar.clusters import find_clusters, standing
from tightrope_road.lidar.ground import find_ground

from .test_calibration import BUNDLED, DRIVE, labels

KINDS = {"Car": "car", "Truck": "truck", "Bus": "bus", "Pedestrian": "person"}
SIZE = (640, 360)


def truth(frame: int, farthest: float = 40.0) -> list[tuple[str, np.ndarray, float, float]]:
    """Kind, 2D box, distance of the middle, distance of the nearest face, of what is seen well."""
    hidden = {}
    for line in (DRIVE / "visibility.txt").read_text().splitlines():
        number, track, *rest = line.split()
        hidden[int(number), track] = tuple(map(float, rest))
    tracks = [
        line.split() for line in (DRIVE / "label_02.txt").read_text().splitlines() if int(line.split()[0]) == frame
    ]
    found = []
    for label, track in zip(labels(frame), tracks, strict=True):
        _, share, pixels = hidden[frame, track[1]]
        _, width, length, x, _, z, turn = map(float, label[8:15])
        distance = float(np.hypot(x, z))
        if label[0] in KINDS and float(label[1]) == 0 and share < 0.3 and pixels > 60 and distance < farthest:
            face = FlatBox(np.array([x, z]), np.array([np.cos(turn), -np.sin(turn)]), length, width).gap()
            found.append((KINDS[label[0]], np.array(label[4:8], float), distance, face))
    return found


def as_detections(objects: list[tuple[str, np.ndarray, float, float]]) -> Detections:
    return Detections(
        np.array([box for _, box, _, _ in objects], np.float32).reshape(-1, 4),
        np.full(len(objects), 0.9, np.float32),
        np.array([COCO.index(kind) for kind, *_ in objects], np.int64),
        SIZE,
    )


def sweep(frame: int) -> PointCloud:
    return read_points(DRIVE / f"velodyne/{frame:06d}.bin")


def test_distances_are_those_of_the_labels() -> None:
    """Given the labelled 2D boxes; what a detector's boxes add is measured in test_drive_accuracy."""
    middle, face = [], []
    for frame in range(0, 48, 3):
        objects = truth(frame)
        seen = fuse(as_detections(objects), sweep(frame), BUNDLED)
        for (_, box, distance, gap), one in zip(objects, seen, strict=False):
            assert np.allclose(one.box, box, atol=0.01)
            if one.seen is Seen.both and one.place is not None:
                middle.append(abs(one.place.distance_m / distance - 1))
                face.append(abs(one.place.gap_m / gap - 1))
    assert len(middle) > 60
    assert np.median(middle) < 0.03
    assert np.median(face) < 0.02
    assert np.quantile(face, 0.9) < 0.06


def test_the_ground_is_the_road() -> None:
    for frame in (0, 20, 40):
        cloud = sweep(frame)
        height = find_ground(cloud.xyz).height
        seen = BUNDLED.to_camera(cloud.xyz)
        # The street is flat, 1.65 m below the camera.
        exact = 1.65 - seen[:, 1]
        near = np.hypot(seen[:, 0], seen[:, 2]) < 40
        assert (height[near & (exact < 0.05)] < 0.3).mean() > 0.99
        assert (height[near & (exact > 1)] > 0.4).mean() > 0.99
        assert np.median(np.abs(height - exact)[near]) < 0.1


def test_clusters_hold_one_thing_each() -> None:
    frame = 10
    cloud = sweep(frame)
    chosen = standing(cloud.xyz, find_ground(cloud.xyz).height)
    things = find_clusters(cloud.xyz[chosen])
    seen = BUNDLED.to_camera(cloud.xyz[chosen])
    numbers = []
    for label in labels(frame):
        _, width, length, x, _, z, turn = map(float, label[8:15])
        if label[0] not in ("Car", "Truck") or np.hypot(x, z) > 25:
            continue
        away = seen[:, [0, 2]] - (x, z)
        along = np.cos(turn) * away[:, 0] - np.sin(turn) * away[:, 1]
        across = np.sin(turn) * away[:, 0] + np.cos(turn) * away[:, 1]
        mine = things[(abs(along) < length / 2 + 0.1) & (abs(across) < width / 2 + 0.1)]
        if len(mine) > 10:
            number, count = np.unique(mine, return_counts=True)
            numbers.append(number[count.argmax()])
            assert count.max() / count.sum() > 0.8
    assert len(numbers) >= 3
    assert len(set(numbers)) == len(numbers)


@given(st.floats(-15, 15), st.floats(5, 40), st.floats(-0.3, 0.3), st.integers(0, 2**32 - 1))
def test_a_car_seen_from_two_sides_is_where_it_is(x: float, z: float, turn: float, seed: int) -> None:
    box = FlatBox(np.array([x, z]), np.array([np.sin(turn), np.cos(turn)]), 3.9, 1.7)
    corners = box.corners()
    edges = [(corners[k], corners[(k + 1) % 4]) for k in range(4)]
    # An edge is seen if its outward normal points to the sensor.
    seen = [(a, b) for a, b in edges if ((a + b) / 2 - box.centre) @ ((a + b) / 2) < 0]
    random = np.random.default_rng(seed)
    points = np.concatenate([a + np.linspace(0, 1, 40)[:, None] * (b - a) for a, b in seen])
    found = fit_box(points + random.normal(0, 0.02, points.shape), Usual(3.9, 1.7, 3.5), np.pi / 2)

    assert np.hypot(*(found.centre - box.centre)) < 0.6
    assert found.length == pytest.approx(3.9, abs=0.4)
    assert abs(found.axis @ box.axis) > np.cos(np.radians(8))


def test_the_nearest_of_two_things_in_a_box_is_not_always_the_right_one() -> None:
    """A pole in front of a car, and a wall behind it: neither is the car, and the mean is nowhere."""
    random = np.random.default_rng(0)
    pole = np.column_stack([np.full(12, 8.0), random.normal(0, 0.02, 12), np.linspace(-1.2, 1, 12)])
    rear = np.column_stack([np.full(60, 20.0), random.uniform(-0.85, 0.85, 60), random.uniform(-1.3, -0.3, 60)])
    wall = np.column_stack([np.full(200, 35.0), random.uniform(-6, 6, 200), random.uniform(-1.4, 1.5, 200)])
    road = np.column_stack([random.uniform(4, 40, 900), random.uniform(-8, 8, 900), np.full(900, -1.73)])
    points = np.concatenate([pole, rear, wall, road]).astype(np.float32)
    cloud = PointCloud(points, np.zeros(len(points), np.float32))
    pixels, _ = BUNDLED.project(BUNDLED.to_camera(rear))
    box = np.concatenate([pixels.min(axis=0) - 4, pixels.max(axis=0) + 6])
    (seen, *_) = fuse(as_detections([("car", box, 0, 0)]), cloud, BUNDLED)

    assert seen.place is not None
    assert seen.place.gap_m == pytest.approx(20 - 0.27, abs=0.3)


def test_without_a_sweep_a_distance_is_guessed_by_size_and_says_so() -> None:
    objects = [one for one in truth(0) if one[0] == "car"]
    for one, (_, _, distance, _) in zip(fuse(as_detections(objects), None, BUNDLED), objects, strict=True):
        assert one.seen is Seen.camera
        assert one.place is not None
        assert one.place.points == 0
        assert abs(one.place.distance_m - distance) < 3 * one.place.error_m


def test_what_no_box_is_of_stays_an_unknown_obstacle() -> None:
    nothing = as_detections([])
    seen = fuse(nothing, sweep(20), BUNDLED)
    objects = truth(20, farthest=25)
    boxes = np.array([one.box for one in seen])

    assert {one.kind for one in seen} == {"unknown obstacle"}
    assert overlap(np.array([box for _, box, _, _ in objects]), boxes).max(axis=1).max() > 0.4
    assert [one.place.gap_m for one in seen if one.place] == sorted(one.place.gap_m for one in seen if one.place)


@pytest.mark.parametrize("count", [0, 1, 2, 5, 30])
def test_sweeps_with_hardly_any_points_do_no_harm(count: int) -> None:
    cloud = sweep(3)
    few = replace(cloud, xyz=cloud.xyz[:count], intensity=cloud.intensity[:count])
    seen: tuple[Observation, ...] = fuse(as_detections(truth(3)), few, BUNDLED)

    assert len(seen) >= len(truth(3))
