"""`tightrope road predict` when something ends early: Ctrl-C, a reader, a disk, a stream."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import pytest

from tightrope_road.writers import FORMATS

from .conftest import COMMAND, Cli, Result, files_in, make_street, video_frames, write_street, write_video

pytestmark = pytest.mark.usefixtures("road_model")

ALL_FORMATS = ",".join(FORMATS)


def _start(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (*COMMAND, "road", "predict", *arguments),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # As in the foreground, even if these tests run in the background, where shells ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def _interrupt_after(process: subprocess.Popen[str], lines: int) -> Result:
    assert process.stdout is not None
    seen = [process.stdout.readline() for _ in range(lines)]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return Result(process.returncode, "".join(seen) + out, err)


def test_ctrl_c_in_a_folder_keeps_what_is_complete(tmp_path: Path) -> None:
    for index in range(300):
        shutil.copy(tmp_path / "in/000.jpg", tmp_path / f"in/{index:03d}.jpg") if index else write_street(
            tmp_path / "in/000.jpg"
        )

    result = _interrupt_after(_start(tmp_path, "in", "--out", "found", "--format", ALL_FORMATS), 3)

    names = [line.split(":")[0] for line in result.out.splitlines() if line.startswith("in/")]
    stems = [Path(name).stem for name in names]
    assert result.code == 130
    assert "Traceback" not in result.err
    assert 3 <= len(stems) < 300
    texts = {f"{folder}/{stem}.txt" for folder in ("kitti", "yolo") for stem in stems}
    pictures = {f"{stem}.jpg" for stem in stems}
    assert files_in(tmp_path / "found") == texts | pictures | {"detections.jsonl", "detections.coco.json"}
    assert all(cv2.imread(str(tmp_path / "found" / name)) is not None for name in pictures)
    lines = (tmp_path / "found/detections.jsonl").read_text().splitlines()
    assert [json.loads(line)["name"] for line in lines] == stems
    json.loads((tmp_path / "found/detections.coco.json").read_text())


def test_ctrl_c_in_a_video_completes_the_video(tmp_path: Path) -> None:
    write_video(tmp_path / "long.avi", 300)

    result = _interrupt_after(_start(tmp_path, "long.avi", "--out", "found"), 5)

    done = sum(line.startswith("long.avi #") for line in result.out.splitlines())
    assert result.code == 130
    assert f"ended by Ctrl-C after {done} frames" in result.out
    assert files_in(tmp_path / "found") == {"long.mp4"}
    assert video_frames(tmp_path / "found/long.mp4") == done


def test_a_reader_that_goes_away_ends_the_run(tmp_path: Path) -> None:
    write_video(tmp_path / "long.avi", 300)
    process = _start(tmp_path, "long.avi", "--out", "found")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()

    assert process.wait(60) == 0
    assert process.stderr.read() == ""
    process.stderr.close()
    assert 0 < video_frames(tmp_path / "found/long.mp4") < 300


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system is not permitted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("format_", ["image", "jsonl", "coco", "kitti"])
def test_a_full_disk_leaves_complete_files_only(cli: Cli, tmp_path: Path, small_disk: Path, format_: str) -> None:
    for index in range(80):
        write_street(tmp_path / f"in/{index:03d}.jpg", seed=index)

    result = cli("road", "predict", "in", "-o", "disk", "-f", format_, "-q", "--score", "0.001", "--classes", "all")

    left = files_in(small_disk)
    assert result.code == 2
    assert "No space left on device" in result.error_line
    assert not any(Path(name).name.startswith(".") for name in left)
    if format_ == "image":
        assert left
        assert all(cv2.imread(str(small_disk / name)) is not None for name in left)
    elif format_ in ("jsonl", "coco"):
        assert not left


def test_a_full_disk_leaves_no_broken_video(cli: Cli, tmp_path: Path, small_disk: Path) -> None:
    write_video(tmp_path / "rain.avi", 60)

    result = cli("road", "predict", "rain.avi", "--out", "disk", "--quiet", "--score", "0.001", "--classes", "all")

    assert result.code == 2
    assert "is the disk full?" in result.error_line
    assert not files_in(small_disk)


def test_a_file_that_may_not_grow_is_a_full_disk_too(tmp_path: Path, street: Path) -> None:
    limit = 4096
    done = subprocess.run(
        (*COMMAND, "road", "predict", "street.jpg", "--out", "found"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )

    assert done.returncode == 2
    assert "cannot write found/street.jpg" in Result(done.returncode, done.stdout, done.stderr).error_line
    assert not files_in(tmp_path / "found")


# Streams, from a server of our own.


class _Camera(BaseHTTPRequestHandler):
    """Serves /live.mjpg, a motion JPEG stream of `frames` pictures, as many network cameras do."""

    frames = 200

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        jpeg = bytes(cv2.imencode(".jpg", make_street())[1])
        try:
            for _ in range(self.frames):
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
        except OSError:
            return  # the client has seen enough

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def camera() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Camera) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/live.mjpg"
        server.shutdown()
        thread.join()


def test_a_stream_is_taken_at_its_newest_frame(cli: Cli, camera: str) -> None:
    result = cli("road", "predict", camera, "--max-frames", "3", "--json", no_proxy="127.0.0.1")

    *frames, summary = (json.loads(line) for line in result.out.splitlines())
    assert result.code == 0, result.err
    assert len(frames) == 3
    numbers = [frame["frame"] for frame in frames]
    assert numbers == sorted(set(numbers))
    # The server sends as fast as it can, which is faster than any detector.
    assert summary["summary"]["dropped"] > 0
    assert numbers[-1] > 2
