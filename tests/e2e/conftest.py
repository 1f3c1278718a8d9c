"""The installed command, run as a person runs it: a new process, its exit code, and what it printed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from tightrope.models import artifact_names
from tightrope_road.commands import DEFAULT_MODEL

COMMAND = (str(Path(sys.executable).with_name("tightrope")),)


@dataclass(frozen=True)
class Result:
    """What a finished command left."""

    code: int
    out: str
    err: str

    @property
    def error_line(self) -> str:
        """The one line on standard error. Fails if there are more or fewer, or a traceback."""
        lines = self.err.splitlines()
        assert len(lines) == 1, f"one line was expected on standard error, not:\n{self.err}"
        assert "Traceback" not in self.out + self.err
        return lines[0]


Cli = Callable[..., Result]


def call(command: Sequence[str], cwd: Path, **environment: str) -> Result:
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=120
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Run `tightrope ...` inside tmp_path."""
    return lambda *arguments, **environment: call((*COMMAND, *map(str, arguments)), tmp_path, **environment)


@pytest.fixture
def road_model() -> str:
    """Name of the shipped detector that `tightrope road` takes by itself."""
    if DEFAULT_MODEL not in artifact_names("road"):
        pytest.skip(f"no shipped artifact {DEFAULT_MODEL}")
    return DEFAULT_MODEL


def make_street(seed: int = 0) -> np.ndarray:
    """A picture of 320 x 240 that compresses like a photograph: uint8, BGR."""
    noise = np.random.default_rng(seed).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 3), np.uint8)


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """A JPEG in tmp_path."""
    return write_street(tmp_path / "street.jpg")


def write_street(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), make_street(seed))
    return path


def write_video(path: Path, frames: int, codec: str = "MJPG") -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 10, (320, 240))
    for index in range(frames):
        writer.write(np.roll(make_street(), 4 * index, axis=1))
    writer.release()
    return path


def files_in(folder: Path) -> set[str]:
    """Paths of all files below a folder, relative to it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} if folder.exists() else set()


def video_frames(path: Path) -> int:
    """How many frames a video has; 0 if it is none."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        return int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    finally:
        capture.release()
