from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tightrope.app import App, Workload
from tightrope.artifact import Artifact
from tightrope.cli import doctor
from tightrope.cli import measure as command
from tightrope.errors import ArtifactError, BudgetNotMetError
from tightrope.measure import evidence
from tightrope.measure.coldstart import ColdStart
from tightrope.measure.environment import describe
from tightrope.measure.evidence import Plan
from tightrope.measure.workload import open_workload
from tightrope.targets import load, target_names


def bare(artifact: Artifact, threads: int) -> Workload:
    return open_workload(None, artifact, threads)


@pytest.fixture
def small_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """An app whose pipeline is the bare graph; its process measurements are the only thing replaced."""
    limits = "[profiles.{0}]\nlatency_ms = {1}\n"
    text = 'app = "test"\ndefault = "loose"\n' + limits.format("loose", 1e6) + limits.format("tight", 1e-6)
    (tmp_path / "budget.toml").write_text(text)
    app = App("test", "test", "", "", f"{__name__}:bare", tmp_path)
    monkeypatch.setattr(command, "find_app", lambda name: app)
    monkeypatch.setitem(evidence.PLANS, "rapid", Plan(1, 64, 0.0, 40, 5, 1, 3))
    monkeypatch.setattr(evidence, "peak_rss_mb", lambda *_: 80.0)
    monkeypatch.setattr(evidence, "cold_start", lambda *_: ColdStart(1, 0.4, 0.4))
    return app


def run(artifact: Artifact, profile: str | None = None, as_json: bool = False, **more: Any) -> str:
    pytest.importorskip("mlperf_loadgen")
    out = Console(file=io.StringIO(), width=140)
    try:
        command.measure_command("test", str(artifact.path), profile, "rapid", as_json, out, **more)
    finally:
        text = out.file.getvalue()  # type: ignore[attr-defined]
        assert "small" in text
    return text


def test_measure_prints_table_and_verdict(small_app: App, artifact: Artifact, integer_artifact: Artifact) -> None:
    text = run(integer_artifact, reference=str(artifact.path))
    for word in ("p99", "preprocess", "cold start", "of small-fp32's time", "met  pipeline p90", "interval"):
        assert word in text


def test_measure_as_json_is_one_object_a_line(small_app: App, artifact: Artifact) -> None:
    (line,) = run(artifact, as_json=True).splitlines()
    record = json.loads(line)
    assert (record["name"], record["app"]) == ("small-fp32", "test")
    assert record["verdicts"][0]["met"] is True


def test_only_check_fails_on_a_missed_budget(small_app: App, artifact: Artifact) -> None:
    assert "MISSED  pipeline p90" in run(artifact, profile="tight")
    with pytest.raises(BudgetNotMetError, match="small-fp32: pipeline p90"):
        run(artifact, profile="tight", check=True)


def test_measure_without_shipped_artifacts_says_what_to_do(
    small_app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIGHTROPE_MODELS", str(tmp_path))
    with pytest.raises(ArtifactError, match="tightrope compress test"):
        command.measure_command("test", None, None, "rapid", False, Console(file=io.StringIO()))


def test_doctor_describes_this_machine() -> None:
    found = json.loads(json.dumps(doctor.report()))
    assert found["target"]["name"] in target_names()
    assert set(found["extras"]) == set(doctor.EXTRAS)
    out = io.StringIO()
    doctor.render(Console(file=out, width=200), found)
    for word in (found["environment"]["instruction_set"], found["target"]["expectation"], "extra compress"):
        assert word in out.getvalue()


def test_doctor_warns_of_what_disturbs() -> None:
    calm = replace(describe(1, 0.0, ""), cpu_quota=None, governor=None)
    assert doctor.warnings(calm, load("x86-vnni")) == []
    assert "int8 may be slower" in doctor.warnings(calm, load("x86-avx2"))[0]
    assert "int8 may be slower" in doctor.warnings(calm, None)[0]
    disturbed = replace(calm, quiet=False, foreign_load=0.4, usable=4, cpu_quota=1.5, governor="powersave")
    busy, quota, governor = doctor.warnings(disturbed, load("x86-vnni"))
    assert "40%" in busy
    assert "1.5 of 4" in quota
    assert "powersave" in governor


def test_doctor_names_what_an_extra_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "EXTRAS", {"demo": ("no_such_module",)})
    out = io.StringIO()
    doctor.render(Console(file=out, width=200))
    assert "missing no_such_module: " in out.getvalue()
    assert "pip install 'tightrope[demo]'" in out.getvalue()


def test_doctor_and_the_probe_import_neither_torch_nor_gradio() -> None:
    code = (
        "import sys, tightrope.cli.doctor as d, tightrope.measure.probe; d.report();"
        "sys.exit(bool({'torch', 'gradio', 'onnx'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
