"""DICOM in: files and datasets to Radiographs, typed errors for everything else.

>>> from tightrope_triage.dicom import find_files, read_radiograph, unsuitable
>>> for header in find_files([Path("inbox")]).files:                # doctest: +SKIP
...     if not unsuitable(header):
...         radiograph = read_radiograph(header.path, at_least=512)
"""

from tightrope_triage.dicom import plugins  # noqa: F401  before anything else imports pydicom
from tightrope_triage.dicom.errors import DicomError, FrameNeededError, MissingCodecError, NotDicomError
from tightrope_triage.dicom.files import read_dataset
from tightrope_triage.dicom.folder import FoundFiles, find_files
from tightrope_triage.dicom.header import read_header
from tightrope_triage.dicom.once import DecodedOnce
from tightrope_triage.dicom.pixels import Decode, display_pixels, model_pixels
from tightrope_triage.dicom.radiographs import read_radiograph
from tightrope_triage.dicom.suitability import unsuitable

__all__ = [
    "Decode",
    "DecodedOnce",
    "DicomError",
    "FoundFiles",
    "FrameNeededError",
    "MissingCodecError",
    "NotDicomError",
    "display_pixels",
    "find_files",
    "model_pixels",
    "read_dataset",
    "read_header",
    "read_radiograph",
    "unsuitable",
]
