"""The calibration chain against the exact geometry of the bundled drive, and the mistakes that it must name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope.errors import BadInputError
from tightrope_road.calibration import Camera, check_camera, check_picture, read_calibration
from tightrope_road.lidar import read_points
from tightrope_road.workload import SAMPLE

DRIVE = SAMPLE.parent
BUNDLED = read_calibration(DRIVE / "calib.txt")
places = st.tuples(st.floats(-40, 40), st.floats(-4, 4), st.floats(-60, 90))


def labels(frame: int) -> list[list[str]]:
    return [line.split() for line in (DRIVE / f"label_2/{frame:06d}.txt").read_text().splitlines()]


def corners(label: list[str]) -> np.ndarray:
    """[8, 3] of a KITTI label, by the object development kit's readme."""
    height, width, length, x, y, z, turn = map(float, label[8:15])
    xs = length / 2 * np.array([1, 1, -1, -1, 1, 1, -1, -1])
    zs = width / 2 * np.array([1, -1, -1, 1, 1, -1, -1, 1])
    ys = -height * np.array([0, 0, 0, 0, 1, 1, 1, 1])
    cos, sin = np.cos(turn), np.sin(turn)
    return np.stack([cos * xs + sin * zs + x, ys + y, -sin * xs + cos * zs + z], axis=1)


@given(st.lists(places, max_size=20))
def test_only_what_is_ahead_is_projected(points: list[tuple[float, float, float]]) -> None:
    rows = np.array(points, np.float64).reshape(-1, 3)
    pixels, ahead = BUNDLED.project(rows)

    assert set(ahead) == {index for index, row in enumerate(rows) if row[2] > 1e-6}
    assert np.isfinite(pixels).all()


@given(st.floats(0.5, 80), st.floats(-0.7, 0.7), st.floats(-0.4, 0.4))
def test_a_ray_leads_back_to_its_point(depth: float, across: float, down: float) -> None:
    point = np.array([across * depth, down * depth, depth])
    pixels, _ = BUNDLED.project(point[None])
    start, direction = BUNDLED.ray((float(pixels[0, 0]), float(pixels[0, 1])))

    assert start + direction * (depth - start[2]) == pytest.approx(point, abs=1e-6)


@pytest.mark.parametrize("frame", range(0, 48, 5))
def test_labelled_boxes_project_onto_their_2d_boxes(frame: int) -> None:
    """A 2D box bounds the mesh inside the 3D box, so it lies within the projection of that, and nearly fills it."""
    for label in labels(frame):
        box = np.array(label[4:8], float)
        points = corners(label)
        if points[:, 2].min() < 1 or float(label[1]) > 0:
            continue
        pixels, _ = BUNDLED.project(points)
        outer = np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])
        slack = 1.0
        assert (outer[:2] <= box[:2] + slack).all(), label
        assert (outer[2:] >= box[2:] - slack).all(), label


def test_points_inside_a_labelled_box_project_inside_its_2d_box() -> None:
    checked = 0
    for frame in range(0, 48, 4):
        cloud = read_points(DRIVE / f"velodyne/{frame:06d}.bin")
        seen = BUNDLED.to_camera(cloud.xyz)
        for label in labels(frame):
            if label[0] not in ("Car", "Bus", "Truck") or float(label[1]) > 0:
                continue
            height, width, length, x, y, z, turn = map(float, label[8:15])
            away = seen - (x, y, z)
            along = np.cos(turn) * away[:, 0] - np.sin(turn) * away[:, 2]
            across = np.sin(turn) * away[:, 0] + np.cos(turn) * away[:, 2]
            inside = (abs(along) < length / 2) & (abs(across) < width / 2)
            inside &= (away[:, 1] < -0.2) & (away[:, 1] > -height)  # without the road below it
            if not inside.any():
                continue
            pixels, _ = BUNDLED.project(seen[inside])
            left, top, right, bottom = map(float, label[4:8])
            x, y = pixels.T
            assert ((x > left - 1.5) & (x < right + 1.5) & (y > top - 1.5) & (y < bottom + 1.5)).mean() > 0.98
            checked += int(inside.sum())
    assert checked > 3000


def mistaken(**changes: np.ndarray) -> Camera:
    return replace(BUNDLED, **changes)


def moved(translation: np.ndarray) -> np.ndarray:
    matrix = BUNDLED.lidar_to_camera.copy()
    matrix[:3, 3] = translation
    return matrix


@pytest.mark.parametrize(
    ("camera", "complaint"),
    [
        (mistaken(lidar_to_camera=np.linalg.inv(BUNDLED.lidar_to_camera)), "inverse"),
        (mistaken(lidar_to_camera=moved(1000 * BUNDLED.lidar_to_camera[:3, 3])), "m away.*millimetres or cent"),
        (mistaken(lidar_to_camera=moved(np.array([0, -21, 0]))), "m away.*millimetres or centimetres"),
        (mistaken(lidar_to_camera=moved(np.array([-1, -8, -17]))), "in height.*centimetres or millimetres"),
        (mistaken(lidar_to_camera=np.diag([1.0, 1, 1, 1])), "upright"),
        (mistaken(lidar_to_camera=BUNDLED.lidar_to_camera * np.array([[-1], [1], [1], [1]])), "mirrors"),
        (mistaken(lidar_to_camera=BUNDLED.lidar_to_camera * 1.1), "no rotation"),
        (mistaken(projection=BUNDLED.projection / 640), "focal length"),
        (mistaken(projection=BUNDLED.projection * np.nan), "not finite"),
    ],
)
def test_a_mistake_in_a_calibration_is_named(camera: Camera, complaint: str) -> None:
    with pytest.raises(BadInputError, match=complaint):
        check_camera(camera, "calib.txt")


def test_sensors_that_are_far_apart_on_a_truck_are_no_mistake() -> None:
    check_camera(mistaken(lidar_to_camera=moved(np.array([1.2, -2.5, -12]))), "calib.txt")


def test_pictures_that_were_scaled_are_found_out() -> None:
    check_picture(BUNDLED, (640, 360), "calib.txt")
    sized = replace(BUNDLED, size=(640, 360))
    check_picture(sized, (640, 360), "calib.txt")
    with pytest.raises(BadInputError, match=r"is of pictures of 640 x 360, and these have 960 x 540"):
        check_picture(sized, (960, 540), "calib.txt")
    with pytest.raises(BadInputError, match="scaled"):
        check_picture(BUNDLED, (2560, 1440), "calib.txt")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("P2:", "P9:"), "has no P2"),
        (("R0_rect: 9.999828653504e-01", "R0_rect: "), "8 numbers instead of 9"),
        (("Tr_velo_to_cam:", "Tr_cam_to_velo:"), "has no Tr_velo_to_cam"),
    ],
)
def test_a_calibration_file_that_is_wrong_is_named(change: tuple[str, str], complaint: str, tmp_path: Path) -> None:
    text = (DRIVE / "calib.txt").read_text()
    assert change[0] in text
    (tmp_path / "calib.txt").write_text(text.replace(*change))
    with pytest.raises(BadInputError, match=complaint):
        read_calibration(tmp_path / "calib.txt")


def test_the_calibration_of_a_raw_recording_is_the_same(tmp_path: Path) -> None:
    values = dict(line.split(":", 1) for line in (DRIVE / "calib.txt").read_text().splitlines())
    lidar = np.array(values["Tr_velo_to_cam"].split(), float).reshape(3, 4)
    turn, shift = (" ".join(map(str, part.ravel())) for part in (lidar[:, :3], lidar[:, 3]))
    cameras = f"calib_time: 09-Jan-2012 13:57:47\nP_rect_02:{values['P2']}\nR_rect_00:{values['R0_rect']}\n"
    (tmp_path / "calib_cam_to_cam.txt").write_text(cameras)
    (tmp_path / "calib_velo_to_cam.txt").write_text(f"R: {turn}\nT: {shift}\n")
    raw = read_calibration(tmp_path)

    assert raw.projection == pytest.approx(BUNDLED.projection)
    assert raw.lidar_to_camera == pytest.approx(BUNDLED.lidar_to_camera)


def test_every_calibration_of_kitti_is_sound(shared_data: Path) -> None:
    files = sorted((shared_data / "kitti-tracking" / "calib").glob("*.txt"))
    assert files
    for file in files:
        read_calibration(file)
