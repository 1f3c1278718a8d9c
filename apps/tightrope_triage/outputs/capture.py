"""The Secondary Capture of a reading: the drawn picture as a DICOM image in the study of its source.

>>> secondary_capture(dataset, reading, render(displayed, reading)).save_as("reading.sc.dcm")      # doctest: +SKIP
"""

from __future__ import annotations

import copy
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from tightrope_triage.outputs import codes
from tightrope_triage.outputs.source import CHARACTER_SET, MANUFACTURER, Identity, source_context, text
from tightrope_triage.reading import NOTICE, Reading

SERIES_NUMBER = 9102


def secondary_capture(
    dataset: Dataset, reading: Reading, picture: NDArray[np.uint8], when: datetime | None = None
) -> Dataset:
    """The reading as an uncompressed RGB Secondary Capture (PS3.3 A.8.1) with everything burnt in.

    `picture`, uint8 [H, W, 3], is what `overlay.render` drew. `when` is the moment of the capture, else now.

    Raises:
        BadInputError: the source has no valid UIDs.
    """
    source = source_context(dataset)
    capture = copy.deepcopy(source)
    capture.SpecificCharacterSet = CHARACTER_SET
    _add_series(capture, dataset, reading, when or datetime.now())
    _add_derivation(capture, source, dataset, reading)
    _add_pixels(capture, picture)
    capture.file_meta = FileMetaDataset()
    capture.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return capture


def _add_series(capture: Dataset, dataset: Dataset, reading: Reading, when: datetime) -> None:
    identity = Identity.of(dataset, reading, "SC" if reading.heat is None else "SC with heat map")
    capture.SOPClassUID = SecondaryCaptureImageStorage
    capture.SOPInstanceUID = identity.sop_instance_uid
    capture.SeriesInstanceUID = identity.series_instance_uid
    capture.SeriesNumber = SERIES_NUMBER
    capture.InstanceNumber = identity.instance_number
    capture.SeriesDescription = "Tightrope triage: picture"
    capture.Modality = "OT"
    capture.ConversionType = "WSD"
    capture.Manufacturer = MANUFACTURER
    capture.ManufacturerModelName = reading.algorithm.name
    capture.SoftwareVersions = reading.algorithm.version
    capture.DeviceSerialNumber = reading.algorithm.digest[-64:]
    capture.ContentDate = capture.InstanceCreationDate = when.strftime("%Y%m%d")
    capture.ContentTime = capture.InstanceCreationTime = when.strftime("%H%M%S")


def _add_derivation(capture: Dataset, source: Dataset, dataset: Dataset, reading: Reading) -> None:
    reference = Dataset()
    reference.ReferencedSOPClassUID = source.SOPClassUID
    reference.ReferencedSOPInstanceUID = source.SOPInstanceUID
    if reading.header.frames > 1:
        reference.ReferencedFrameNumber = reading.header.frame
    reference.PurposeOfReferenceCodeSequence = [_code_item(codes.SOURCE_IMAGE)]
    capture.SourceImageSequence = [reference]
    capture.ImageType = ["DERIVED", "SECONDARY"]
    capture.DerivationDescription = f"Displayed picture with the triage result burnt in. {NOTICE}"
    capture.ImageComments = NOTICE
    capture.PatientOrientation = ""
    _add_anatomy(capture, dataset)
    capture.BurnedInAnnotation = "YES"
    # PS3.3 C.7.6.1.1.5: what was lossy once stays marked as lossy.
    for keyword in ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"):
        if dataset.get("LossyImageCompression") == "01" and keyword in dataset:
            capture[keyword] = dataset[keyword]


def _add_anatomy(capture: Dataset, dataset: Dataset) -> None:
    """Laterality is asked for unless the body part is known to be unpaired, as a chest is; empty means unknown."""
    if body_part := text(dataset, "BodyPartExamined"):
        capture.BodyPartExamined = body_part
    if body_part != "CHEST":
        laterality = text(dataset, "Laterality")
        capture.Laterality = laterality if laterality in ("L", "R") else ""


def _code_item(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme_designator, code.meaning
    return item


def _add_pixels(capture: Dataset, picture: NDArray[np.uint8]) -> None:
    """RGB uint8 [H, W, 3]. The value's length must be even (PS3.5 8.1.1)."""
    capture.Rows, capture.Columns, capture.SamplesPerPixel = picture.shape
    capture.PhotometricInterpretation = "RGB"
    capture.PlanarConfiguration = 0
    capture.BitsAllocated = capture.BitsStored = 8
    capture.HighBit = 7
    capture.PixelRepresentation = 0
    data = picture.tobytes()
    capture.PixelData = data + b"\0" * (len(data) % 2)
