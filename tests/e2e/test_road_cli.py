"""`tightrope road` from outside: what it finds, what it writes, and every bad input in one line."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import cv2
import pytest

from tightrope.models import models_root
from tightrope_road.labels import COCO
from tightrope_road.writers import FORMATS

from .conftest import Cli, call, files_in, make_street, video_frames, write_street, write_video

pytestmark = pytest.mark.usefixtures("road_model")

ALL_FORMATS = ",".join(FORMATS)
DRIVE = Path(sys.modules["tightrope_road"].__file__ or "").parent / "sample" / "drive"


# What it does.


def test_a_picture_gives_a_line_and_the_times(cli: Cli, street: Path) -> None:
    result = cli("road", "predict", "street.jpg")

    assert result.code == 0
    assert result.err == ""
    first, second = result.out.splitlines()
    assert first.startswith("street.jpg: ")
    assert first.endswith(" ms")
    assert second.startswith("1 frame, ms at p50 / p90: preprocess ")


def test_json_is_an_object_a_frame_and_a_summary(cli: Cli, street: Path) -> None:
    result = cli("road", "predict", "street.jpg", "--json", "--classes", "all", "--score", "0.05")

    frame, summary = (json.loads(line) for line in result.out.splitlines())
    assert (frame["name"], frame["width"], frame["height"]) == ("street", 320, 240)
    for found in frame["detections"]:
        left, top, right, bottom = found["box"]
        assert found["class"] in COCO
        assert 0.05 <= found["score"] <= 1
        assert 0 <= left <= right <= 320
        assert 0 <= top <= bottom <= 240
    assert summary["summary"]["frames"] == 1
    assert not summary["summary"]["unusable"]


def test_a_folder_and_a_video_in_every_format(cli: Cli, tmp_path: Path) -> None:
    write_street(tmp_path / "in/a.jpg")
    write_street(tmp_path / "in/b.jpg", seed=1)
    write_video(tmp_path / "rain.avi", frames=12)

    result = cli("road", "predict", "in", "rain.avi", "--out", "found", "--format", ALL_FORMATS, "--quiet")

    assert result.code == 0, result.err
    names = ["a", "b", *(f"rain-{k:06d}" for k in range(12))]
    texts = {f"{folder}/{name}.txt" for folder in ("kitti", "yolo") for name in names}
    assert files_in(tmp_path / "found") == texts | {
        "a.jpg", "b.jpg", "rain.mp4", "detections.jsonl", "detections.coco.json",
    }  # fmt: skip
    lines = (tmp_path / "found/detections.jsonl").read_text().splitlines()
    assert [json.loads(line)["name"] for line in lines] == names
    assert isinstance(json.loads((tmp_path / "found/detections.coco.json").read_text()), list)
    assert video_frames(tmp_path / "found/rain.mp4") == 12
    assert "14 frames" in result.out
    assert "budget: latency p90" in result.out


def test_the_sample_drive_has_vehicles(cli: Cli) -> None:
    if not (DRIVE / "image_02").is_dir():
        pytest.skip("no sample drive in apps/tightrope_road/sample")

    result = cli("road", "predict", DRIVE / "image_02", "--json")

    frames = [json.loads(line) for line in result.out.splitlines()[:-1]]
    vehicles = {"car", "truck", "bus"}
    with_vehicles = [frame for frame in frames if any(found["class"] in vehicles for found in frame["detections"])]
    assert len(with_vehicles) > len(frames) / 2


def test_one_pixel_gives_a_sane_answer(cli: Cli, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "dot.png"), make_street()[:1, :1])

    result = cli("road", "predict", "dot.png", "--json", "--score", "0.01")

    assert result.code == 0
    for found in json.loads(result.out.splitlines()[0])["detections"]:
        assert all(0 <= side <= 1 for side in found["box"])


def test_max_frames_ends_a_run(cli: Cli, tmp_path: Path) -> None:
    write_video(tmp_path / "rain.avi", frames=12)

    result = cli("road", "predict", "rain.avi", "--max-frames", "3")

    assert result.code == 0
    assert [line.split(":")[0] for line in result.out.splitlines()[:3]] == [f"rain.avi #{k}" for k in range(3)]


def test_val_scores_a_labelled_set(cli: Cli, tmp_path: Path) -> None:
    pytest.importorskip("faster_coco_eval")
    for name in ("a", "b"):
        write_street(tmp_path / f"set/images/val/{name}.jpg")
    label = tmp_path / "set/labels/val/a.txt"
    label.parent.mkdir(parents=True)
    label.write_text("0 0.5 0.5 0.2 0.2\n1 0.2 0.2 0.1 0.1\n")
    (tmp_path / "set/data.yaml").write_text("names: {0: car, 1: zeppelin}\n")

    text, as_json = cli("road", "val", "set"), cli("road", "val", "set", "--json")

    assert text.code == as_json.code == 0, text.err + as_json.err
    assert "2 pictures with YOLO labels" in text.out
    assert "zeppelin (1)" in text.out
    scores = json.loads(as_json.out)
    assert 0 <= scores["road"]["mAP50-95"] <= scores["road"]["mAP50"] <= 1
    assert [score["name"] for score in scores["classes"]] == ["car"]
    assert scores["latency_ms"]["n"] == 2


def test_predict_imports_nothing_heavy(road_model: str, street: Path) -> None:
    program = (
        "import sys; from tightrope.cli.main import main\n"
        "try: main(['road', 'predict', 'street.jpg'])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'torch', 'gradio', 'onnx', 'matplotlib', 'pandas'} & set(sys.modules)\n"
        "print('heavy:', *sorted(heavy))"
    )

    result = call((sys.executable, "-c", program), street.parent)

    assert result.out.splitlines()[-1] == "heavy:", result.out + result.err


def test_help_is_documentation(cli: Cli) -> None:
    for command in ("predict", "val"):
        result = cli("road", command, "--help")
        assert result.code == 0
        assert f"tightrope road {command} " in result.out
        assert "Exit codes:" in result.out


# Bad input: exit code 2, one line, nothing written.


def _text(path: Path) -> None:
    path.write_text("this is not a picture")


def _truncated(path: Path) -> None:
    data = bytes(cv2.imencode(path.suffix, make_street())[1])
    path.write_bytes(data[: len(data) // 2])


def _too_large(path: Path) -> None:
    # A BMP header that promises 20,000 x 20,000 pixels, in a sparse file that holds them.
    header = b"BM" + bytes(8) + (54).to_bytes(4, "little") + (40).to_bytes(4, "little")
    header += (20_000).to_bytes(4, "little") * 2 + b"\x01\x00\x08\x00" + bytes(24)
    with path.open("wb") as file:
        file.write(header)
        file.truncate(54 + 20_000 * 20_000)


def _cut_video(path: Path) -> None:
    data = write_video(path.with_name(f"whole{path.suffix}"), 12, "mp4v").read_bytes()
    path.with_name(f"whole{path.suffix}").unlink()
    path.write_bytes(data[: len(data) // 2])


BAD_FILES = {
    "missing.jpg": (lambda path: None, "missing.jpg does not exist"),
    "missing.mp4": (lambda path: None, "missing.mp4 does not exist"),
    "empty.jpg": (Path.touch, "empty.jpg is empty"),
    "empty.mp4": (Path.touch, "empty.mp4 is empty"),
    "text.jpg": (_text, "text.jpg is not a JPEG, PNG, WebP, BMP or TIFF picture"),
    "text.mp4": (_text, "text.mp4 cannot be opened as a video"),
    "truncated.jpg": (_truncated, "truncated.jpg is truncated"),
    "truncated.png": (_truncated, "truncated.png is truncated"),
    "truncated.webp": (_truncated, "truncated.webp is truncated"),
    "large.bmp": (_too_large, "large.bmp has 20000 x 20000 pixels, the limit is 100 megapixels"),
    "cut.mp4": (_cut_video, "cut.mp4 cannot be opened as a video"),
    "empty-folder": (Path.mkdir, "empty-folder is a folder without pictures or videos"),
    "no*match": (lambda path: None, "no*match matches no file"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_source_is_told_in_one_line_and_nothing_is_written(cli: Cli, tmp_path: Path, name: str) -> None:
    make, why = BAD_FILES[name]
    make(tmp_path / name)
    before = files_in(tmp_path)

    result = cli("road", "predict", name, "--out", "found", "--format", ALL_FORMATS)

    assert result.code == 2
    assert why in result.error_line
    assert result.out == ""
    assert files_in(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("rtsp://127.0.0.1:9/nobody",), "rtsp://127.0.0.1:9/nobody cannot be reached, 3 attempts in"),
        (("http://user:secret@127.0.0.1:9/nobody",), "http://127.0.0.1:9/nobody cannot be reached, 3 attempts in"),
        (("99",), "camera 99 cannot be reached"),
        (("gopher://host/street",), "scheme that is not supported"),
        (("street.jpg", "--model", "nanodet-416-int9"), "did you mean"),
        (("street.jpg", "--profile", "vehicel"), "did you mean"),
        (("street.jpg", "--out", "found", "--format", "jpg"), "no output format 'jpg'"),
        (("street.jpg", "--format", "coco"), "add --out DIR"),
        (("street.jpg", "--out", "street.jpg"), "cannot write street.jpg/street.jpg"),
        (("street.jpg", "--out", "/proc/found"), "cannot write /proc/found/street.jpg"),
        (("street.jpg", "--out", "."), "choose another --out"),
    ],
)
def test_a_bad_request_is_told_in_one_line(
    cli: Cli, tmp_path: Path, street: Path, arguments: tuple[str, ...], why: str
) -> None:
    original = street.read_bytes()

    result = cli("road", "predict", *arguments)

    assert result.code == 2
    assert why in result.error_line
    assert "secret" not in result.out + result.err
    assert files_in(tmp_path) == {"street.jpg"}
    assert street.read_bytes() == original


def test_a_window_needs_a_display(cli: Cli, street: Path) -> None:
    result = cli("road", "predict", "street.jpg", "--view", DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="xcb")

    assert result.code == 2
    assert "--view needs a display" in result.error_line


def test_a_folder_with_a_few_bad_files_is_done_but_for_them(cli: Cli, tmp_path: Path) -> None:
    write_street(tmp_path / "in/a.jpg")
    _text(tmp_path / "in/b.jpg")
    _truncated(tmp_path / "in/c.png")
    write_street(tmp_path / "in/d.jpg")
    (tmp_path / "in/notes.txt").write_text("nobody calls this a picture")

    result = cli("road", "predict", "in", "--out", "found")

    assert result.code == 2
    assert result.error_line.startswith("tightrope: 2 of 4 sources could not be used: in/b.jpg is not a JPEG")
    assert "in/c.png is truncated" in result.out
    assert files_in(tmp_path / "found") == {"a.jpg", "d.jpg"}


def test_a_video_that_ends_early_is_done_until_then(cli: Cli, tmp_path: Path) -> None:
    data = write_video(tmp_path / "whole.avi", 12).read_bytes()
    (tmp_path / "cut.avi").write_bytes(data[: len(data) * 6 // 10])

    result = cli("road", "predict", "cut.avi", "--out", "found", "--format", "image,jsonl")

    done = sum(line.startswith("cut.avi #") for line in result.out.splitlines())
    assert result.code == 2
    assert f"cut.avi ends early: {done} of 12 frames" in result.error_line
    assert 0 < done < 12
    assert video_frames(tmp_path / "found/cut.mp4") == done
    assert len((tmp_path / "found/detections.jsonl").read_text().splitlines()) == done


@pytest.mark.parametrize("harm", ["flipped", "truncated", "newer", "missing"])
def test_a_tampered_artifact_is_refused(cli: Cli, tmp_path: Path, street: Path, road_model: str, harm: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(models_root() / "road" / road_model, folder)
    graph, manifest = folder / "model.onnx", folder / "artifact.json"
    data = graph.read_bytes()
    if harm == "flipped":
        graph.write_bytes(data[:1000] + bytes([data[1000] ^ 1]) + data[1001:])
    elif harm == "truncated":
        graph.write_bytes(data[:-1])
    elif harm == "newer":
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 999}))
    else:
        graph.unlink()

    result = cli("road", "predict", "street.jpg", "--model", folder, "--out", "found")

    assert result.code == 2
    assert str(folder) in result.error_line
    assert not (tmp_path / "found").exists()


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_val_tells_a_bad_set_in_one_line(cli: Cli, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()

    result = cli("road", "val", name)

    assert result.code == 2
    assert name in result.error_line
