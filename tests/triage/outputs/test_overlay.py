"""The drawn picture: what is seen of the heat, and that words fit beside any picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tightrope_triage.outputs.overlay import LONG_SIDE, WIDTH_MIN, render
from tightrope_triage.reading import State

from .sources import dx, reading_of

IMAGE = dx()
GREY = np.full((300, 500), 90, np.uint8)


def coloured(picture: np.ndarray) -> np.ndarray:
    """Where red and blue differ."""
    return picture[..., 0].astype(int) != picture[..., 2]


@settings(deadline=None, max_examples=30)
@given(
    height=st.integers(1, 1500),
    width=st.integers(1, 1500),
    state=st.sampled_from(State),
    heat=st.none() | st.tuples(st.integers(1, 20), st.integers(1, 20)),
)
def test_any_picture_fits(height: int, width: int, state: State, heat: tuple[int, int] | None) -> None:
    shares = None if heat is None else np.ones(heat, np.float32)
    picture = render(np.zeros((height, width), np.uint8), reading_of(IMAGE, state, heat=shares))
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    assert WIDTH_MIN <= picture.shape[1] <= LONG_SIDE
    # The words leave a margin at the right, so none of them is cut.
    if heat is None:
        assert not picture[:, -2:].any()


@pytest.mark.parametrize("heat", [-np.ones((5, 5), np.float32), np.full((5, 5), np.nan, np.float32)])
def test_only_what_raised_the_score_is_coloured(heat: np.ndarray) -> None:
    picture = render(GREY, reading_of(IMAGE, heat=heat))
    height, width = 600, 1000
    top = int(np.argmax((picture[:, 500] == 90).all(axis=1)))
    assert not coloured(picture[top : top + height, :width]).any()


def test_colour_lies_where_the_share_is() -> None:
    heat = np.zeros((4, 4), np.float32)
    heat[3, 0] = 2.0
    picture = render(GREY, reading_of(IMAGE, heat=heat))
    top = int(np.argmax((picture[:, 900] == 90).all(axis=1)))
    inside = coloured(picture[top : top + 600])
    assert inside[300:, :500].mean() > 0.3
    assert not inside[:200].any()
    assert not inside[:, 700:].any()


def test_a_faint_map_stays_faint() -> None:
    faint, strong = (
        render(GREY, reading_of(IMAGE, heat=np.full((3, 3), share, np.float32))).astype(int) for share in (0.02, 2.0)
    )
    centre = (faint.shape[0] // 2, 500)
    assert np.abs(faint[centre] - 90).max() < 15 < np.abs(strong[centre] - 90).max()


def test_hides_nothing_of_the_picture() -> None:
    noise = np.random.default_rng(1).integers(1, 256, (1024, 700), dtype=np.uint8)
    picture = render(noise, reading_of(IMAGE))
    assert any(np.array_equal(picture[top : top + 1024, :, 0], noise) for top in range(picture.shape[0] - 1023))


@pytest.mark.parametrize("state", State)
def test_states_look_different(state: State) -> None:
    others = [render(GREY, reading_of(IMAGE, other)) for other in State if other is not state]
    mine = render(GREY, reading_of(IMAGE, state))
    assert all(mine.shape != other.shape or (mine != other).any() for other in others)
