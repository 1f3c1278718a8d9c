"""Small DX objects for the listener's tests, made in memory."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    Comprehensive3DSRStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from tightrope_triage.radiograph import Header
from tightrope_triage.reading import Algorithm, OperatingPoint, Reading, State

ALGORITHM = Algorithm("stand-in", "1", "0" * 64)
POINT = OperatingPoint("sensitivity 95%", 0.5, (0.95, 0.9, 0.98), (0.7, 0.6, 0.8))


def radiograph(number: int, patient: str | None = None, side: int = 16) -> Dataset:
    """DX for presentation, `side` x `side`, 12 of 16 bits; its UIDs and pixels follow from `number`."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid("image", number)
    dataset.SeriesInstanceUID = uid("series", number)
    dataset.StudyInstanceUID = uid("study", number)
    dataset.PatientID = f"TEST{number:04d}" if patient is None else patient
    dataset.PatientName = f"Test^{number}"
    dataset.Modality = "DX"
    dataset.ViewPosition = "PA"
    dataset.Rows = dataset.Columns = side
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PixelData = np.random.default_rng(number).integers(0, 4096, (side, side), dtype=np.uint16).tobytes()
    return dataset


def uid(kind: str, number: object) -> str:
    """The same for the same words."""
    return str(generate_uid(entropy_srcs=["tightrope listen tests", kind, str(number)]))


def write(dataset: Dataset, path: Path) -> Path:
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_many(folder: Path, count: int, **how: object) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    return [write(radiograph(n, **how), folder / f"{n:04d}.dcm") for n in range(count)]  # type: ignore[arg-type]


def reading(dataset: Dataset, probability: float) -> Reading:
    header = Header(
        path=None,
        sop_class_uid=str(dataset.SOPClassUID),
        sop_instance_uid=str(dataset.SOPInstanceUID),
        series_instance_uid=str(dataset.SeriesInstanceUID),
        study_instance_uid=str(dataset.StudyInstanceUID),
        transfer_syntax_uid=str(dataset.file_meta.TransferSyntaxUID),
        modality="DX",
        patient_id=str(dataset.PatientID),
    )
    state = State.PRIORITY if probability >= POINT.probability else State.ROUTINE
    return Reading(header, state, ALGORITHM, POINT, probability=probability)


def result_of(dataset: Dataset) -> Dataset:
    """A Secondary Capture for an object, in its study; its UID follows from the object's."""
    result = radiograph(0, patient=str(dataset.PatientID))
    result.SOPClassUID = result.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    result.StudyInstanceUID = dataset.StudyInstanceUID
    result.SeriesInstanceUID = uid("result series", dataset.SOPInstanceUID)
    result.SOPInstanceUID = result.file_meta.MediaStorageSOPInstanceUID = result_uid(str(dataset.SOPInstanceUID))
    result.Modality = "OT"
    result.ConversionType = "WSD"
    return result


def report_of(dataset: Dataset) -> Dataset:
    """What passes for a Comprehensive 3D SR with a peer that looks at UIDs only."""
    report = result_of(dataset)
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = Comprehensive3DSRStorage
    report.SOPInstanceUID = report.file_meta.MediaStorageSOPInstanceUID = uid("report", dataset.SOPInstanceUID)
    report.Modality = "SR"
    del report.PixelData
    return report


def result_uid(sop_instance_uid: str) -> str:
    return uid("result", sop_instance_uid)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
