"""Private by construction: every main command works where there is no network, and opens no socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import COMMAND, call

PHANTOM = Path(__file__).parents[2] / "apps" / "tightrope_triage" / "sample" / "phantom.dcm"

# The main command of every app, and of the core; run in a folder that has street.jpg.
COMMANDS = {
    "road predict": ("road", "predict", "street.jpg", "--out", "found"),
    "models": ("models",),
    "doctor": ("doctor",),
    "tour": ("tour",),
    "triage run": ("triage", "run", str(PHANTOM), "--out", "out"),
}


@pytest.fixture
def nowhere() -> tuple[str, ...]:
    """Puts a command into a network namespace of its own, which has no route, and not even a loopback that is up."""
    if shutil.which("unshare") is None:
        pytest.skip("no unshare command")
    wrapper = ("unshare", "-n") if os.geteuid() == 0 else ("unshare", "-rn")
    if subprocess.run((*wrapper, "true"), capture_output=True, check=False).returncode:
        pytest.skip("network namespaces are not permitted here")
    return wrapper


@pytest.mark.usefixtures("road_model", "street")
@pytest.mark.parametrize("name", COMMANDS)
def test_it_works_without_a_network(nowhere: tuple[str, ...], tmp_path: Path, name: str) -> None:
    result = call((*nowhere, *COMMAND, *COMMANDS[name]), tmp_path)

    assert result.code == 0, result.err
    assert result.out


_WATCHED = """
import sys
# No requirement of ours: what the tests bring along must not change what pydicom imports.
sys.modules["requests"] = None
def watch(event, arguments):
    if event.startswith(("socket.", "urllib.", "http.")):
        sys.exit(f"opened a network connection: {event} {arguments}")
sys.addaudithook(watch)
from tightrope.cli.main import main
main(sys.argv[1:])
"""


@pytest.mark.usefixtures("road_model", "street")
@pytest.mark.parametrize("name", COMMANDS)
def test_it_opens_no_socket(tmp_path: Path, name: str) -> None:
    result = call((sys.executable, "-c", _WATCHED, *COMMANDS[name]), tmp_path)

    assert result.code == 0, result.err


@pytest.mark.usefixtures("road_model")
def test_an_address_without_a_network_is_told_in_one_line(nowhere: tuple[str, ...], tmp_path: Path) -> None:
    result = call((*nowhere, *COMMAND, "road", "predict", "rtsp://10.1.2.3/stream"), tmp_path)

    assert result.code == 2
    assert "rtsp://10.1.2.3/stream cannot be reached" in result.error_line
