"""Tutorials are run as they are written: their files are made, their commands must end as they say."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

PATIENCE_S = 1200  # a bound for a hang, and no expectation
FOLDER = Path(__file__).parents[2] / "docs" / "tutorials"
_NEEDS = re.compile(r"^<!-- needs: (.+) -->$", re.MULTILINE)
_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its language, its options (`file=...`, `exit=...`) and its text."""

    language: str
    options: dict[str, str]
    text: str


def blocks(page: Path) -> list[Block]:
    found = _FENCE.findall(page.read_text(encoding="utf-8"))
    return [Block(kind, dict(o.split("=", 1) for o in options.split()), text) for kind, options, text in found]


def run(block: Block, folder: Path, environment: dict[str, str]) -> None:
    """Run a block's lines in the shell and compare the exit code."""
    done = subprocess.run(
        ["bash", "-e", "-c", block.text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == int(block.options.get("exit", 0)), f"{block.text}\n{done.stdout}\n{done.stderr}"


@pytest.mark.verify
@pytest.mark.parametrize("page", sorted(FOLDER.glob("*.md")), ids=lambda page: page.stem)
def test_a_tutorial_does_what_it_says(
    page: Path, tmp_path: Path, fresh_environment: Callable[[Path], dict[str, str]]
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("mlperf_loadgen")
    for program in " ".join(_NEEDS.findall(page.read_text(encoding="utf-8"))).split():
        if shutil.which(program, path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin") is None:
            pytest.skip(f"needs {program}")
    # Not resolve(): a virtual environment's python is a link to one that has no packages.
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    if any(block.language == "bash" and "pip install" in block.text for block in blocks(page)):
        pytest.importorskip("hatchling")
        environment = fresh_environment(tmp_path / ".environment")
    try:
        for block in blocks(page):
            if "file" in block.options:
                (tmp_path / block.options["file"]).write_text(block.text, encoding="utf-8")
            elif block.language == "bash":
                run(block, tmp_path, environment)
    finally:
        end_what_runs(tmp_path)


def end_what_runs(folder: Path) -> None:
    """Kill what a page started in the background, if it did not come to its own end."""
    for file in folder.glob("*.pid"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(file.read_text()), signal.SIGKILL)


@pytest.mark.parametrize("page", sorted(FOLDER.glob("*.md")), ids=lambda page: page.stem)
def test_its_python_and_toml_can_be_read(page: Path) -> None:
    from tightrope.config import tomllib

    found = blocks(page)
    assert any(block.language == "bash" for block in found)
    for block in found:
        if block.language == "python":
            compile(block.text, block.options["file"], "exec")
        if block.language == "toml":
            tomllib.loads(block.text)
