"""The triage tab through its API, as a program uses it."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pydicom
import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError
from pydicom.uid import generate_uid

from tightrope.models import artifact_names

from .conftest import PHANTOM, Server, new_client
from .test_road_api import as_file, call, runs, text

ROWS, SUMMARY, READINGS, BAR = 0, 1, 2, 3
DEFAULT = ("sensitivity-95", None)


def judge(client: Any, *files: Path) -> Any:
    return client.predict([handle_file(file) for file in files], *DEFAULT, api_name="/triage_judge")


@pytest.fixture
def leg(tmp_path: Path) -> Path:
    """The phantom, said to be a leg of somebody with a dangerous name."""
    dataset = pydicom.dcmread(PHANTOM)
    dataset.BodyPartExamined = "LEG"
    dataset.PatientID = "<img src=x onerror=alert(1)>"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.save_as(tmp_path / "leg.dcm")
    return tmp_path / "leg.dcm"


def test_files_and_zips_become_one_sorted_worklist(client: Any, tmp_path: Path, leg: Path) -> None:
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive:
        archive.write(leg, "deep/er/leg.dcm")
        archive.writestr("README", "no DICOM")
    (tmp_path / "notes.txt").write_text("no DICOM")

    answer = judge(client, PHANTOM, tmp_path / "study.zip", tmp_path / "notes.txt")

    assert [reading["state"] for reading in answer[READINGS]] == ["CANNOT JUDGE"] * 2
    assert {reading["file"] for reading in answer[READINGS]} == {"phantom.dcm", "leg.dcm"}
    assert "The body part is LEG; only the chest can be judged." in json.dumps(answer[ROWS])
    said = text(answer[SUMMARY])
    assert "2 CANNOT JUDGE" in said
    assert "1 files that are not DICOM skipped" in said
    assert "notes.txt is not a DICOM file" in said
    assert runs(answer[BAR]) == 1, "what its header rules out is not decoded"


def test_a_case_is_shown_with_its_reasons_and_never_as_html_of_its_own(client: Any, leg: Path) -> None:
    (reading,) = judge(client, leg)[READINGS]
    picture, verdict, level, width = client.predict(0, True, api_name="/triage_show")

    assert picture["url"].startswith("data:image/jpeg")
    assert "The body part is LEG" in text(verdict)
    assert "For prioritization only, not for diagnostic use." in text(verdict)
    value, low, high = reading["operating_point"]["sensitivity"]
    assert f"sensitivity {value:.0%} [{low:.0%}, {high:.0%}]" in text(verdict)
    assert "<img" not in verdict
    windowed = client.predict(level["value"], width["value"] / 4, True, api_name="/triage_window")
    assert windowed["url"] != picture["url"]


def test_the_original_judges_beside_the_compressed(client: Any, leg: Path) -> None:
    client.predict(*DEFAULT, api_name="/triage_phantom")
    pictures, words = client.predict(0, *DEFAULT, True, api_name="/triage_compare")
    assert all(picture["url"].startswith("data:image/jpeg") for picture in pictures)
    original, compressed = re.findall(r"lite0-256-\w+", text(words))
    assert original.endswith("fp16"), "the reference stands on the left"
    assert compressed.endswith("int8")
    assert re.search(r"takes [\d.]+ \[[\d.]+, [\d.]+\] times as long", text(words))
    judge(client, leg)
    with pytest.raises(AppError, match="its header rules it out"):
        client.predict(0, *DEFAULT, True, api_name="/triage_compare")


def test_results_are_dicom_objects_about_their_source(client: Any) -> None:
    client.predict(*DEFAULT, api_name="/triage_phantom")
    files, _ = client.predict(0, False, False, api_name="/triage_results")

    results = [pydicom.dcmread(file) for file in files if file.endswith(".dcm")]
    source = pydicom.dcmread(PHANTOM, stop_before_pixels=True)
    assert {result.Modality for result in results} == {"SR", "OT"}
    assert {result.StudyInstanceUID for result in results} == {source.StudyInstanceUID}
    (lines,) = (Path(file).read_text() for file in files if file.endswith(".jsonl"))
    assert json.loads(lines)["path"] == "phantom.dcm"


def test_all_results_come_as_a_zip_and_may_be_deidentified(client: Any, leg: Path) -> None:
    judge(client, PHANTOM, leg)
    (file,), _ = client.predict(0, True, True, api_name="/triage_results")

    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        reports = [pydicom.dcmread(archive.open(name)) for name in names if name.endswith(".sr.dcm")]
    assert sorted(Path(name).suffix for name in names) == [".dcm"] * 4 + [".jsonl"]
    assert {report.PatientIdentityRemoved for report in reports} == {"YES"}


def test_each_session_has_its_own_worklist(server: Server, leg: Path) -> None:
    one, other = new_client(server), new_client(server)
    judge(one, leg)
    other.predict(*DEFAULT, api_name="/triage_phantom")
    assert [reading["file"] for reading in one.predict(*DEFAULT, api_name="/triage_again")[READINGS]] == ["leg.dcm"]
    assert [reading["file"] for reading in other.predict(*DEFAULT, api_name="/triage_again")[READINGS]] == [
        "phantom.dcm"
    ]


def test_the_rung_is_the_one_that_judges(client: Any) -> None:
    client.predict(0, "handheld", 0, api_name="/triage_choose")
    (first,) = client.predict(*DEFAULT, api_name="/triage_phantom")[READINGS]
    client.predict(1, "handheld", 0, api_name="/triage_choose")
    (second,) = client.predict(*DEFAULT, api_name="/triage_again")[READINGS]
    assert {first["algorithm"]["name"], second["algorithm"]["name"]} <= set(artifact_names("triage"))
    assert first["algorithm"] != second["algorithm"]


def test_nothing_usable_is_told_of(client: Any, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("README", "no DICOM")
    with pytest.raises(AppError, match=r"^there is no DICOM object in what you gave$"):
        judge(client, tmp_path / "empty.zip")


def test_no_zip_is_told_of(client: Any, tmp_path: Path) -> None:
    shutil.copy(PHANTOM, tmp_path / "wrong.zip")
    with pytest.raises(AppError, match=r"^wrong\.zip is no zip that can be read"):
        judge(client, tmp_path / "wrong.zip")


def test_too_many_files_are_refused(client: Any, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(201):
            archive.writestr(f"{number}.dcm", b"")
    with pytest.raises(AppError, match=r"201 files; 200 are the limit"):
        judge(client, tmp_path / "many.zip")


def test_a_file_that_nobody_uploaded_is_not_judged(server: Server) -> None:
    assert call(server, "triage_judge", [[as_file(str(PHANTOM))], *DEFAULT]).startswith("event: error")
