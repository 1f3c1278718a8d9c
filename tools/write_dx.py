"""Write realistic DX objects from the adults' radiographs of cxr-nih, for end-to-end checks. They are never committed.

    python tools/write_dx.py --data DIR --out DIR [--count N] [--size 2048] [--syntax j2k] [--monochrome1]

`--data` holds cxr-nih/manifest.csv. A picture is enlarged and gets noise as of a sensor, so that it costs what a
real one costs to compress and to decode. Who it shows is made up, and says so; view, age, sex and spacing are real.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import generate_uid

from tightrope.cli.main import guarded
from tightrope.errors import BadInputError
from tightrope.writing import atomic_path
from tightrope_triage.dicom.recode import encode

BITS = 12
NOISE = 6.0  # standard deviation in grey values of 12 bits at mean exposure; a lossless codec then reaches 2:1 to 3:1
SYNTAXES = {
    "implicit-le": uid.ImplicitVRLittleEndian,
    "explicit-le": uid.ExplicitVRLittleEndian,
    "deflated": uid.DeflatedExplicitVRLittleEndian,
    "jpeg-lossless": uid.JPEGLosslessSV1,
    "jpeg-ls": uid.JPEGLSLossless,
    "j2k": uid.JPEG2000Lossless,
    "rle": uid.RLELossless,
}
_FRONTAL = {"PA": ("272479007", "postero-anterior"), "AP": ("399348003", "antero-posterior")}


@dataclass(frozen=True)
class Case:
    """A row of the manifest. `spacing_mm` is that of the picture as it lies in the data folder."""

    picture: Path
    number: int
    view: str
    age: int
    sex: str
    spacing_mm: float


def read_cases(data: Path) -> list[Case]:
    """All cases, in the manifest's order. Raises BadInputError where there is no manifest."""
    folder = data / "cxr-nih"
    try:
        with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
            return [
                Case(
                    picture=folder / "images" / row["file"],
                    number=number,
                    view=row["view"],
                    age=int(row["age"]),
                    sex=row["sex"],
                    spacing_mm=float(row["spacing_mm"]),
                )
                for number, row in enumerate(csv.DictReader(file), 1)
            ]
    except OSError as error:
        raise BadInputError(
            f"cannot read {folder / 'manifest.csv'}: {error.strerror}; --data names its parent"
        ) from error


def read_picture(case: Case) -> NDArray[np.uint8]:
    """The case's picture, uint8 [H, W]."""
    grey = cv2.imread(str(case.picture), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise BadInputError(f"cannot read the picture {case.picture}")
    return np.asarray(grey, np.uint8)


def sensor_values(grey: NDArray[np.uint8], size: int, rng: np.random.Generator) -> NDArray[np.uint16]:
    """The picture as uint16 [size, size] of BITS bits, bright is dense; noise grows with the signal's root."""
    large = cv2.resize(grey.astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    signal = np.clip(large, 0, 255) * ((2**BITS - 1) / 255)
    deviation = NOISE * np.sqrt(0.5 + signal / 2**BITS)
    noisy = signal + deviation * rng.standard_normal(signal.shape, dtype=np.float32)
    return np.asarray(np.clip(np.rint(noisy), 0, 2**BITS - 1), np.uint16)


def dx_object(values: NDArray[np.uint16], case: Case, spacing_mm: float, monochrome1: bool = False) -> Dataset:
    """A whole Digital X-Ray Image for presentation (PS3.3 A.26) of `values`, uncompressed, explicit little endian."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = uid.DigitalXRayImageStorageForPresentation
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    for module in (_who(case), _study(), _equipment(), _anatomy(case), _image(values, spacing_mm, monochrome1)):
        for keyword, value in module.items():
            setattr(dataset, keyword, value)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    return dataset


def _who(case: Case) -> dict[str, Any]:
    return {
        "PatientName": f"Synthetic^Number{case.number:04}",
        "PatientID": f"SYNTHETIC-{case.number:04}",
        "PatientBirthDate": "",
        "PatientSex": case.sex,
        "PatientAge": f"{case.age:03}Y",
        "PatientIdentityRemoved": "YES",
        "DeidentificationMethod": "made up; the pixels come from NIH ChestX-ray14",
    }


def _study() -> dict[str, Any]:
    when = {f"{what}Date": "20200101" for what in ("Study", "Series", "Acquisition", "Content")}
    when |= {f"{what}Time": "120000" for what in ("Study", "Series", "Acquisition", "Content")}
    return when | {
        "SOPClassUID": uid.DigitalXRayImageStorageForPresentation,
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "StudyID": "1",
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "Modality": "DX",
        "PresentationIntentType": "FOR PRESENTATION",
    }


def _equipment() -> dict[str, Any]:
    return {
        "Manufacturer": "Tightrope",
        "ManufacturerModelName": "write_dx",
        "DeviceSerialNumber": "0",
        "SoftwareVersions": "1",
        "DetectorType": "SCINTILLATOR",
        "PositionerType": "",
    }


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return item


def _anatomy(case: Case) -> dict[str, Any]:
    view = _code(*_FRONTAL[case.view])
    view.ViewModifierCodeSequence = []
    return {
        "BodyPartExamined": "CHEST",
        "AnatomicRegionSequence": [_code("43799004", "Chest")],
        "ImageLaterality": "U",
        "ViewPosition": case.view,
        "ViewCodeSequence": [view],
        "PatientOrientation": ["L", "F"],
    }


def _image(values: NDArray[np.uint16], spacing_mm: float, monochrome1: bool) -> dict[str, Any]:
    top = 2**BITS - 1
    return {
        "ImageType": ["DERIVED", "PRIMARY"],
        "DerivationDescription": "enlarged, noise added",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME1" if monochrome1 else "MONOCHROME2",
        "PresentationLUTShape": "INVERSE" if monochrome1 else "IDENTITY",
        "PixelIntensityRelationship": "LOG",
        "PixelIntensityRelationshipSign": 1 if monochrome1 else -1,
        "Rows": values.shape[0],
        "Columns": values.shape[1],
        "BitsAllocated": 16,
        "BitsStored": BITS,
        "HighBit": BITS - 1,
        "PixelRepresentation": 0,
        "RescaleIntercept": 0,
        "RescaleSlope": 1,
        "RescaleType": "US",
        "WindowCenter": 2 ** (BITS - 1),
        "WindowWidth": 2**BITS,
        "BurnedInAnnotation": "NO",
        "LossyImageCompression": "01",
        "LossyImageCompressionRatio": 10,
        "LossyImageCompressionMethod": "ISO_10918_1",
        "ImagerPixelSpacing": [round(spacing_mm, 5)] * 2,
        "PixelSpacing": [round(spacing_mm, 5)] * 2,
        "AcquisitionContextSequence": [],
        "PixelData": (top - values if monochrome1 else values).astype("<u2").tobytes(),
    }


def write(arguments: argparse.Namespace) -> Iterator[Path]:
    """Write the files that the command line asks for, one by one; the same call gives the same pixels."""
    rng = np.random.default_rng(2024)
    for case in read_cases(arguments.data)[: arguments.count]:
        grey = read_picture(case)
        values = sensor_values(grey, arguments.size, rng)
        dataset = dx_object(values, case, case.spacing_mm * grey.shape[1] / arguments.size, arguments.monochrome1)
        target = arguments.out / f"{case.number:04}-{case.view}.dcm"
        with atomic_path(target) as temporary:
            encode(dataset, SYNTAXES[arguments.syntax]).save_as(temporary, enforce_file_format=True)
        yield target


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds cxr-nih")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, help="the first so many of the manifest; all if not given")
    parser.add_argument("--size", type=int, default=2048, help="pixels, width and height")
    parser.add_argument("--syntax", choices=SYNTAXES, default="j2k")
    parser.add_argument("--monochrome1", action="store_true")
    arguments = parser.parse_args()
    return guarded(lambda: [print(target) for target in write(arguments)])


if __name__ == "__main__":
    sys.exit(main())
