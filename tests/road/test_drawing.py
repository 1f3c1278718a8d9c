"""Boxes and the budget bar, on pictures of any size."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tightrope_road.drawing import class_colour, draw_boxes, draw_budget
from tightrope_road.labels import COCO, ROAD

from .conftest import make_detections, make_picture

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
