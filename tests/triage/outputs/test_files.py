"""What lands in the folder: valid by dciodvfy, called by the SOP instance, whole or not there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from tightrope.errors import OutputError
from tightrope_triage.deidentify.pseudonyms import Pseudonyms
from tightrope_triage.outputs.files import write_outputs
from tightrope_triage.outputs.jsonl import JsonLines
from tightrope_triage.reading import NOTICE, State

from .sources import CHEST, LEG, SYNTHETIC, displayed, dx, errors_of, reading_of, source

HEAT = np.linspace(-1, 2, 49, dtype=np.float32).reshape(7, 7)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("secret", [None, b"of the department"], ids=["named", "de-identified"])
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("name", [SYNTHETIC, CHEST, LEG])
def test_are_valid(name: str, state: State, secret: bytes | None, tmp_path: Path) -> None:
    image = source(name)
    pseudonyms = Pseudonyms(secret) if secret else None
    written = write_outputs(tmp_path, image, reading_of(image, state, heat=HEAT), displayed(image), pseudonyms)
    assert errors_of(written.report) == []
    assert errors_of(written.capture) == []


def test_capture_says_what_it_is(tmp_path: Path) -> None:
    image = dx(LossyImageCompression="01", LossyImageCompressionRatio="12", LossyImageCompressionMethod="ISO_10918_1")
    written = write_outputs(tmp_path, image, reading_of(image), displayed(image))
    capture = dcmread(written.capture)
    assert capture.BurnedInAnnotation == "YES"
    assert capture.StudyInstanceUID == image.StudyInstanceUID
    assert capture.SeriesInstanceUID not in (image.SeriesInstanceUID, dcmread(written.report).SeriesInstanceUID)
    assert capture.SourceImageSequence[0].ReferencedSOPInstanceUID == image.SOPInstanceUID
    assert capture.LossyImageCompression == "01"
    assert NOTICE in capture.DerivationDescription
    assert capture.pixel_array.shape == (capture.Rows, capture.Columns, 3)


def test_the_same_capture_is_the_same_object_and_one_with_a_heat_map_is_another(tmp_path: Path) -> None:
    image = dx()
    uids = []
    for heat in (None, None, HEAT):
        written = write_outputs(tmp_path, image, reading_of(image, heat=heat), displayed(image))
        uids.append(dcmread(written.capture).SOPInstanceUID)
    assert uids[0] == uids[1] != uids[2]


def test_two_sources_do_not_collide_and_one_source_is_replaced(tmp_path: Path) -> None:
    first, second = dx(), dx()
    for image in (first, second, first):
        write_outputs(tmp_path, image, reading_of(image), displayed(image))
    assert len(list(tmp_path.iterdir())) == 4
    assert (tmp_path / f"{first.SOPInstanceUID}.sr.dcm").is_file()


def test_frames_of_one_source_do_not_collide(tmp_path: Path) -> None:
    image = dx()
    for frame in (1, 2):
        reading = reading_of(image)
        object.__setattr__(reading.header, "frame", frame)
        object.__setattr__(reading.header, "frames", 2)
        write_outputs(tmp_path, image, reading, displayed(image))
    assert len({dcmread(path).SOPInstanceUID for path in tmp_path.iterdir()}) == 4


def test_deidentified_results_and_line_name_nobody(tmp_path: Path) -> None:
    image = dx()
    pseudonyms = Pseudonyms(b"of the department")
    written = write_outputs(tmp_path, image, reading_of(image), displayed(image), pseudonyms)
    told = written.reading.to_json().encode()
    told += b"".join(path.name.encode() + path.read_bytes() for path in tmp_path.iterdir())
    identifiers = ("Müller", "MRN-4711", "19511224", "20240229", "ACC-0815", "House", "S77", "/data/chest.dcm")
    for text in (*identifiers, image.SOPInstanceUID, image.SeriesInstanceUID, image.StudyInstanceUID):
        assert text.encode() not in told, text
        assert text.encode("latin-1") not in told, text
    report, capture = dcmread(written.report), dcmread(written.capture)
    assert report.StudyInstanceUID == capture.StudyInstanceUID == pseudonyms.uid(image.StudyInstanceUID)
    assert report.PatientIdentityRemoved == capture.PatientIdentityRemoved == "YES"
    assert "pixels were not checked for burnt-in text" in written.notes


def test_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    image = dx()
    with pytest.raises(OutputError, match="file"):
        write_outputs(tmp_path / "file" / "below", image, reading_of(image), displayed(image))


def test_lines_are_readings(tmp_path: Path) -> None:
    readings = [reading_of(dx(), state) for state in State]
    with JsonLines(tmp_path / "out" / "readings.jsonl") as lines:
        for reading in readings:
            lines.add(reading)
    told = [json.loads(line) for line in (tmp_path / "out" / "readings.jsonl").read_text().splitlines()]
    assert told == [json.loads(reading.to_json()) for reading in readings]


def test_interrupted_lines_keep_what_was_done(tmp_path: Path) -> None:
    target = tmp_path / "readings.jsonl"

    def run() -> None:
        with JsonLines(target) as lines:
            lines.add(reading_of(dx()))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert len(target.read_text().splitlines()) == 1
    assert list(tmp_path.iterdir()) == [target]


def test_importing_the_outputs_does_not_import_highdicom() -> None:
    code = "import sys, tightrope_triage.outputs.files; print('highdicom' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "False"
