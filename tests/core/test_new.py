"""`tightrope new`: what it makes is an app that installs, passes its own test, and answers as a command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tightrope.cli.main import main
from tightrope.errors import ConfigError, OutputError
from tightrope.new import make_app


def shell(command: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-e", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_new_app_passes_its_own_test_and_works(
    tmp_path: Path, fresh_environment: Callable[[Path], dict[str, str]]
) -> None:
    for module in ("torch", "mlperf_loadgen", "hatchling"):
        pytest.importorskip(module)
    environment = fresh_environment(tmp_path / "env")
    for command in (
        "tightrope new leaf-scan",
        "pip install -q -e leaf-scan --no-deps",
        "python -m tightrope_leaf_scan.train",
        "tightrope compress leaf-scan -r leaf-scan/recipe.toml --only-gate",
        "pytest -q leaf-scan",
        "tightrope models leaf-scan",
        "tightrope measure leaf-scan",
    ):
        done = shell(command, tmp_path, environment)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    (made,) = (tmp_path / "leaf-scan" / "tightrope_leaf_scan" / "models").iterdir()
    assert json.loads((made / "artifact.json").read_text())["evidence"]["gate"]["passed"]
    picture = "import cv2, numpy; from tightrope_leaf_scan.data import draw; "
    draw = f"python -c '{picture}cv2.imwrite(\"triangle.png\", draw(2, numpy.random.default_rng(5)))'"
    done = shell(f"{draw}; tightrope leaf-scan predict triangle.png", tmp_path, environment)
    assert done.stdout.startswith("triangle.png: triangle ("), done.stderr
    listed = shell("tightrope --help", tmp_path, environment).stdout
    assert "\n  leaf-scan " in listed
    assert "leaf-scan" not in shell(f"{sys.executable} -m pip list", tmp_path, environment).stdout, "not out here"


def test_it_is_formatted_and_clean(tmp_path: Path) -> None:
    pytest.importorskip("ruff")
    make_app("leaf", tmp_path)
    for check in ("format --check", "check --select E,F,W,I,UP,B"):
        command = [sys.executable, "-m", "ruff", *check.split(), "--line-length", "120", "--isolated", "."]
        done = subprocess.run(command, cwd=tmp_path / "leaf", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["Leaf", "1leaf", "leaf scan", "leaf_scan", "-leaf", "leaf-", "../leaf", "", "lé"])
def test_a_name_that_is_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="an app's name is lower case letters"):
        make_app(name, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["road", "compress", "own"])
def test_a_name_that_is_taken(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"there is a '{name}' already"):
        make_app(name, tmp_path, ("compress",))


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "leaf").mkdir()
    with pytest.raises(OutputError, match="is there already, and nothing is overwritten"):
        make_app("leaf", tmp_path)
    with pytest.raises(SystemExit) as end:
        main(["new", "compress", "--into", str(tmp_path)])
    assert end.value.code == 2
    assert "there is a 'compress' already" in capsys.readouterr().err


def test_every_file_is_filled_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["new", "leaf", "--into", str(tmp_path), "--json"])
    assert not end.value.code
    made = json.loads(capsys.readouterr().out)
    assert {Path(file).name for file in made["files"]} >= {"pyproject.toml", "task.py", "budget.toml", "test_app.py"}
    for file in made["files"]:
        assert "$" not in Path(file).read_text(encoding="utf-8"), file
