"""`tightrope triage run` as a person runs it, on the bundled phantom."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian

from .conftest import Cli
from .test_offline import PHANTOM


def test_a_drawing_is_not_judged_and_its_results_are_dicom(cli: Cli, tmp_path: Path) -> None:
    result = cli("triage", "run", str(PHANTOM), "--out", "out", "--heat", "--json")

    assert result.code == 0, result.err
    (reading,) = json.loads(result.out)["readings"]
    assert reading["state"] == "CANNOT JUDGE"
    assert reading["probability"] is None
    assert "does not look like" in reading["reasons"][0]
    spent = reading["times_ms"]
    assert 0 < spent["draw_ms"] < spent["results_ms"] - spent["display_ms"]
    modalities = {pydicom.dcmread(file).Modality for file in (tmp_path / "out").glob("*.dcm")}
    assert modalities == {"SR", "OT"}
    assert json.loads((tmp_path / "out" / "readings.jsonl").read_text())["state"] == "CANNOT JUDGE"


@pytest.fixture
def plain_phantom() -> pydicom.Dataset:
    """The bundled phantom at a quarter of its size, uncompressed."""
    dataset = pydicom.dcmread(PHANTOM)
    set_pixels(dataset, dataset.pixel_array[::4, ::4])
    return dataset


def set_pixels(dataset: pydicom.Dataset, pixels: np.ndarray) -> None:
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.Rows, dataset.Columns = pixels.shape
    dataset["PixelData"] = pydicom.DataElement("PixelData", "OW", pixels.astype("<u2").tobytes())


def reasons(cli: Cli, datasets: dict[str, pydicom.Dataset], folder: Path) -> dict[str, str]:
    """By name, why `triage run` cannot judge an object, besides that it is a drawing."""
    inbox = folder / "inbox"
    inbox.mkdir()
    for name, dataset in datasets.items():
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
        dataset.save_as(inbox / f"{name}.dcm", enforce_file_format=True)
    result = cli("triage", "run", "inbox", "--json")
    assert result.code == 0, result.err
    readings = json.loads(result.out)["readings"]
    assert {reading["state"] for reading in readings} == {"CANNOT JUDGE"}
    said = {Path(reading["path"]).stem: reading["reasons"] for reading in readings}
    return {name: " ".join(line for line in lines if "does not look like" not in line) for name, lines in said.items()}


def test_a_patient_younger_than_those_it_learned_from(cli: Cli, plain_phantom: pydicom.Dataset, tmp_path: Path) -> None:
    ages = {"days": "010D", "months": "011M", "born": "", "a year": "012M", "child": "005Y", "unknown": ""}
    aged = {name: copy.deepcopy(plain_phantom) for name in ages}
    for name, age in ages.items():
        aged[name].PatientAge = age
    aged["born"].PatientBirthDate, aged["born"].StudyDate = "20190801", "20200101"

    found = reasons(cli, aged, tmp_path)

    younger = "The patient is younger than those that the model learned from."
    assert found == {name: younger if name in {"days", "months", "born"} else "" for name in ages}


def test_a_picture_that_lies_wrong(cli: Cli, plain_phantom: pydicom.Dataset, tmp_path: Path) -> None:
    pixels = plain_phantom.pixel_array
    changed = {
        "on its side": np.rot90(pixels),
        "on its other side": np.rot90(pixels, 3),
        "upside down": np.rot90(pixels, 2),
        "inverted": 4095 - pixels,
    }
    lying = {name: copy.deepcopy(plain_phantom) for name in changed}
    for name, values in changed.items():
        set_pixels(lying[name], values)

    found = reasons(cli, lying, tmp_path)

    assert all(name.replace("other ", "") in reason for name, reason in found.items()), found
    assert set(found) == set(changed)


def test_what_cannot_be_used_is_told_and_the_rest_is_done(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no DICOM")

    result = cli("triage", "run", "notes.txt", "missing.dcm", str(PHANTOM))

    assert result.code == 2
    assert "2 could not be used" in result.error_line
    assert "phantom.dcm" in result.out


def test_a_heat_map_without_a_file_to_put_it_into_is_an_error(cli: Cli) -> None:
    assert "add --out" in cli("triage", "run", str(PHANTOM), "--heat").error_line


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
