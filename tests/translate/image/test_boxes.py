"""Rotated boxes: their corners, what lies in them, and the direction in which they are read."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tightrope_translate.image.boxes import Box, in_reading_direction, page_angle, strip

SIDES = st.floats(5, 200)
BOXES = st.builds(
    Box, x=st.floats(-50, 500), y=st.floats(-50, 500), width=SIDES, height=SIDES, angle=st.floats(-180, 179.9)
)


def apart(one: float, other: float) -> float:
    """Angle between two directions, in degrees."""
    return abs((one - other + 180) % 360 - 180)


@settings(deadline=None)
@given(BOXES)
def test_corners_go_round_the_centre_from_the_beginning_of_the_text(box: Box) -> None:
    corners = box.corners().astype(float)
    along, across = corners[1] - corners[0], corners[3] - corners[0]

    assert corners.mean(0) == pytest.approx((box.x, box.y), abs=0.01)
    assert np.hypot(*along) == pytest.approx(box.width, rel=1e-3)
    assert apart(float(np.degrees(np.arctan2(along[1], along[0]))), box.angle) < 0.1
    assert float(along[0] * across[1] - along[1] * across[0]) > 0  # y points down: clockwise


@settings(deadline=None)
@given(BOXES)
def test_turning_twice_changes_nothing(box: Box) -> None:
    assert box.turned().turned().corners() == pytest.approx(box.corners(), abs=0.01)


@settings(deadline=None)
@given(st.floats(-179, 179), st.integers(20, 60))
def test_a_strip_shows_what_was_painted_into_the_box(angle: float, height: int) -> None:
    box = Box(150, 150, 120, 40, angle)
    picture = np.zeros((300, 300, 3), np.uint8)
    left_half = replace(
        box, x=box.x - 30 * np.cos(np.radians(angle)), y=box.y - 30 * np.sin(np.radians(angle)), width=60
    )
    cv2.fillPoly(picture, [box.corners().round().astype(np.int32)], (255, 255, 255))
    cv2.fillPoly(picture, [left_half.corners().round().astype(np.int32)], (0, 0, 255))

    flat = strip(picture, box, height)

    assert flat.shape == (height, round(3 * height), 3)
    inside = flat[5:-5, 5:-5].astype(int)
    middle = inside.shape[1] // 2
    assert np.abs(inside[:, : middle - 5] - (0, 0, 255)).max() < 30
    assert np.abs(inside[:, middle + 5 :] - 255).max() < 30


@settings(deadline=None)
@given(st.floats(-180, 179), st.lists(st.tuples(st.floats(3, 12), st.booleans()), min_size=1, max_size=8))
def test_a_page_is_read_along_its_lines_however_it_is_turned(turn: float, lines: list[tuple[float, bool]]) -> None:
    """A detector gives either side of a rectangle as its width; the page's direction comes out all the same."""
    found = []
    for number, (ratio, swapped) in enumerate(lines):
        box = Box(100, 40 * number, 20 * ratio, 20, turn)
        found.append(replace(box, width=20, height=20 * ratio, angle=turn + 90) if swapped else box)
    found.append(Box(10, 10, 22, 20, turn + 90))  # 'WC', framed by its other side

    directed = in_reading_direction(found)

    assert all(min(apart(box.angle, turn), apart(box.angle, turn + 180)) < 0.1 for box in directed)
    assert len({round(box.angle) % 360 // 180 for box in directed}) <= 2
    assert max(apart(box.angle, directed[0].angle) for box in directed) < 0.1  # none upside down against the others
    assert [box.width for box in directed[:-1]] == pytest.approx([20 * ratio for ratio, _ in lines])


def test_most_of_the_text_tells_the_direction() -> None:
    lines = [Box(0, 30 * k, 200, 20, 7 + 0.5 * k) for k in range(4)]

    assert page_angle([*lines, Box(300, 0, 150, 20, 90)]) == pytest.approx(7.75, abs=0.1)
    assert page_angle([]) == 0
