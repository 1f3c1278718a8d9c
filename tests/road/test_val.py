"""Average precision by COCO's protocol."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tightrope_road.annotations import LabelledPicture, Labels
from tightrope_road.annotations.labelled import Row
from tightrope_road.labels import COCO, ROAD
from tightrope_road.metrics import DetectionScores, Truth
from tightrope_road.val import average_precision, validate

from .conftest import make_answer, make_detections, make_picture

pytest.importorskip("faster_coco_eval")

CAR, PERSON, CUP = (COCO.index(name) for name in ("car", "person", "cup"))
SIZE = (640, 480)
NAN = float("nan")


def labels(*rows: tuple[int, tuple[float, float, float, float]], crowds: tuple = ()) -> Labels:
    return Labels.of([Row(k, False, NAN, box) for k, box in rows] + [Row(k, True, NAN, box) for k, box in crowds])


def test_perfect_detections_score_one() -> None:
    truth = [labels((CAR, (10, 10, 60, 60)), (CUP, (100, 100, 150, 150)))]
    found = [make_detections([(CAR, 0.9, (10, 10, 60, 60)), (CUP, 0.8, (100, 100, 150, 150))], SIZE)]

    precision = average_precision(truth, found)

    assert precision.mean() == pytest.approx((1.0, 1.0))
    assert precision.mean(ROAD) == pytest.approx((1.0, 1.0))
    assert [score.name for score in precision.classes.values()] == ["car", "cup"]


def test_a_class_without_labels_is_not_part_of_the_mean() -> None:
    truth = [labels((CAR, (10, 10, 60, 60)))]
    found = [make_detections([(CAR, 0.9, (10, 10, 60, 60)), (PERSON, 0.99, (200, 200, 260, 260))], SIZE)]

    assert average_precision(truth, found).mean() == pytest.approx((1.0, 1.0))


def test_a_detection_in_a_crowd_is_neither_right_nor_wrong() -> None:
    box, elsewhere = (10, 10, 60, 60), (300, 300, 340, 340)
    found = [make_detections([(CAR, 0.99, elsewhere), (CAR, 0.5, box)], SIZE)]

    assert average_precision([labels((CAR, box))], found).mean() == pytest.approx((0.5, 0.5))
    for crowd in (CAR, -1):  # a crowd of cars, and a region in which nothing counts
        truth = [labels((CAR, box), crowds=((crowd, (290, 290, 400, 400)),))]
        assert average_precision(truth, found).mean() == pytest.approx((1.0, 1.0))


def test_nothing_found_scores_nothing_and_no_labels_give_no_score() -> None:
    assert average_precision([labels((CAR, (10, 10, 60, 60)))], [make_detections([], SIZE)]).mean() == (0.0, 0.0)
    assert average_precision([labels()], [make_detections([], SIZE)]).mean() is None


corners = st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(30, 200), st.integers(30, 200))
objects = st.lists(st.tuples(st.sampled_from((CAR, PERSON, CUP)), corners), max_size=5)
jitter = st.tuples(*[st.integers(-12, 12)] * 4)


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from((CAR, PERSON, CUP)), corners, jitter), max_size=5), min_size=1, max_size=4
    ),
    st.randoms(),
)
def test_it_agrees_with_the_scores_that_the_gate_resamples(scene: list, random: object) -> None:
    truths, boxes, found = [], [], []
    scores = iter(np.linspace(0.9, 0.1, 100))
    for picture in scene:
        rows = [(k, (x, y, x + w, y + h)) for k, (x, y, w, h), _ in picture]
        boxes.append(labels(*rows))
        truths.append(
            Truth(
                np.array([box for _, box in rows], np.float32).reshape(-1, 4),
                np.array([k for k, _ in rows], np.int64),
            )
        )
        moved = [tuple(np.add(box, shift)) for (_, box), (_, _, shift) in zip(rows, picture, strict=True)]
        found.append(make_detections([(k, next(scores), box) for (k, _), box in zip(rows, moved, strict=True)], SIZE))
    assume(any(len(truth.classes) for truth in truths))

    official = average_precision(boxes, found)
    own = DetectionScores(found, truths, ROAD).on(np.arange(len(truths)))

    assert official.mean() == pytest.approx((own["mAP50-95 all"], own["mAP50 all"]), abs=1e-9)
    road = official.mean(ROAD) or (0.0, 0.0)
    assert road == pytest.approx((own["mAP50-95 road"], own["mAP50 road"]), abs=1e-9)


def test_a_picture_that_cannot_be_read_is_noted_and_the_rest_scored(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "good.png"), make_picture())
    (tmp_path / "bad.png").write_bytes(b"nothing")
    truth = labels((CAR, (10, 10, 30, 30)))
    pictures = [LabelledPicture(tmp_path / name, truth) for name in ("bad.png", "good.png", "missing.png")]

    result = validate(lambda _: make_answer([(CAR, 0.9, (10, 10, 30, 30))]), pictures, threading.Event())

    assert len(result.unusable) == 2
    assert result.precision().mean() == pytest.approx((1.0, 1.0))
    assert result.latency().p50.value == 23.0
