"""Files that `predict --out` writes: read back they say the same, and they are whole or not there."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope.errors import BadInputError, OutputError
from tightrope_road.annotations.coco import CATEGORY_IDS
from tightrope_road.annotations.kitti import read_kitti_labels
from tightrope_road.annotations.yolo import read_yolo_labels
from tightrope_road.frames import Frame
from tightrope_road.labels import COCO
from tightrope_road.writers import FORMATS, open_writers, parse_formats
from tightrope_road.writers.kitti import kitti_lines
from tightrope_road.writers.yolo import yolo_lines

from .conftest import make_answer, make_detections, make_frame, make_picture

WIDTH, HEIGHT = 640, 360
sides = st.tuples(
    st.floats(0, WIDTH - 2, width=32), st.floats(0, HEIGHT - 2, width=32), st.floats(1, 200), st.floats(1, 200)
)
boxes = sides.map(lambda s: (s[0], s[1], min(WIDTH, s[0] + s[2]), min(HEIGHT, s[1] + s[3])))
rows = st.lists(st.tuples(st.integers(0, len(COCO) - 1), st.floats(0.01, 1), boxes), max_size=20)
ANSWER = make_answer([(2, 0.9, (4, 5, 30, 40)), (0, 0.4, (10, 10, 20, 40))])


@given(rows)
def test_kitti_labels_read_back_the_same(tmp_path_factory: pytest.TempPathFactory, found_rows: list) -> None:
    found = make_detections(found_rows, (WIDTH, HEIGHT))
    file = tmp_path_factory.mktemp("kitti") / "a.txt"
    file.write_text(kitti_lines(found))
    left_out: Counter[str] = Counter()

    labels = read_kitti_labels(file, left_out)

    assert labels.classes.tolist() == found.classes.tolist()
    assert np.allclose(labels.boxes, found.boxes, atol=0.006)
    assert not left_out


@given(rows)
def test_yolo_labels_read_back_the_same(tmp_path_factory: pytest.TempPathFactory, found_rows: list) -> None:
    found = make_detections(found_rows, (WIDTH, HEIGHT))
    file = tmp_path_factory.mktemp("yolo") / "a.txt"
    file.write_text(yolo_lines(found))

    labels = read_yolo_labels(file, dict(enumerate(COCO)), Counter()).in_pixels(WIDTH, HEIGHT)

    assert labels.classes.tolist() == found.classes.tolist()
    assert np.allclose(labels.boxes, found.boxes, atol=1e-3)


def test_every_format_at_once(tmp_path: Path) -> None:
    with open_writers(tmp_path / "found", list(FORMATS)) as writers:
        for stem in ("000000000139", "street"):
            for writer in writers:
                writer.write(make_frame(stem=stem), ANSWER)

    found = {str(path.relative_to(tmp_path / "found")) for path in (tmp_path / "found").rglob("*") if path.is_file()}
    stems = ("000000000139", "street")
    assert found == {"detections.jsonl", "detections.coco.json"} | {
        name for stem in stems for name in (f"{stem}.jpg", f"kitti/{stem}.txt", f"yolo/{stem}.txt")
    }
    results = json.loads((tmp_path / "found/detections.coco.json").read_text())
    assert [(r["image_id"], r["file_name"], r["category_id"]) for r in results] == [
        (139, "000000000139.jpg", 3),
        (139, "000000000139.jpg", 1),
        (2, "street.jpg", 3),
        (2, "street.jpg", 1),
    ]
    assert results[0]["bbox"] == [4.0, 5.0, 26.0, 35.0]
    lines = [json.loads(line) for line in (tmp_path / "found/detections.jsonl").read_text().splitlines()]
    assert [line["name"] for line in lines] == list(stems)
    assert lines[0]["detections"][0]["class"] == "car"
    assert lines[0]["times"]["total_ms"] == 23.0


def test_cocos_own_numbers_of_its_classes() -> None:
    numbers = dict(zip(COCO, CATEGORY_IDS, strict=True))

    assert (numbers["person"], numbers["stop sign"], numbers["toothbrush"]) == (1, 13, 90)


def test_a_video_is_written_a_source_and_counted(tmp_path: Path) -> None:
    with open_writers(tmp_path, ["image"]) as (writer,):
        for stem, frames in (("one", 5), ("two", 3)):
            for index in range(frames):
                writer.write(make_frame(index, stem, fps=10.0), ANSWER)

    assert _frames(tmp_path / "one.mp4") == 5
    assert _frames(tmp_path / "two.mp4") == 3


def test_a_live_recording_keeps_the_pace_of_the_world(tmp_path: Path) -> None:
    with open_writers(tmp_path, ["image"]) as (writer,):
        for index in (0, 1, 7, 9):  # the frames between were dropped
            writer.write(make_frame(index, "cam", fps=10.0, live=True), ANSWER)

    assert _frames(tmp_path / "cam.mp4") == 10


def _frames(path: Path) -> int:
    return int(cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT))


def test_an_error_removes_what_is_in_progress_and_keeps_what_is_complete(tmp_path: Path) -> None:
    formats = list(FORMATS)

    def fail() -> None:
        with open_writers(tmp_path, formats) as writers:
            for writer in writers:
                writer.write(make_frame(stem="street"), ANSWER)
                writer.write(make_frame(0, "drive", fps=10.0), ANSWER)
            raise OutputError("disk full")

    with pytest.raises(OutputError):
        fail()

    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"street.jpg", "street.txt", "drive-000000.txt"}


def test_no_frame_no_file(tmp_path: Path) -> None:
    with open_writers(tmp_path / "found", list(FORMATS)):
        pass

    assert not (tmp_path / "found").exists()


def test_the_source_is_never_replaced(tmp_path: Path) -> None:
    source = tmp_path / "street.jpg"
    source.write_bytes(b"the original")
    frame = Frame(str(source), "street", 0, 0.0, make_picture())

    with open_writers(tmp_path, ["image"]) as (writer,), pytest.raises(OutputError, match="choose another --out"):
        writer.write(frame, ANSWER)

    assert source.read_bytes() == b"the original"


def test_formats_are_parsed_and_the_nearest_is_suggested() -> None:
    assert parse_formats("image, coco,image") == ("image", "coco")
    with pytest.raises(BadInputError, match="did you mean"):
        parse_formats("image,koko")
    with pytest.raises(BadInputError, match="no output format is named"):
        parse_formats(" , ")
