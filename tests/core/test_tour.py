from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tightrope.app import App
from tightrope.cli import tour
from tightrope.cli.models import list_models
from tightrope.cli.tour import run_tour
from tightrope.errors import ArtifactError, ConfigError

from .conftest import Make


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


@pytest.mark.usefixtures("small_app")
def test_the_tour_shows_every_stage_and_a_verdict(make_artifact: Make, capsys: pytest.CaptureFixture[str]) -> None:
    make_artifact("full", 60.0, recipe="reference")
    make_artifact("fast", 20.0)
    run_tour(None, as_json=False)
    shown = capsys.readouterr()
    for part in ("A <small> app.", "Budget: 1e+06 ms at p90", "preprocess", "session", "postprocess", "pipeline"):
        assert part in shown.out
    assert "first sample: y (1, 8)" in shown.out
    assert "test fast: 0.0 ms p90 of 1e+06 ms  FITS" in shown.out
    assert "2 of 2 fit here and now" in shown.out
    assert shown.out.index("test fast") < shown.out.index("test full"), "the reference comes last"
    assert "int8, the reference" in shown.out
    assert shown.out.rstrip().splitlines()[-1].strip().startswith(("tightrope doctor", tour._command()))
    assert shown.err == "", "no progress where nobody watches"


@pytest.mark.usefixtures("small_app")
def test_slowness_is_told_and_not_failed(make_artifact: Make, capsys: pytest.CaptureFixture[str]) -> None:
    make_artifact("fast", 20.0)
    run_tour("tight", as_json=False)
    shown = capsys.readouterr().out
    assert "DOES NOT FIT" in shown
    assert "0 of 1 fit" in shown


@pytest.mark.usefixtures("small_app")
def test_a_busy_machine_is_told(
    make_artifact: Make, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_artifact("fast", 20.0)
    monkeypatch.setattr("tightrope.measure.environment.CpuTimes.foreign_load", lambda *_: 0.42)
    run_tour(None, as_json=False)
    assert "this machine was busy: others used 42% of it" in capsys.readouterr().out


@pytest.mark.usefixtures("small_app")
def test_the_tour_as_json(make_artifact: Make, capsys: pytest.CaptureFixture[str]) -> None:
    make_artifact("fast", 20.0)
    run_tour("tight", as_json=True)
    (stop,) = json.loads(capsys.readouterr().out)
    assert (stop["app"], stop["name"], stop["fits"], stop["reference"]) == ("test", "fast", False, False)
    assert stop["pipeline"]["total"]["n"] >= 29, "fewer runs give no bound on p90"
    assert set(stop["pipeline"]["stages"]) == {"preprocess", "session", "postprocess"}
    assert stop["environment"]["instruction_set"]


@pytest.mark.usefixtures("small_app")
def test_a_broken_artifact_stops_no_other(make_artifact: Make, capsys: pytest.CaptureFixture[str]) -> None:
    broken = make_artifact("broken", 10.0)
    make_artifact("fast", 20.0)
    (broken.path / "model.onnx").write_bytes(b"")
    with pytest.raises(ArtifactError, match=r"broken/model\.onnx has 0 bytes"):
        run_tour(None, as_json=False)
    assert "test fast" in capsys.readouterr().out


@pytest.mark.usefixtures("small_app")
def test_without_artifacts_or_profile_it_says_what_to_do() -> None:
    with pytest.raises(ArtifactError, match="test ships no artifact; make one: tightrope compress test"):
        run_tour(None, as_json=False)
    with pytest.raises(ConfigError, match=r"no profile 'tigt' .*did you mean \"tight\""):
        run_tour("tigt", as_json=False)


def test_the_command_to_try_is_one_that_can_be_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "bin" / "tightrope"
    script.parent.mkdir()
    script.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setenv("PATH", "")
    assert tour._command() == "bin/tightrope"
    monkeypatch.setenv("PATH", str(script.parent))
    assert tour._command() == "tightrope"


def test_models_lists_rungs_first_and_their_evidence(
    small_app: App, make_artifact: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    make_artifact("dominated", 90.0, 0.9)
    make_artifact("fast", 20.0, 0.99)
    full = make_artifact("full", 60.0, recipe="reference")
    list_models("test", as_json=True)
    rows = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["rung"]) for row in rows] == [("full", 0), ("fast", 1), ("dominated", None)]
    assert (rows[0]["path"], rows[0]["bytes"], rows[0]["reference"]) == (str(full.path), full.size, True)
    assert rows[1]["evidence"].startswith("pipeline p90 20 ms [19, 22]; keeps 99.0% [98.0%, 100.0%] of accuracy; ")
    list_models(None, as_json=False)
    shown = capsys.readouterr().out
    assert "int8, the reference" in shown
    assert "not on the ladder" in shown


@pytest.mark.usefixtures("small_app")
def test_models_without_any_says_where_it_looked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    list_models(None, as_json=False)
    assert "no artifact in" in capsys.readouterr().out
    list_models(None, as_json=True)
    assert json.loads(capsys.readouterr().out) == []


def test_tour_and_models_need_no_extra() -> None:
    heavy = "{'torch', 'onnx', 'mlperf_loadgen', 'matplotlib', 'gradio'}"
    code = f"import sys, tightrope.cli.tour, tightrope.cli.models; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
