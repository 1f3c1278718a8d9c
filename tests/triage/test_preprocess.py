"""Pixels to network input: exposure and bit depth do not matter, nothing divides by zero."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope_triage.augment import augment
from tightrope_triage.preprocess import INPUT_SIZE, PIXEL_MEAN, PIXEL_STD, preprocess, to_grey8


def picture(height: int = 300, width: int = 260) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return (np.sin(rows / 30) * np.cos(columns / 40) + 1) * 2000


def test_input_is_what_the_network_takes():
    tensor = preprocess(picture().astype(np.uint16))
    assert tensor.shape == (1, 1, INPUT_SIZE, INPUT_SIZE)
    assert tensor.dtype == np.float32
    assert tensor.min() == pytest.approx(-PIXEL_MEAN / PIXEL_STD)
    assert tensor.max() == pytest.approx((1 - PIXEL_MEAN) / PIXEL_STD)


@given(st.floats(0.05, 20), st.floats(-3000, 3000))
def test_gain_and_offset_of_the_detector_do_not_matter(gain, offset):
    reference = to_grey8(picture()).astype(int)
    assert abs(to_grey8(picture() * gain + offset).astype(int) - reference).max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (5, 900), (2048, 64)])
def test_constant_pictures_of_any_type_and_shape_are_zeros(dtype, shape):
    assert not to_grey8(np.full(shape, 7, dtype)).any()


@given(st.integers(0, 2**32))
def test_augmented_pictures_keep_type_and_size_and_leave_their_source(seed):
    source = to_grey8(picture(), 72)
    before = source.copy()
    view = augment(source, 64, np.random.default_rng(seed))
    assert (view.shape, view.dtype) == ((64, 64), np.uint8)
    assert np.array_equal(source, before)
