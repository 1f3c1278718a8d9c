"""Splits, labels, sizes and pictures: what must hold whatever the files are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope.cli.core import read_milliseconds, read_share
from tightrope.compress.own.agreement import closeness, cosine
from tightrope.compress.own.boxes import BoxOutputs
from tightrope.compress.own.files import find_files, read_arrays, read_picture, usual_size
from tightrope.compress.own.labels import read_labels
from tightrope.compress.own.settings import OwnSettings
from tightrope.errors import BadInputError
from tightrope.runtime.picture import PictureInput
from tightrope.runtime.session import TensorSpec

SIDES = st.integers(1, 90)


def touch(folder: Path, names: list[str]) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    return folder


def anything(_: Path) -> bool:
    return True


def test_the_same_files_are_split_the_same_anywhere(tmp_path: Path) -> None:
    names = [f"{kind}/{number}.png" for kind in "ab" for number in range(50)]
    one, other = (touch(tmp_path / place, names) for place in ("one", "two/deep"))
    first, second = (find_files(place, (".png",), 1000, anything, anything) for place in (one, other))
    calibration = {file.relative_to(one) for file in first.calibration}
    assert calibration == {file.relative_to(other) for file in second.calibration}
    assert len(calibration) == 25
    assert not set(first.calibration) & set(first.held_out)
    assert {file.parent.name for file in first.calibration} == {"a", "b"}, "mixed, not the first folder"
    assert first.digest("calibration") == second.digest("calibration") != first.digest("held-out")


@pytest.mark.parametrize("judging", ["val", "validation"])
def test_folders_for_the_splits_are_taken_as_they_are(tmp_path: Path, judging: str) -> None:
    names = [f"{split}/{kind}/{number}.png" for split in ("train", judging) for kind in "ab" for number in range(20)]
    folder = touch(tmp_path, names)
    found = find_files(folder, (".png",), 1000, anything, anything)
    assert {file.relative_to(folder).parts[0] for file in found.calibration} == {"train"}
    assert {file.relative_to(folder).parts[0] for file in found.held_out} == {judging}
    labels = read_labels(folder, None, None)
    assert labels is not None
    assert labels.classes == ("a", "b")
    assert labels.of(folder / judging / "b" / "3.png") == 1


def test_what_cannot_be_read_is_left_out_and_listed(tmp_path: Path) -> None:
    folder = touch(tmp_path, [f"{number}.png" for number in range(30)])
    found = find_files(folder, (".png",), 1000, lambda file: file.stem != "7", anything)
    assert [file.name for file in found.unreadable] == ["7.png"]
    assert len(found.calibration) + len(found.held_out) == 29


def test_labels_of_coco_are_those_of_pictures_with_one_category(tmp_path: Path) -> None:
    body = {
        "categories": [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}],
        "images": [{"id": number, "file_name": f"{number}.png"} for number in range(3)],
        "annotations": [{"image_id": i, "category_id": c} for i, c in ((0, 7), (0, 7), (1, 3), (2, 3), (2, 7))],
    }
    (tmp_path / "coco.json").write_text(json.dumps(body))
    touch(tmp_path, ["0.png", "1.png", "2.png"])
    labels = read_labels(tmp_path, tmp_path / "coco.json", None)
    assert labels is not None
    assert labels.classes == ("cat", "dog"), "in the order of their ids"
    assert [labels.of(tmp_path / f"{number}.png") for number in range(3)] == [1, 0, None]


@pytest.mark.parametrize(
    ("text", "classes", "expected"),
    [
        ("file,label\na.png,dog\nb.png,cat\n", ("cat", "dog"), [1, 0]),
        ("a.png,dog\nb.png,cat\n", ("cat", "dog"), [1, 0]),
        ("id,class,image\n1,2,a.png\n2,0,b.png\n", ("0", "1", "2"), [2, 0]),
    ],
)
def test_labels_of_a_table(tmp_path: Path, text: str, classes: tuple[str, ...], expected: list[int]) -> None:
    (tmp_path / "labels.csv").write_text(text)
    touch(tmp_path, ["deep/a.png", "deep/b.png"])
    labels = read_labels(tmp_path, tmp_path / "labels.csv", None)
    assert labels is not None
    assert labels.classes == classes
    assert [labels.of(tmp_path / name) for name in ("a.png", "b.png")] == expected


def test_a_class_that_was_not_named_is_found(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("a.png,dog\n")
    with pytest.raises(BadInputError, match=r"none of the files that .*labels.csv names, such as a.png, lies in"):
        read_labels(tmp_path, tmp_path / "labels.csv", None)
    touch(tmp_path, ["a.png"])
    (tmp_path / "classes.txt").write_text("cat\n")
    with pytest.raises(BadInputError, match="the class 'dog' is not among the 1 that were named"):
        read_labels(tmp_path, tmp_path / "labels.csv", tmp_path / "classes.txt")


def test_files_without_folders_have_no_labels(tmp_path: Path) -> None:
    assert read_labels(touch(tmp_path, ["a.png"]), None, None) is None
    assert read_labels(touch(tmp_path / "deep", ["images/a.png", "b.png"]), None, None) is None


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from(["letterbox", "stretch", "crop"]), st.sampled_from(["NCHW", "NHWC"]))
def test_a_picture_of_any_size_has_the_size_of_the_input(
    w: int, h: int, width: int, height: int, resize: str, layout: str
) -> None:
    ready = PictureInput(width, height, layout=layout, resize=resize, mean=(0.0,) * 3, std=(1.0,) * 3)  # type: ignore[arg-type]
    array = ready(np.full((h, w, 3), 200, np.uint8))
    assert array.shape == ((1, 3, height, width) if layout == "NCHW" else (1, height, width, 3))
    assert array.dtype == np.float32
    allowed = {200.0, 114.0} if resize == "letterbox" else {200.0}
    assert set(np.unique(array)) <= allowed, "nothing is made up but the padding"
    assert 200.0 in array
    assert PictureInput.of(json.loads(json.dumps(ready.to_dict()))) == ready


def test_colours_and_numbers_come_out_as_they_are_asked_for() -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[..., 0], picture[..., 2] = 10, 250  # blue and red, as OpenCV has them
    ready = PictureInput(4, 4, mean=(50.0, 0.0, 10.0), std=(100.0, 1.0, 2.0))
    assert ready(picture)[0, :, 0, 0].tolist() == [2.0, 0.0, 0.0]
    assert replace(ready, colour="BGR", mean=(0.0,) * 3, std=(1.0,) * 3)(picture)[0, :, 0, 0].tolist() == [10, 0, 250]
    raw = replace(ready, dtype="uint8")(picture)
    assert (raw.dtype, raw[0, :, 0, 0].tolist()) == (np.uint8, [250, 0, 10])
    grey = replace(ready, colour="GRAY", mean=(0.0,), std=(1.0,))(picture)
    assert grey.shape == (1, 1, 4, 4)
    assert grey[0, 0, 0, 0] == pytest.approx(0.299 * 250 + 0.114 * 10, abs=1)


@given(st.floats(0.001, 1), st.floats(0.001, 1e4))
def test_shares_and_times_mean_the_same_however_they_are_written(share: float, time: float) -> None:
    assert read_share(f"{share * 100!r}%") == pytest.approx(share)
    assert read_share(repr(share)) == share
    assert read_milliseconds(f"{time!r}ms") == read_milliseconds(repr(time)) == time
    assert read_milliseconds(f"{time / 1000!r}s") == pytest.approx(time)


def test_mean_and_std_are_in_the_range_that_was_said() -> None:
    assert OwnSettings().normalization(3) is None
    assert OwnSettings(mean="0.5", std="0.25").normalization(1) == ((127.5,), (63.75,))
    assert OwnSettings(range="1").normalization(1) == ((0.0,), (255.0,))
    assert OwnSettings(range="255").normalization(2) == ((0.0, 0.0), (1.0, 1.0))
    assert OwnSettings(range="255", mean="1,2", std="3").normalization(2) == ((1.0, 2.0), (3.0, 3.0))


def test_agreement_is_one_for_the_same_and_less_for_less() -> None:
    random = np.random.default_rng(0)
    answer = [random.normal(size=(1, 5)), random.normal(size=(1, 2, 4))]
    near, far = ([array + scale * random.normal(size=array.shape) for array in answer] for scale in (0.1, 1))
    for measure in (cosine, closeness):
        assert measure(answer, answer) == pytest.approx(1)
        assert 1 > measure(answer, near) > measure(answer, far) >= 0
        assert measure(answer, [answer[0], answer[1][:, :1]]) == 0, "another shape"
        assert measure(answer, [answer[0], -answer[1]]) == 0, "the worst output counts"
    zeros = [np.zeros((1, 3))]
    assert (cosine(zeros, zeros), closeness(zeros, zeros), cosine(zeros, [np.ones((1, 3))])) == (1, 1, 0)


def test_boxes_agree_where_they_overlap_and_have_the_same_class() -> None:
    boxes = np.array([[0, 0, 10, 10], [20, 20, 40, 40], [50, 50, 60, 60]], np.float32)
    scores, classes = np.array([0.9, 0.8, 0.1], np.float32), np.array([1, 2, 1])
    answer = [boxes, classes, scores]
    outputs = BoxOutputs.find(answer)
    assert outputs == BoxOutputs(boxes=0, scores=2, classes=1)
    assert outputs.agreement(answer, answer) == 1
    assert outputs.agreement(answer, [boxes[::-1], classes[::-1], scores[::-1]]) == 1, "in whatever order"
    assert outputs.agreement(answer, [boxes + 2, classes, scores]) == pytest.approx(1 / 2), (
        "the small one moved too far"
    )
    assert outputs.agreement(answer, [boxes, np.array([2, 2, 1]), scores]) == 1 / 2
    assert outputs.agreement(answer, [boxes[:1], classes[:1], scores[:1]]) == pytest.approx(2 / 3), "one of two is gone"
    assert outputs.agreement(answer, [boxes[[0, 0, 1]], classes[[0, 0, 1]], np.ones(3)]) == pytest.approx(4 / 5)
    nothing = [boxes[:0], classes[:0], scores[:0]]
    assert (outputs.agreement(nothing, nothing), outputs.agreement(nothing, answer)) == (1, 0)
    assert BoxOutputs.find([boxes[None], scores[None]]) == BoxOutputs(0, 1, None)
    assert BoxOutputs.find([np.zeros((1, 3598, 80)), np.zeros((1, 3598, 32))]) is None
    assert BoxOutputs.find([np.zeros((1, 4), np.float32)]) is None


def test_arrays_get_the_kind_and_the_batch_that_the_graph_takes(tmp_path: Path) -> None:
    spec = TensorSpec("ids", (1, None), np.dtype(np.int64))
    np.save(tmp_path / "a.npy", np.arange(4, dtype=np.int32))
    arrays = read_arrays(tmp_path / "a.npy", [spec])
    assert isinstance(arrays, dict)
    assert (arrays["ids"].shape, arrays["ids"].dtype) == ((1, 4), np.int64)
    np.save(tmp_path / "b.npy", np.zeros((2, 3, 4)))
    with pytest.raises(BadInputError, match=r"b.npy: ids is \[2, 3, 4\], and the graph takes \[1, \?\]"):
        read_arrays(tmp_path / "b.npy", [spec])


def test_broken_arrays_are_named(tmp_path: Path) -> None:
    spec = TensorSpec("ids", (1, None), np.dtype(np.int64))
    np.savez_compressed(tmp_path / "whole.npz", ids=np.random.default_rng(0).integers(0, 9, (1, 999)))
    whole = (tmp_path / "whole.npz").read_bytes()
    spoilt = whole[:90] + bytes(byte ^ 255 for byte in whole[90:200]) + whole[200:]  # zlib's own complaint
    for name, data in {"c.npz": b"no", "d.npz": whole[:-30], "e.npy": b"", "f.npz": spoilt}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BadInputError, match=f"cannot read .*{name}"):
            read_arrays(tmp_path / name, [spec])


def test_a_picture_that_is_empty_or_may_not_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "folder.jpg").mkdir()  # no file: as one that may not be read, an OSError
    assert [read_picture(tmp_path / f"{name}.jpg") for name in ("empty", "folder", "gone")] == [None] * 3


def test_the_usual_size_is_the_most_frequent() -> None:
    assert usual_size([(1, 2), (3, 4), (3, 4)]) == (3, 4)
