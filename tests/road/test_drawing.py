"""Boxes and the budget bar, on pictures of any size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tightrope.runtime import State
from tightrope_road.drawing import class_colour, draw_boxes, draw_budget
from tightrope_road.drive.drawing import depth_colours, draw_points
from tightrope_road.drive.moment import Moment
from tightrope_road.drive.scene import Scene
from tightrope_road.labels import COCO, ROAD
from tightrope_road.lidar import PointCloud, read_points
from tightrope_road.logs import Shot

from .conftest import make_detections, make_picture
from .test_calibration import BUNDLED, DRIVE

extents = st.integers(1, 300)


@given(extents, extents, st.lists(st.tuples(st.integers(0, 79), st.floats(0, 1), st.tuples(*[st.floats(0, 300)] * 4))))
def test_any_picture_can_be_drawn_on_and_stays_as_it_was(width: int, height: int, rows: list) -> None:
    picture = make_picture(width, height)
    before = picture.copy()
    found = make_detections(rows, (width, height))

    drawn = found.draw(picture)
    with_budget = draw_budget(drawn, 60.0, 50.0)

    assert drawn.shape == with_budget.shape == picture.shape
    assert drawn.dtype == np.uint8
    assert np.array_equal(picture, before)


def test_a_box_is_drawn_where_it_is_and_its_label_inside_the_picture() -> None:
    picture = np.full((400, 600, 3), 255, np.uint8)
    car = COCO.index("car")

    drawn = draw_boxes(picture, make_detections([(car, 0.87, (590, 0, 599, 60))], (600, 400)))

    changed = np.argwhere((drawn != 255).any(axis=2))
    top, left = changed.min(axis=0)
    assert np.abs(drawn[30, 590].astype(int) - class_colour("car", car)).max() < 40  # lines are smoothed
    assert top == 0
    assert left < 560  # the label was moved in from the right edge, and is there
    assert (drawn[200:, :] == 255).all()


def test_the_budget_bar_is_green_within_and_vermillion_over_and_as_long_as_the_time() -> None:
    picture = np.zeros((300, 600, 3), np.uint8)
    row = 299

    within, over = draw_budget(picture, 37.5, 50.0), draw_budget(picture, 75.0, 50.0)

    green, vermillion = within[row, 0], over[row, 0]
    assert green[1] > green[2]
    assert vermillion[2] > vermillion[1]
    assert (within[row] == green).all(axis=1).sum() == 300  # half of 1.5 times the limit
    assert (over[row] == vermillion).all(axis=1).sum() >= 590  # all but the tick


def test_the_vehicles_and_people_of_a_road_have_different_colours() -> None:
    names = ("car", "person", "truck", "bus", "bicycle", "traffic light", "stop sign")

    assert len({class_colour(name, COCO.index(name)) for name in names}) == len(names)
    assert all(len(class_colour(COCO[k], k)) == 3 for k in ROAD)


def by_hand(xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels and depths by the formula of KITTI's readme, from the numbers in the bundled drive's calib.txt."""
    lines = dict(line.split(":", 1) for line in (DRIVE / "calib.txt").read_text().splitlines() if ":" in line)
    matrix = {name: np.array(values.split(), float) for name, values in lines.items()}
    camera = matrix["Tr_velo_to_cam"].reshape(3, 4) @ np.vstack([xyz.T.astype(float), np.ones(len(xyz))])
    camera = matrix["R0_rect"].reshape(3, 3) @ camera
    u, v, w = matrix["P2"].reshape(3, 4) @ np.vstack([camera, np.ones(len(xyz))])
    return np.stack([u / w, v / w], axis=1), camera[2]


def test_a_point_of_the_bundled_drive_is_drawn_where_exact_geometry_has_it() -> None:
    cloud = read_points(DRIVE / "velodyne/000024.bin")
    pixels, depths = by_hand(cloud.xyz)
    dark = np.zeros((360, 640, 3), np.uint8)
    inside = (depths > 0) & (pixels > 2).all(axis=1) & (pixels < (637, 357)).all(axis=1)
    assert inside.sum() > 2000
    for index in np.flatnonzero(inside)[::97]:
        alone = cloud.where(np.arange(len(cloud)) == index)
        drawn = draw_points(dark, alone, BUNDLED)
        rows, columns = np.nonzero(drawn.any(axis=2))
        assert abs(columns.mean() - pixels[index, 0]) <= 0.51
        assert abs(rows.mean() - pixels[index, 1]) <= 0.51
        assert (drawn[rows, columns] == depth_colours(depths[[index]])[0]).all()


def test_near_points_lie_over_far_ones_and_what_the_camera_cannot_see_is_not_drawn() -> None:
    cloud = read_points(DRIVE / "velodyne/000024.bin")
    dark = np.zeros((360, 640, 3), np.uint8)
    ahead = BUNDLED.to_camera(cloud.xyz)[:, 2]
    near = cloud.where(ahead < 10)
    both = draw_points(dark, cloud, BUNDLED)
    only_near = draw_points(dark, near, BUNDLED)
    covered = only_near.any(axis=2)
    turned_round = PointCloud(cloud.xyz * np.array([-1, -1, 1], np.float32), cloud.intensity)

    assert covered.sum() > 1000
    assert (both[covered] == only_near[covered]).all()
    assert not draw_points(dark, turned_round, BUNDLED).any()
    assert not dark.any()


def test_a_scene_draws_points_only_if_asked_to_and_below_the_boxes() -> None:
    picture, cloud = make_picture(640, 360), read_points(DRIVE / "velodyne/000024.bin")
    moment = Moment(Shot(0.0, 0, "a", picture), cloud, BUNDLED)
    scene = Scene(moment, (), State.OK, "", 0.0)
    without = Scene(replace(moment, points=None), (), State.OK, "", 0.0)

    assert np.array_equal(scene.draw()[:360, :640], picture)
    assert np.array_equal(scene.draw(points=True)[:360, :640], draw_points(picture, cloud, BUNDLED))
    assert np.array_equal(without.draw(points=True)[:360, :640], picture)


@given(st.lists(st.tuples(*[st.floats(-(2.0**100), 2.0**100, width=32)] * 3), max_size=20), extents, extents)
def test_points_anywhere_can_be_drawn_on_any_picture(points: list, width: int, height: int) -> None:
    cloud = PointCloud(np.array(points, np.float32).reshape(-1, 3), np.zeros(len(points), np.float32))

    assert draw_points(make_picture(width, height), cloud, BUNDLED).shape == (height, width, 3)
