"""One demo server for all tests, started as a person starts it; and a browser to look at it with."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest

COMMAND = str(Path(sys.executable).with_name("tightrope"))
ROAD = Path(__file__).parents[2] / "apps" / "tightrope_road" / "sample" / "drive" / "image_02"
PHANTOM = Path(__file__).parents[2] / "apps" / "tightrope_triage" / "sample" / "phantom.dcm"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Server:
    """A running demo."""

    url: str
    process: subprocess.Popen[str]

    def end(self) -> int:
        """As Ctrl-C does; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


def start(*arguments: str) -> Server:
    """`tightrope demo ARGUMENTS`, when it has said where it is."""
    process = subprocess.Popen(
        [COMMAND, "demo", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        # As in the foreground, even if these tests run in the background, where shells ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("http://127.0.0.1:"), line
    return Server(line.split()[0].rstrip("/"), process)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    pytest.importorskip("gradio", reason="no Gradio: the extra `demo` is not installed")
    running = start()
    folder = next(Path(tempfile.gettempdir()).glob(f"tightrope-demo-{running.process.pid}-*"))
    yield running
    children = psutil.Process(running.process.pid).children()
    assert running.end() == 0
    assert not folder.exists(), "uploads and results are gone"
    assert not psutil.wait_procs(children, timeout=10)[1], "and so are the rivals"


@pytest.fixture
def client(server: Server) -> Any:
    """A new session of the server's API."""
    return new_client(server)


def new_client(server: Server) -> Any:
    from gradio_client import Client

    return Client(server.url, verbose=False)


@contextmanager
def launch(camera: Path) -> Iterator[Any]:
    """Headless Chromium, whose camera shows that Motion JPEG. Skips where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright")
    program = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium")
    options = [
        "--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={camera}",
    ]  # fmt: skip
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=options)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def browser(drive_as_camera: Path) -> Iterator[Any]:
    with launch(drive_as_camera) as opened:
        yield opened


@pytest.fixture(scope="session")
def drive_as_camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled drive as Motion JPEG, which Chromium takes for a camera."""
    file = tmp_path_factory.mktemp("camera") / "drive.mjpeg"
    file.write_bytes(b"".join(picture.read_bytes() for picture in sorted(ROAD.glob("*.jpg"))))
    return file


@pytest.fixture
def street() -> Path:
    """A picture of the bundled drive with cars in it."""
    return ROAD / "000010.jpg"


@pytest.fixture
def broken(tmp_path: Path, street: Path) -> Path:
    """A JPEG that ends early."""
    file = tmp_path / "broken.jpg"
    file.write_bytes(street.read_bytes()[:2000])
    return file


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Twelve frames of the bundled drive at 10 Hz."""
    file = tmp_path / "drive.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 10, (640, 360))
    for picture in sorted(ROAD.glob("*.jpg"))[:12]:
        writer.write(np.asarray(cv2.imread(str(picture)), np.uint8))
    writer.release()
    return file
