"""`tightrope road drive` from outside: a log in, distances, files and states out; every bad input in one line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from tightrope.models import artifact_names
from tightrope_road.commands import WIDE_MODEL

from .conftest import Cli

FAST = ("--as-fast-as-possible", "--max-frames", "5")


@pytest.fixture(autouse=True)
def wide_model() -> None:
    if WIDE_MODEL not in artifact_names("road"):
        pytest.skip(f"no shipped artifact {WIDE_MODEL}")


def test_the_bundled_drive_prints_distances(cli: Cli) -> None:
    result = cli("road", "drive", "sample", *FAST)

    assert result.code == 0
    *lines, counts, summary = result.out.splitlines()
    assert len(lines) == 5
    assert lines[-1].startswith("000004: OK, camera+lidar: car ")
    assert " m, " in lines[-1]
    assert counts == "5 pictures, 5 answered, 5 of them with LiDAR"
    assert summary.startswith("5 inputs in ")


def test_where_nothing_is_in_time_it_says_what_to_do(cli: Cli) -> None:
    result = cli("road", "drive", "sample", "--max-frames", "3", "--fault", "camera-late=3s", "-q")

    assert result.code == 0
    assert "3 pictures, 0 answered" in result.out
    assert "--policy governor takes a cheaper model" in result.err.splitlines()[-1]


def test_json_has_an_object_a_picture(cli: Cli) -> None:
    result = cli("road", "drive", "sample", *FAST, "--json")

    *scenes, summary = (json.loads(line) for line in result.out.splitlines())
    tracked = [one for one in scenes[-1]["obstacles"] if one["id"] is not None]
    assert [scene["frame"] for scene in scenes] == list(range(5))
    assert {scene["state"] for scene in scenes} == {"OK"}
    assert summary["event"] == "summary"
    assert summary["fused"] == 5
    assert len(tracked) > 3
    near = min((one for one in tracked if one["class"] == "car"), key=lambda one: one["distance_m"])
    assert 0 < near["gap_m"] < near["distance_m"] < 30
    assert near["seen_by"] == "camera+lidar"
    assert near["points"] > 10


def test_points_are_drawn_into_the_pictures_if_asked_for(cli: Cli, tmp_path: Path) -> None:
    options = ("road", "drive", "sample", *FAST[:2], "2", "--format", "image,video", "-q")
    assert cli(*options, "--out", "plain").code == cli(*options, "--out", "dotted", "--points").code == 0

    assert sorted(str(file.relative_to(tmp_path / "dotted")) for file in (tmp_path / "dotted").rglob("*.*")) == [
        "drive.mp4",
        "pictures/000000.png",
        "pictures/000001.png",
    ]
    plain, dotted = (cv2.imread(str(tmp_path / folder / "pictures/000001.png")) for folder in ("plain", "dotted"))
    changed = (plain != dotted).any(axis=2)
    assert changed[:360, :640].mean() > 0.02
    assert not changed[:, 640:].any()  # the street from above has them anyhow


def test_out_has_a_video_json_lines_and_an_mcap_that_is_a_log_again(cli: Cli, tmp_path: Path) -> None:
    pytest.importorskip("mcap")
    first = cli("road", "drive", "sample", *FAST, "--out", "driven", "--format", "jsonl,video,mcap", "-q")

    assert first.code == 0
    assert sorted(file.name for file in (tmp_path / "driven").iterdir()) == ["drive.jsonl", "drive.mcap", "drive.mp4"]
    video = cv2.VideoCapture(str(tmp_path / "driven/drive.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 5
    again = cli("road", "drive", "driven/drive.mcap", *FAST, "--json")
    lines = [json.loads(line) for line in (tmp_path / "driven/drive.jsonl").read_text().splitlines()]
    scenes = [json.loads(line) for line in again.out.splitlines()][:-1]
    assert [scene["sensors"] for scene in scenes] == [["camera", "lidar"]] * 5
    # The pictures were compressed once more, so the boxes differ a little.
    distances = [
        sorted(one["distance_m"] for one in told[-1]["obstacles"] if one["class"] == "car" and one["points"] > 100)
        for told in (lines, scenes)
    ]
    assert distances[0][:2] == pytest.approx(distances[1][:2], rel=0.05)


def test_faults_are_told(cli: Cli) -> None:
    result = cli("road", "drive", "sample", *FAST, "--fault", "lidar-stale=200ms")

    assert result.code == 0
    assert "DEGRADED (camera only: " in result.out
    assert "5 answered, 0 of them with LiDAR" in result.out


def test_the_faults_are_listed(cli: Cli) -> None:
    result = cli("road", "drive", "sample", "--fault", "list")

    assert result.code == 0
    assert len(result.out.splitlines()) >= 12
    assert "miscalibrate" in result.out


def test_at_true_speed_under_the_governor(cli: Cli, tmp_path: Path) -> None:
    result = cli("road", "drive", "sample", "--policy", "governor", "--max-frames", "8", "--telemetry", "t", "--json")

    assert result.code == 0
    summary = json.loads(result.out.splitlines()[-1])
    assert summary["run"]["inputs"] >= 6
    assert json.loads((tmp_path / "t/drive.trace.json").read_text())["traceEvents"]


def test_a_real_drive(cli: Cli, shared_data: Path) -> None:
    result = cli("road", "drive", shared_data / "kitti-drive-0052", *FAST)

    assert result.code == 0
    assert re.search(r"\btruck \d+ at ", result.out)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("none",), "none does not exist"),
        (("sample", "--fault", "stahl=1s"), "no fault 'stahl'"),
        (("sample", "--fault", "hog=2", "--as-fast-as-possible"), "as fast as possible does not show"),
        (("sample", "--format", "avi"), "no output format 'avi'"),
        (("sample", "--profile", "rocket"), "rocket"),
        (("sample", "--model", "yolo"), "yolo"),
        ((".",), "no log that is known"),
    ],
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], complaint: str, cli: Cli) -> None:
    result = cli("road", "drive", *arguments)

    assert result.code == 2
    assert complaint in result.error_line


def test_predict_starts_without_what_only_drive_needs() -> None:
    code = "import sys, tightrope_road.predict_command; print([m for m in sys.modules if 'mcap' in m or '.drive' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
