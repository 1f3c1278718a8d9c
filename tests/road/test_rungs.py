"""Which rungs are worth running for a camera depends on the shape of its pictures."""

from __future__ import annotations

import pytest

from tightrope_road.rungs import shipped_ladder

WIDE, LARGE, SMALL = "nanodet-384x640-int8", "nanodet-416-int8", "nanodet-320-int8"


@pytest.mark.parametrize(
    ("size", "rungs"),
    [
        (None, [WIDE, LARGE, SMALL]),
        ((1242, 375), [WIDE, LARGE, SMALL]),
        ((1920, 1080), [WIDE, LARGE, SMALL]),
        ((640, 480), [WIDE, LARGE, SMALL]),
        ((1000, 1000), [LARGE, WIDE, SMALL]),  # of a square, 384x640 takes 384x384
        ((1080, 1920), [LARGE, WIDE, SMALL]),
    ],
)
def test_the_order_is_that_of_what_the_camera_shows(size: tuple[int, int] | None, rungs: list[str]) -> None:
    assert [rung.name for rung in shipped_ladder(60.0, size).rungs] == rungs


def test_the_period_counts_as_well() -> None:
    assert [rung.name for rung in shipped_ladder(0.001, (1920, 1080)).rungs] == [SMALL]
