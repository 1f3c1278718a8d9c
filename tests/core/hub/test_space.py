"""A Space: its folder starts with nothing of Tightrope installed beside it, and goes to a hub only when asked."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tightrope.artifact import Artifact
from tightrope.errors import BadInputError, ConfigError, OutputError
from tightrope.models import artifact_names

from .standin import Hub
from .test_hub import Run, hub, run

pytest.importorskip("gradio", reason="no Gradio: the extra `demo` is not installed")

from tightrope.hub.space import space_parcel, write_space

__all__ = ["hub", "run"]  # fixtures


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The road app as a Space, with another version number than the one that is installed."""
    folder = tmp_path_factory.mktemp("hub") / "space"
    write_space(folder, ["road"], "On the road", ["someone/road"])
    source = folder / "tightrope" / "__init__.py"
    source.write_text(source.read_text().replace('__version__ = "', '__version__ = "9.'))
    return folder


@contextmanager
def running(space: Path, **environment: str) -> Iterator[tuple[str, int]]:
    """app.py started as a hub does it; what it printed, and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=space,
        env={**os.environ, **environment, "GRADIO_SERVER_PORT": str(port)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()


def test_its_folder_starts_the_demo_and_answers(space: Path) -> None:
    from gradio_client import Client

    with running(space, SPACE_ID="someone/demo") as (said, port):
        assert said.startswith("http://"), said
        client = Client(f"http://127.0.0.1:{port}", verbose=False)
        found = client.predict(24, "road", 0.3, api_name="/road_frame")
        head = client.config["components"][0]["props"]["value"]
        names = client.view_api(print_info=False, return_format="dict")["named_endpoints"]
    assert names
    assert all(name.startswith("/road_") for name in names)
    assert "car" in found[1]
    assert "Version 9." in head, "the packages of the folder, not those that are installed"
    assert "a server that everybody may use" in head
    assert "leaves it" not in head


def test_out_of_a_space_it_is_for_this_computer_only(space: Path) -> None:
    with running(space, SPACE_ID="") as (said, port):
        assert said.startswith(f"http://127.0.0.1:{port}")
        with urllib.request.urlopen(said, timeout=30) as answer:
            assert b"nothing that you show it leaves it" in answer.read()
        with socket.socket() as other:  # another address of this computer
            other.settimeout(5)
            assert other.connect_ex(("127.0.0.2", port)) != 0


def test_the_hub_finds_what_it_starts_it_with(space: Path) -> None:
    _, front, body = (space / "README.md").read_text().split("---\n", 2)
    said = yaml.safe_load(front)
    assert (said["sdk"], said["app_file"], said["title"]) == ("gradio", "app.py", "On the road")
    assert said["models"] == ["someone/road"]
    assert {"tightrope", "road"} <= set(said["tags"])
    assert len(said["short_description"]) <= 60, "the hub refuses longer ones"
    wanted = (space / "requirements.txt").read_text().splitlines()
    assert f"gradio=={said['sdk_version']}" in wanted
    assert any(line.startswith("onnxruntime") for line in wanted)
    assert not [line for line in wanted if line.startswith(("torch", "tightrope", "highdicom"))]
    assert "libgl1" in (space / "packages.txt").read_text()
    assert "patient" in body


def test_the_artifacts_are_in_it_and_verify(space: Path) -> None:
    names = artifact_names("road")
    assert names
    for name in names:
        Artifact.load(space / "tightrope" / "models" / "road" / name)
    assert not (space / "tightrope_triage").exists()
    assert [app.name for app in (space / "tightrope" / "models").iterdir()] == ["road"]
    assert {"LICENSE", "NOTICE"} <= {file.name for file in space.iterdir()}


def test_it_goes_to_the_hub_as_a_space(run: Run, hub: Hub, space: Path) -> None:
    (space / ".env").write_text("TOKEN=mine")
    code, _, told = run("push", space, "someone/demo", "--space", "--endpoint", hub.url)
    assert code == 2
    assert "nothing is sent without being asked for" in told
    assert hub.asked == []
    code, shown, told = run("push", space, "someone/demo", "--space", "--yes", "--endpoint", hub.url, "--json")
    assert code == 0, told
    assert json.loads(shown)["url"] == f"{hub.url}/spaces/someone/demo"
    stored = hub.repositories["spaces/someone/demo"]
    assert stored.sdk == "gradio"
    assert {"app.py", "README.md", "requirements.txt", "tightrope/demo/page.css"} <= set(stored.files)
    assert stored.files["app.py"] == (space / "app.py").read_bytes()
    assert not [name for name in stored.files if name.startswith(".") or "__pycache__" in name]


def test_what_cannot_be_a_space(run: Run, space: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is there already, and nothing is overwritten"):
        write_space(space, ["road"])
    with pytest.raises(ConfigError, match='did you mean "road"'):
        write_space(tmp_path / "new", ["raod"])
    with pytest.raises(BadInputError, match="OWNER/NAME"):
        write_space(tmp_path / "new", ["road"], models=["road"])
    assert not (tmp_path / "new").exists()
    with pytest.raises(ConfigError, match="is no Space"), space_parcel("someone/demo", tmp_path):
        pass
    code, _, told = run("push", tmp_path, "someone/demo", "--space", "--dry-run")
    assert code == 2
    assert "tightrope space --out FOLDER" in told
