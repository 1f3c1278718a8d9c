"""A dataset from a file, whole or without its pixels, in bounded memory.

>>> dataset = read_dataset(Path("chest.dcm"))     # doctest: +SKIP
"""

from __future__ import annotations

import warnings
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import config
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import dcmread, read_file_meta_info
from pydicom.filereader import read_dataset as read_elements
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from tightrope_triage.dicom.errors import DicomError, NotDicomError, first_line

# What pydicom and its plugins mend while they read is no news to the person. Values are decoded when they are looked
# at, so this holds for the whole process, and not for a block, which would not be safe in threads.
warnings.filterwarnings("ignore", module=r"(pydicom|openjpeg)\b")
config.settings.reading_validation_mode = config.IGNORE

MAX_FILE_BYTES = 2**28  # 256 MB: a 14-bit radiograph of 4300 x 4300 pixels takes 37 MB
_PREAMBLE, _META_GROUP = 128, 144  # bytes before 'DICM'; before the rest of the file meta information
_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)


def read_dataset(path: Path, pixels: bool = True) -> Dataset:
    """The dataset in a file as PS3.10 describes it; `pixels=False` stops before the pixel data.

    Values are decoded when they are looked at, so a bad one may still raise later, of any type.

    Raises:
        NotDicomError: the file does not begin as a DICOM file does.
        DicomError: it cannot be opened, is damaged, or has (or inflates to) more than MAX_FILE_BYTES.
    """
    try:
        if not path.is_file():  # also: reading a named pipe would wait for ever
            raise DicomError(f"{path} is not a file" if path.exists() else f"there is no file {path}")
        if path.stat().st_size > MAX_FILE_BYTES and pixels:
            raise DicomError(
                f"{path} has more than {MAX_FILE_BYTES >> 20} MB, which is more than a radiograph can need"
            )
        return _read(path, pixels)
    except (DicomError, KeyboardInterrupt):
        raise
    except InvalidDicomError as error:
        raise NotDicomError(f"{path} is not a DICOM file") from error
    except OSError as error:
        raise DicomError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # damaged bytes make pydicom raise nearly anything
        raise DicomError(f"{path} is damaged: {first_line(error)}") from error


def _read(path: Path, pixels: bool) -> Dataset:
    meta = read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        return _read_deflated(path, meta, pixels)
    return dcmread(path, stop_before_pixels=not pixels)


def _read_deflated(path: Path, meta: Any, pixels: bool) -> Dataset:
    """Inflate with a limit, which pydicom does not have: a file of 1 MB may hold 1 GB of zeros."""
    content = path.read_bytes()
    meta_end = _META_GROUP + int(meta.FileMetaInformationGroupLength)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = inflater.decompress(content[meta_end:], MAX_FILE_BYTES)
    if inflater.unconsumed_tail:
        raise DicomError(f"{path} inflates to more than {MAX_FILE_BYTES >> 20} MB")
    stop = None if pixels else _at_pixels
    dataset = read_elements(BytesIO(plain), is_implicit_VR=False, is_little_endian=True, stop_when=stop)
    dataset.file_meta = meta
    return dataset


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag in _PIXELS
