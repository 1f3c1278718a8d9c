"""`tightrope triage run` with a judge that says PRIORITY of everything: what is told and kept, whatever goes wrong."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from tightrope.errors import BadInputError, OutputError
from tightrope_triage import listen_command, run_command
from tightrope_triage.deidentify.dataset import deidentify
from tightrope_triage.deidentify.pseudonyms import Pseudonyms
from tightrope_triage.deidentify.reading import deidentified_reading
from tightrope_triage.dicom import read_header
from tightrope_triage.radiograph import Header
from tightrope_triage.reading import Reading, State
from tightrope_triage.run_command import RunOptions
from tightrope_triage.triager import Triager

from .outputs.sources import POINT, dx, reading_of

ODD_NAME = os.fsdecode(b"M\xfcller.dcm")


class Sure:
    """A Triager's stand-in. Children have a point of their own."""

    def judge(self, dataset: Dataset, header: Header, frame: int | None = None, decode: Any = None) -> Reading:
        point = replace(POINT, name="child") if header.age_years == 5 else POINT
        return reading_of(dx(), header=header, point=point)


@pytest.fixture(autouse=True)
def sure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Triager, "load", lambda *args, **options: Sure())


def saved(dataset: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def run(*paths: Path, out: Path | None = None, deidentify: bool = False, as_json: bool = True) -> None:
    run_command.run_command(
        RunOptions(paths, out, "model", "point", None, False, deidentify, threads=1, as_json=as_json)
    )


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out))


def cut_short() -> Dataset:
    """Its pixels are good for the model, and not for the eye."""
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [4096, 0, 12], b"\1\0\2\0"
    return dx(VOILUTSequence=[table])


SPOILT = {
    "UID with a leading zero": lambda: dx(SeriesInstanceUID="1.2.03"),
    "no series": lambda: dx(SeriesInstanceUID=None),
    "private class": lambda: dx(SOPClassUID="1.2.3.4"),
    "table cut short": cut_short,
    "no pixels": lambda: dx(PixelData=None),
}


@pytest.mark.parametrize("deidentified", [False, True])
@pytest.mark.parametrize("how", SPOILT)
def test_a_verdict_stands_without_its_results(
    how: str, deidentified: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = SPOILT[how]()
    path = saved(image, tmp_path / "Muster.dcm")
    renamed = deidentified and how == "UID with a leading zero"  # a pseudonym is a good UID
    if renamed:
        run(path, out=tmp_path / "out", deidentify=True)
    else:
        with pytest.raises(BadInputError):
            run(path, out=tmp_path / "out", deidentify=deidentified)
    record = told(capsys)
    assert [reading["state"] for reading in record["readings"]] == ["PRIORITY"]
    assert len(record["failed"]) == (0 if renamed else 1)
    (line,) = (tmp_path / "out" / "readings.jsonl").read_text().splitlines()
    assert json.loads(line)["state"] == "PRIORITY"
    if deidentified:
        assert not any(word in line + str(record) for word in ("Muster", "MRN-4711", image.SOPInstanceUID))


@pytest.mark.parametrize("how", SPOILT)
def test_the_listeners_verdict_stands_without_its_results(how: str, tmp_path: Path) -> None:
    path = saved(SPOILT[how](), tmp_path / "a.dcm")
    judged = listen_command.open_judge("model", "point", heat=False, with_results=True)(path)
    assert judged.state is State.PRIORITY
    assert judged.results == ()
    assert "No result can be sent: " in judged.reasons[0]


def test_a_second_run_does_not_judge_its_own_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inbox = tmp_path / "inbox"
    saved(dx(), inbox / "a.dcm")
    for _ in range(2):
        run(inbox, out=inbox / "results")
        record = told(capsys)
        assert (len(record["readings"]), record["own_results"], record["skipped"]) == (1, 0, 0)
    # Wherever they lie, and though the folder for the results is the input.
    for _ in range(2):
        run(inbox, out=inbox)
        record = told(capsys)
        assert len(record["readings"]) == 1
    assert record["own_results"] == 4
    dataset = dcmread(inbox / "a.dcm")
    dataset.Manufacturer = "Tightrope"
    saved(dataset, tmp_path / "phantom.dcm")
    run(tmp_path / "phantom.dcm")
    assert len(told(capsys)["readings"]) == 1, "what is no result is judged, whoever made it"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_name_that_is_no_utf8_is_told(as_json: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = dx()
    try:
        saved(image, tmp_path / "inbox" / ODD_NAME)
    except OSError:
        pytest.skip("this file system takes no such name")
    saved(image, tmp_path / "inbox" / ("Z" + ODD_NAME))
    saved(dx(), tmp_path / "inbox" / ("cut" + ODD_NAME))
    cut = tmp_path / "inbox" / ("cut" + ODD_NAME)
    cut.write_bytes(cut.read_bytes()[:170])
    with pytest.raises(BadInputError, match="xfcller") as caught:
        run(tmp_path / "inbox", out=tmp_path / "out", as_json=as_json)
    said = capsys.readouterr().out
    (said + str(caught.value)).encode()
    assert said.count("xfcller.dcm") == (4 if as_json else 3)
    (line,) = (tmp_path / "out" / "readings.jsonl").read_text().splitlines()
    assert json.loads(line)["path"].endswith("M\\xfcller.dcm")


def test_a_typo_leaves_the_older_readings(tmp_path: Path) -> None:
    (tmp_path / "readings.jsonl").write_text("older")
    with pytest.raises(BadInputError, match="there is no file"):
        run(tmp_path / "inbix", out=tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInputError, match="no DICOM object"):
        run(tmp_path / "empty", out=tmp_path)
    assert (tmp_path / "readings.jsonl").read_text() == "older"


def test_on_a_full_disk_the_queue_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved(dx(), tmp_path / "a.dcm")
    (tmp_path / "full").write_text("")
    with pytest.raises(OutputError):
        run(tmp_path / "a.dcm", out=tmp_path / "full" / "out")
    assert [reading["state"] for reading in told(capsys)["readings"]] == ["PRIORITY"]


def test_every_operating_point_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, age in enumerate(["005Y", "040Y", "050Y"]):
        saved(dx(PatientAge=age), tmp_path / f"{number}.dcm")
    run(tmp_path, as_json=False)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("operating point")]
    assert [line.split(":")[0] for line in lines] == ["operating point child", f"operating point {POINT.name}"]


@pytest.mark.parametrize("as_json", [True, False])
def test_deidentified_nothing_names_a_file(as_json: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inbox = tmp_path / "Muster"
    image = dx()
    saved(image, inbox / "a.dcm")
    saved(image, inbox / "b.dcm")
    (inbox / "c.dcm").write_bytes((inbox / "a.dcm").read_bytes()[:170])
    with pytest.raises(BadInputError) as caught:
        run(inbox, inbox / "absent.dcm", out=tmp_path / "out", deidentify=True, as_json=as_json)
    said = capsys.readouterr().out
    assert "Muster" not in said + str(caught.value)
    assert "[input 4]" in str(caught.value)
    if as_json:
        record = json.loads(said)
        assert record["duplicates"] == [["[input 2]", "[input 1]"]]
        assert ["[input 3]" in record["failed"][0], "[input 4]" in record["failed"][1]] == [True, True]
    else:
        assert "duplicate: [input 2] is the same instance as [input 1]" in said


def test_a_padded_patient_id_gets_one_pseudonym(tmp_path: Path) -> None:
    path = saved(dx(PatientID=" MRN-4711 "), tmp_path / "a.dcm")
    names = Pseudonyms(b"of the department")
    reading = deidentified_reading(reading_of(dx(), header=read_header(path)), names)
    assert deidentify(dcmread(path), names).dataset.PatientID == reading.header.patient_id
