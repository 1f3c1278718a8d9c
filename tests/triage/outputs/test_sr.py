"""The structured report: what a reader that knows TID 1500 finds in it."""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from highdicom.sr import Comprehensive3DSR
from pydicom import dcmread
from pydicom.data import get_charset_files
from pydicom.dataset import Dataset

from tightrope.errors import BadInputError
from tightrope_triage.outputs.files import encoded
from tightrope_triage.outputs.sr import structured_report
from tightrope_triage.reading import NOTICE, State

from .sources import ALGORITHM, POINT, dx, header_of, reading_of, real

EVERYTHING_OPTIONAL = (
    "SpecificCharacterSet",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
    "InstanceNumber",
    "BodyPartExamined",
)


def sent(report: Dataset) -> Comprehensive3DSR:
    """Written, read again, and parsed as TID 1500."""
    return Comprehensive3DSR.from_dataset(dcmread(BytesIO(encoded(report))))


def group_of(report: Dataset):
    [group] = sent(report).content.get_image_measurement_groups()
    return group


def texts(report: Dataset) -> list[str]:
    """All words of a report, as one reads them."""
    return [str(element.value) for element in report.iterall() if element.VR in ("UT", "LO", "SH", "ST", "LT", "UC")]


@pytest.mark.parametrize("state", State)
def test_states_verdict_and_its_figures(state: State) -> None:
    image = dx()
    reading = reading_of(image, state)
    group = group_of(structured_report(image, reading))

    [verdict] = group.get_qualitative_evaluations()
    assert verdict.value.value == state.name
    measured = {measurement.name.value: measurement.value for measurement in group.get_measurements()}
    assert measured.get("122157") == reading.probability
    assert measured["THRESHOLD"] == POINT.probability
    assert [measured[f"SENSITIVITY{end}"] for end in ("", "_LOW", "_HIGH")] == list(POINT.sensitivity)
    assert [measured[f"SPECIFICITY{end}"] for end in ("", "_LOW", "_HIGH")] == list(POINT.specificity)
    assert all(measurement.unit.value == "1" for measurement in group.get_measurements())


@pytest.mark.parametrize("state", State)
def test_says_that_no_person_has_verified_it_and_what_it_is_for(state: State) -> None:
    image = dx()
    reading = reading_of(image, state)
    report = sent(structured_report(image, reading))

    assert (report.VerificationFlag, report.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    assert report.CompletionFlag == ("PARTIAL" if state is State.CANNOT_JUDGE else "COMPLETE")
    words = texts(report)
    assert NOTICE in words
    assert set(reading.reasons) <= set(words)
    assert "normal" not in " ".join(words).lower()


def test_names_algorithm_and_source() -> None:
    image = dx()
    report = sent(structured_report(image, reading_of(image)))
    words = texts(report)
    assert {ALGORITHM.name, ALGORITHM.version, f"model sha256: {ALGORITHM.digest}"} <= set(words)

    assert report.StudyInstanceUID == image.StudyInstanceUID
    [study] = report.CurrentRequestedProcedureEvidenceSequence
    [series] = study.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == image.SeriesInstanceUID
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == image.SOPInstanceUID
    [about] = group_of(report).source_images
    assert about.referenced_sop_instance_uid == image.SOPInstanceUID


def test_names_the_frame_of_a_multi_frame_source() -> None:
    image = dx()
    reading = reading_of(image, header=header_of(image, frame=2, frames=5))
    [about] = group_of(structured_report(image, reading)).source_images
    assert about.referenced_frame_numbers == [2]


def test_same_reading_is_the_same_object_and_anything_else_is_another() -> None:
    image = dx()
    reading = reading_of(image)
    first, again = structured_report(image, reading), structured_report(image, reading)
    assert (first.SOPInstanceUID, first.SeriesInstanceUID) == (again.SOPInstanceUID, again.SeriesInstanceUID)

    when = datetime(2026, 1, 2, 3, 4, 5)
    assert encoded(structured_report(image, reading, when)) == encoded(structured_report(image, reading, when))
    other_image = structured_report(dx(SeriesInstanceUID=image.SeriesInstanceUID), reading)
    assert other_image.SOPInstanceUID != first.SOPInstanceUID
    assert other_image.SeriesInstanceUID == first.SeriesInstanceUID


def test_keeps_patient_and_study() -> None:
    image = dx()
    report = sent(structured_report(image, reading_of(image)))
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "AccessionNumber"):
        assert str(report[keyword].value) == str(image[keyword].value), keyword


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("keyword", EVERYTHING_OPTIONAL)
def test_survives_what_is_missing(keyword: str, value: str | None) -> None:
    image = dx(**{keyword: value})
    assert sent(structured_report(image, reading_of(image))).StudyInstanceUID == image.StudyInstanceUID


def test_survives_when_all_of_it_is_missing() -> None:
    image = dx(**dict.fromkeys(EVERYTHING_OPTIONAL))
    assert sent(structured_report(image, reading_of(image))).PatientName == ""


@pytest.mark.filterwarnings("ignore:Invalid value", "ignore:The value length")
@pytest.mark.parametrize(
    ("keyword", "value"),
    [("PatientSex", "UNKNOWN"), ("PatientBirthDate", "24.12.1951"), ("StudyTime", "noon"), ("StudyDate", "20249999")],
)
def test_empties_what_is_no_date_or_code(keyword: str, value: str) -> None:
    image = dx(**{keyword: value})
    assert not sent(structured_report(image, reading_of(image)))[keyword].value


@pytest.mark.filterwarnings("ignore:The value length")
def test_keeps_an_identifier_that_is_too_long_for_an_archive_matches_it() -> None:
    image = dx(PatientID="4711-" * 20)
    assert sent(structured_report(image, reading_of(image))).PatientID == image.PatientID


def test_does_not_tell_names_to_whoever_reads_the_log(
    caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    image = dx(PatientName="onlyonename")
    report = structured_report(image, reading_of(image))
    assert report.PatientName == "onlyonename"
    assert "onlyonename" not in caplog.text + "".join(str(warning.message) for warning in recwarn)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "path", [path for path in get_charset_files("chr*.dcm") if "SQ" not in path], ids=lambda path: Path(path).stem
)
def test_carries_names_over_from_any_character_set(path: str) -> None:
    foreign = dcmread(path)
    image = dx(SpecificCharacterSet=foreign.SpecificCharacterSet, PatientName=foreign.PatientName)
    report = sent(structured_report(image, reading_of(image)))
    assert report.SpecificCharacterSet == "ISO_IR 192"
    assert str(report.PatientName) == str(foreign.PatientName)


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "SOPClassUID"])
def test_refuses_a_source_that_nothing_can_refer_to(keyword: str) -> None:
    image = dx()
    reading = reading_of(image)
    delattr(image, keyword)
    with pytest.raises(BadInputError, match=keyword):
        structured_report(image, reading)


def test_refuses_a_class_that_nobody_knows() -> None:
    image = dx(SOPClassUID="1.2.3.4")
    with pytest.raises(BadInputError, match=r"1\.2\.3\.4"):
        structured_report(image, reading_of(image))


def test_dcmtk_prints_it(tmp_path: Path) -> None:
    tool = shutil.which("dsrdump")
    if tool is None:
        pytest.skip("needs dsrdump: apt-get install dcmtk")
    image = real("RG1_UNCR.dcm")
    file = tmp_path / "reading.sr.dcm"
    file.write_bytes(encoded(structured_report(image, reading_of(image, State.CANNOT_JUDGE))))
    dump = subprocess.run([tool, "+Pl", file], capture_output=True, text=True, check=True).stdout
    assert NOTICE in dump
    assert 'CODE:(,,"Priority")=(CANNOT_JUDGE,99TIGHTROPE,"Cannot be judged by the algorithm")' in dump
