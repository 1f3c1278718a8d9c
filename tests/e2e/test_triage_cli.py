"""`tightrope triage run` as a person runs it, on the bundled phantom."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pydicom

from .conftest import Cli
from .test_offline import PHANTOM


def test_a_drawing_is_not_judged_and_its_results_are_dicom(cli: Cli, tmp_path: Path) -> None:
    result = cli("triage", "run", str(PHANTOM), "--out", "out", "--heat", "--json")

    assert result.code == 0, result.err
    (reading,) = json.loads(result.out)["readings"]
    assert reading["state"] == "CANNOT JUDGE"
    assert reading["probability"] is None
    assert "does not look like" in reading["reasons"][0]
    modalities = {pydicom.dcmread(file).Modality for file in (tmp_path / "out").glob("*.dcm")}
    assert modalities == {"SR", "OT"}
    assert json.loads((tmp_path / "out" / "readings.jsonl").read_text())["state"] == "CANNOT JUDGE"


def test_what_cannot_be_used_is_told_and_the_rest_is_done(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no DICOM")

    result = cli("triage", "run", "notes.txt", "missing.dcm", str(PHANTOM))

    assert result.code == 2
    assert "2 could not be used" in result.error_line
    assert "phantom.dcm" in result.out


def test_no_object_at_all_is_an_error(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no DICOM object in empty" in cli("triage", "run", "empty").error_line


def test_judging_imports_neither_torch_nor_gradio_nor_highdicom() -> None:
    program = (
        "import sys; from pathlib import Path; from tightrope_triage.triager import Triager; "
        "print(Triager.load('lite0-256-int8')(Path(sys.argv[1])).result.state.value); "
        "print([name for name in ('torch', 'gradio', 'highdicom') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program, str(PHANTOM)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["CANNOT JUDGE", "[]"]
