"""Readers of labelled sets: every layout, and every way to be malformed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope.errors import BadInputError, TightropeError
from tightrope_road.annotations import read_labels
from tightrope_road.annotations.coco import read_coco
from tightrope_road.annotations.kitti import read_kitti_labels
from tightrope_road.annotations.yolo import read_yolo_labels
from tightrope_road.labels import COCO

CAR, PERSON, BICYCLE, TRAIN = (COCO.index(name) for name in ("car", "person", "bicycle", "train"))


def kitti_line(kind: str, box: str = "10 20 30 40") -> str:
    return f"{kind} 0.00 0 -1.59 {box} 1.49 1.60 3.83 0.21 1.67 9.30 -1.57\n"


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def coco_set(names: dict[int, str], annotations: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "images": [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 50}],
        "categories": [{"id": number, "name": name} for number, name in names.items()],
        "annotations": annotations,
    }


def test_kitti_types_become_classes(tmp_path: Path) -> None:
    touch(tmp_path / "image_2/1.png", tmp_path / "image_2/2.png")
    (tmp_path / "label_2").mkdir()
    kinds = ("Car", "Van", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "DontCare", "Misc", "Unicorn")
    (tmp_path / "label_2/1.txt").write_text("".join(map(kitti_line, kinds)))

    found = read_labels(tmp_path)

    assert found.format == "KITTI"
    (picture,) = found.pictures  # the one without a label file is not known to be empty
    assert picture.path.name == "1.png"
    assert picture.labels.classes.tolist() == [CAR, CAR, PERSON, PERSON, BICYCLE, TRAIN, -1, -1]
    assert picture.labels.ignored.tolist() == [False] * 6 + [True] * 2
    assert picture.labels.boxes[0].tolist() == [10, 20, 30, 40]
    assert found.left_out == {"Unicorn": 1}


def test_yolo_with_names_and_splits(tmp_path: Path) -> None:
    touch(*(tmp_path / f"images/{name}.jpg" for name in ("train/a", "val/b", "val/c")))
    touch(tmp_path / "labels/train/a.txt")
    (tmp_path / "labels/val").mkdir()
    (tmp_path / "labels/val/b.txt").write_text("1 0.5 0.5 0.2 0.4\n0 0.1 0.1 0.3 0.1 0.3 0.3\n2 .5 .5 .1 .1 0.9\n")
    (tmp_path / "data.yaml").write_text("names: [Car, motorbike, ambulance]\n")

    found = read_labels(tmp_path)

    assert [picture.path.name for picture in found.pictures] == ["b.jpg", "c.jpg"]
    labels = found.pictures[0].labels.in_pixels(100, 50)
    assert labels.classes.tolist() == [COCO.index("motorcycle"), CAR]
    assert np.allclose(labels.boxes, [[40, 15, 60, 35], [10, 5, 30, 15]])
    assert found.left_out == {"ambulance": 1}
    assert not len(found.pictures[1].labels.classes)  # no file, no objects
    assert [p.path.name for p in read_labels(tmp_path, "train").pictures] == ["a.jpg"]
    with pytest.raises(BadInputError, match=r"no split 'trian'.*did you mean"):
        read_labels(tmp_path, "trian")


def test_yolo_without_names_is_not_guessed(tmp_path: Path) -> None:
    touch(tmp_path / "images/a.jpg", tmp_path / "labels/a.txt")

    with pytest.raises(BadInputError, match="no YAML file with class names"):
        read_labels(tmp_path)


@pytest.mark.parametrize("layout", ["a.jpg", "images/a.jpg", "../val2017/a.jpg", "../images/val2017/a.jpg"])
def test_coco_finds_its_pictures(tmp_path: Path, layout: str) -> None:
    file = tmp_path / "annotations/instances_val2017.json"
    touch(file, tmp_path / "annotations" / layout)
    crowd = {"image_id": 7, "category_id": 3, "bbox": [0, 0, 50, 50], "area": 900, "iscrowd": 1}
    car = {"image_id": 7, "category_id": 3, "bbox": [10, 20, 30, 5], "area": 120.5, "iscrowd": 0}
    file.write_text(json.dumps(coco_set({3: "car"}, [car, crowd])))

    for found in (read_labels(tmp_path), read_labels(file), read_labels(tmp_path, "val2017")):
        (picture,) = found.pictures
        assert picture.path.samefile(tmp_path / "annotations" / layout)
        assert picture.labels.boxes.tolist() == [[10, 20, 40, 25], [0, 0, 50, 50]]
        assert picture.labels.areas.tolist() == [120.5, 900]
        assert picture.labels.ignored.tolist() == [False, True]


@given(
    st.lists(
        st.tuples(st.sampled_from(COCO), st.floats(0, 500), st.floats(0, 500), st.floats(0, 99), st.floats(0, 99)),
        max_size=10,
    )
)
def test_coco_reads_back_what_was_written(tmp_path_factory: pytest.TempPathFactory, objects: list) -> None:
    folder = tmp_path_factory.mktemp("coco")
    touch(folder / "a.jpg")
    annotations = [
        {"image_id": 7, "category_id": COCO.index(name) + 1, "bbox": [x, y, width, height]}
        for name, x, y, width, height in objects
    ]
    file = folder / "labels.json"
    file.write_text(json.dumps(coco_set({k + 1: name for k, name in enumerate(COCO)}, annotations)))

    labels = read_coco(file).pictures[0].labels

    assert [COCO[k] for k in labels.classes] == [row[0] for row in objects]
    assert np.allclose(labels.boxes, np.array([(x, y, x + w, y + h) for _, x, y, w, h in objects]).reshape(-1, 4))


def test_the_first_bad_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    for text, why in (
        (kitti_line("Car") + "Car 1 2 3\n", "line 2: 4 columns instead of 15"),
        (kitti_line("Car", "10 20 x 40"), "line 1: could not convert"),
        (kitti_line("Car", "30 20 10 40"), "line 1: not a box"),
        (kitti_line("Car", "nan 20 10 40"), "line 1: not a box"),
    ):
        file.write_text(text)
        with pytest.raises(BadInputError, match=why):
            read_kitti_labels(file, Counter())


@given(st.text(max_size=80) | st.lists(st.floats(allow_nan=True), max_size=8).map(lambda v: " ".join(map(str, v))))
def test_any_text_is_labels_or_an_error_of_ours(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.mktemp("any") / "a.txt"
    file.write_text(text, encoding="utf-8", errors="replace")
    for read in (
        lambda: read_kitti_labels(file, Counter()),
        lambda: read_yolo_labels(file, dict(enumerate(COCO)), Counter()),
        lambda: read_coco(file),
    ):
        try:
            read()
        except BadInputError as error:
            lines = str(error).splitlines()
        else:
            lines = [""]
        assert len(lines) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("images", "annotations", "categories", "id", "name", "bbox")), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@given(json_values)
def test_any_json_is_labels_or_an_error_of_ours(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    file = tmp_path_factory.mktemp("json") / "labels.json"
    file.write_text(json.dumps(value))

    with pytest.raises(BadInputError):
        read_coco(file)


def test_what_is_no_labelled_set_says_what_would_be(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="does not exist"):
        read_labels(tmp_path / "nowhere")
    with pytest.raises(BadInputError, match="is not a labelled set that is known"):
        read_labels(tmp_path)
    touch(tmp_path / "annotations/instances_a.json", tmp_path / "annotations/instances_b.json")
    with pytest.raises(TightropeError, match="choose one with --split: a, b"):
        read_labels(tmp_path)
