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
        ((1000, 1000), [LARGE, SMALL]),  # 384 of a square is less than 416, and takes longer
        ((1080, 1920), [LARGE, SMALL]),
    ],
)
def test_a_rung_is_left_out_where_a_quicker_one_shows_the_picture_as_large(
    size: tuple[int, int] | None, rungs: list[str]
) -> None:
    assert [rung.name for rung in shipped_ladder(60.0, size).rungs] == rungs


def test_the_period_counts_as_well() -> None:
    assert [rung.name for rung in shipped_ladder(0.001, (1920, 1080)).rungs] == [SMALL]
