"""An uncompressed DICOM object in another transfer syntax, without loss."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom import dcmread, uid
from pydicom.dataset import Dataset
from pydicom.pixels import compress

from tightrope.errors import BadInputError


def encode(dataset: Dataset, syntax: str) -> Dataset:
    """`dataset` is in explicit little endian, and may change.

    Raises:
        BadInputError: GDCM cannot take these pixels.
        ImportError, NotImplementedError: the extra `triage` is missing.
    """
    if syntax == uid.JPEGLosslessSV1:
        return _jpeg_lossless(dataset)
    if uid.UID(syntax).is_encapsulated:
        compress(dataset, syntax, generate_instance_uid=False)
    else:
        dataset.file_meta.TransferSyntaxUID = uid.UID(syntax)
    return dataset


def _jpeg_lossless(dataset: Dataset) -> Dataset:
    """JPEG process 14, selection value 1. pydicom has no encoder for it, GDCM has; from file to file, because the
    reference counts of its Python objects do not survive more."""
    import gdcm

    with TemporaryDirectory() as folder:
        plain, packed = Path(folder, "plain.dcm"), Path(folder, "packed.dcm")
        dataset.save_as(plain, enforce_file_format=True)
        reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
        reader.SetFileName(str(plain))
        if not reader.Read():
            raise BadInputError("GDCM cannot read these pixels")
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
        change.SetInput(reader.GetImage())
        if not change.Change():
            raise BadInputError("GDCM cannot encode these pixels as lossless JPEG")
        writer.SetFileName(str(packed))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        if not writer.Write():
            raise BadInputError("GDCM cannot write these pixels as lossless JPEG")
        compressed = dcmread(packed)
    dataset["PixelData"] = compressed["PixelData"]
    dataset.file_meta.TransferSyntaxUID = uid.JPEGLosslessSV1
    return dataset
