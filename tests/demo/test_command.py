"""`tightrope demo` where it cannot start."""

from __future__ import annotations

import socket
import subprocess
import sys

from .conftest import COMMAND


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, "demo", *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_a_port_that_is_taken_is_told_of_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = demo("road", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "cannot be used: Address already in use; name another --port" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_app_that_is_not_there_is_told_of() -> None:
    done = demo("raod")
    assert done.returncode == 2
    assert 'did you mean "road"?' in done.stderr


def test_without_gradio_the_extra_is_named() -> None:
    program = "import sys; sys.modules['gradio'] = None; from tightrope.cli.main import main; main(['demo', 'road'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "pip install 'tightrope[demo]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
