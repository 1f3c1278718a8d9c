"""The letterbox: everywhere the picture keeps its shape, boxes come back, and no more is padded than has to be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope.artifact import Artifact
from tightrope.models import artifact_names, open_artifact
from tightrope_road.boxes import overlap
from tightrope_road.detector import Detector
from tightrope_road.pictures import read_picture
from tightrope_road.preprocess import Letterbox, Preprocess, takes_any_size
from tightrope_road.workload import SAMPLE

SIDES = st.integers(1, 3000)
LIMITS = st.tuples(st.integers(1, 20), st.integers(1, 20)).map(lambda sides: (32 * sides[0], 32 * sides[1]))
CONSTANTS = {"width": 416, "height": 416, "mean": (103, 116, 123), "std": (57, 57, 58), "pad": 114}


@given(width=SIDES, height=SIDES, limits=LIMITS, multiple=st.sampled_from([None, 32]))
def test_boxes_come_back_and_the_picture_lies_inside(
    width: int, height: int, limits: tuple[int, int], multiple: int | None
) -> None:
    box = Letterbox.fit((width, height), limits, multiple)
    places = zip((box.left, box.top), box.scaled, box.target, strict=True)
    assert all(before >= 0 and before + extent <= whole for before, extent, whole in places)
    corners = np.array([[0, 0, width, height], [width / 4, height / 3, width / 2, height / 2]], np.float32)
    np.testing.assert_allclose(box.to_source(box.to_model(corners)), corners, rtol=1e-4, atol=1e-3 * max(width, height))


@given(width=SIDES, height=SIDES, limits=LIMITS)
def test_with_a_multiple_the_input_is_no_larger_than_the_picture_needs(
    width: int, height: int, limits: tuple[int, int]
) -> None:
    whole, fitted = Letterbox.fit((width, height), limits), Letterbox.fit((width, height), limits, 32)
    assert all(side % 32 == 0 and 32 <= side <= limit for side, limit in zip(fitted.target, limits, strict=True))
    assert all(full - side < 32 for full, side in zip(fitted.target, fitted.scaled, strict=True))
    assert all(now >= 0.965 * before - 1 for now, before in zip(fitted.scaled, whole.scaled, strict=True))


@pytest.mark.parametrize(
    ("size", "target"),
    [
        ((640, 480), (416, 320)),
        ((1920, 1080), (416, 256)),
        ((1242, 375), (416, 128)),
        ((480, 640), (320, 416)),
        ((500, 500), (416, 416)),
    ],
)
def test_what_cameras_show(size: tuple[int, int], target: tuple[int, int]) -> None:
    array, box = Preprocess(CONSTANTS, 32)(np.zeros((size[1], size[0], 3), np.uint8))
    assert box.target == target
    assert array.shape == (1, 3, target[1], target[0])


@pytest.mark.parametrize("name", artifact_names("road"))
def test_shipped_detectors_find_the_same_without_the_padding(name: str) -> None:
    """What the whole letterbox finds surely, the fitted one finds too, and at the same place."""
    artifact: Artifact = open_artifact("road", name)
    detector = Detector(artifact, score=0.3)
    assert takes_any_size(detector.pipeline.session)
    picture = read_picture(sorted(SAMPLE.glob("*.jpg"))[0])
    fitted = detector(picture).result
    array, box = Preprocess(artifact.manifest.preprocess)(picture)
    whole = detector.pipeline.postprocess(detector.pipeline.session(array), box)
    sure = whole.scores >= 0.6
    assert sure.any()
    assert overlap(whole.boxes[sure], fitted.boxes).max(axis=1).min() > 0.75
