"""Stored values out of pixel data: which decoder serves which transfer syntax, and what is checked before it runs.

pydicom's decoders do the work. Where several can, the fastest correct one is taken (2048 x 2048, 12 bits).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels import get_decoder
from pydicom.pixels.decoders.base import Decoder
from pydicom.uid import (
    JPEG2000,
    UID,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from tightrope_triage.dicom.codestream import CodestreamSize, j2k_size, jpeg_size
from tightrope_triage.dicom.description import PixelDescription
from tightrope_triage.dicom.errors import DicomError, MissingCodecError, first_line, last_line
from tightrope_triage.dicom.wavelet import halvings_for, read_band

_JPEG = {JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEGLSNearLossless}
_JPEG2000 = {JPEG2000Lossless, JPEG2000}
_HARMLESS_BYTES = 2**28
_PREFERENCE = ("pyjpegls", "pillow", "pylibjpeg", "gdcm", "pydicom")
INSTALL = "pip install 'tightrope[triage]'"
INSTALL_GPL = "pip install 'tightrope[triage-gpl]' (libjpeg, under the GPL)"


def decoder_for(dataset: Dataset) -> Decoder:
    """pydicom's decoder of the dataset's transfer syntax.

    Raises:
        MissingCodecError: nothing that is installed decodes it.
        DicomError: the dataset does not say which transfer syntax it has.
    """
    syntax = transfer_syntax(dataset)
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise MissingCodecError(syntax.name, syntax, "it cannot be read; convert the object first") from error
    if not decoder.is_available:
        raise MissingCodecError(syntax.name, syntax, INSTALL)
    return decoder


def transfer_syntax(dataset: Dataset) -> UID:
    """The dataset's transfer syntax. Raises DicomError where it names none."""
    syntax = getattr(dataset, "file_meta", Dataset()).get("TransferSyntaxUID")
    if not syntax:
        raise DicomError("the object does not name its transfer syntax")
    return UID(syntax)


def stored_values(dataset: Dataset, found: PixelDescription, frame: int, at_least: int | None = None) -> NDArray[Any]:
    """The values of a frame (from 1): integers or floats, [H, W], or RGB as [H, W, 3] where the object has colours.

    With `at_least`, a JPEG 2000 frame of grey values may come smaller by a power of two, with no side under it, as
    float32: the low-pass band of the wavelet, decoded in a fraction of the time.

    Raises:
        MissingCodecError: nothing that is installed decodes it.
        DicomError: the pixel data are damaged, too short, or not of the declared size.
    """
    if (shrunk := shrinkable(dataset, found, frame, at_least)) is not None:
        band = read_band(*shrunk)
        if band is not None:
            return band.pixels()
    return _decode(dataset, decoder_for(dataset), found, frame)


class Shrinkable(NamedTuple):
    """A JPEG 2000 frame that may be decoded smaller, and how often it may be halved."""

    packed: bytes
    size: CodestreamSize
    halvings: int


def shrinkable(dataset: Dataset, found: PixelDescription, frame: int, at_least: int | None) -> Shrinkable | None:
    """A frame as it lies in the pixel data, checked; None where it must be decoded whole. Raises as `stored_values`."""
    decoder = decoder_for(dataset)
    if not decoder.UID.is_encapsulated:
        return None
    packed = _packed_frame(dataset, found, frame)
    size = _checked_size(packed, decoder.UID, found)
    halvings = 0 if size is None else halvings_for(size, at_least)
    if size is None or not halvings or not _may_shrink(size, decoder, found):
        return None
    return Shrinkable(packed, size, halvings)


def _packed_frame(dataset: Dataset, found: PixelDescription, frame: int) -> bytes:
    offsets = (dataset.get("ExtendedOffsetTable"), dataset.get("ExtendedOffsetTableLengths"))
    try:
        packed: bytes = get_frame(
            dataset.PixelData,
            frame - 1,
            number_of_frames=found.frames,
            extended_offsets=offsets if all(offsets) else None,
        )
        return packed
    except Exception as error:  # whatever damaged fragments make pydicom raise
        raise DicomError(f"the compressed pixel data are damaged: {first_line(error)}") from error


def _check_whole(packed: bytes) -> None:
    """A decoder fills up what is missing with grey, and says nothing: a JPEG frame must end with an end-of-image
    marker, behind which encoders leave a few bytes."""
    if b"\xff\xd9" not in packed[-16:]:
        raise DicomError("the compressed frame is cut off: it has no end")


def _checked_size(packed: bytes, syntax: UID, found: PixelDescription) -> CodestreamSize | None:
    """The size that the codestream gives; that of the header where there is none in it (RLE)."""
    if syntax == RLELossless:
        _check_rle(packed, found)
        return None
    if syntax in _JPEG:
        _check_whole(packed)
    size = jpeg_size(packed) if syntax in _JPEG else j2k_size(packed)
    declared = (found.rows, found.columns, found.samples)
    if (size.rows, size.columns, size.components) != declared:
        raise DicomError(
            f"the header declares {found.columns} x {found.rows} pixels of {found.samples} samples, the compressed "
            f"frame holds {size.columns} x {size.rows} of {size.components}"
        )
    return size


def _check_rle(packed: bytes, found: PixelDescription) -> None:
    """Refuse what would unpack to far more than a frame: two bytes of a run make up to 128 (PS3.5 G.3.1)."""
    expected = found.rows * found.columns * found.samples * max(found.bits_allocated // 8, 1)
    if 64 * len(packed) > _HARMLESS_BYTES and _unpacked_bytes(packed) > 2 * expected:
        raise DicomError("the compressed pixel data are damaged: they unpack to more than the frame")


def _unpacked_bytes(packed: bytes) -> int:
    """How long an RLE frame becomes; its segments are counted as one."""
    position, total = 64, 0
    while position < len(packed):
        head = packed[position]
        if head < 128:
            total += head + 1
            position += head + 2
        else:
            total += 257 - head if head > 128 else 0
            position += 2 if head > 128 else 1
    return total


def _may_shrink(size: CodestreamSize, decoder: Decoder, found: PixelDescription) -> bool:
    """Grey values with the signedness that the header gives: others are mended sample by sample, after decoding."""
    plain = found.grey and size.components == 1 and size.precision <= 16 and size.signed == found.signed
    return plain and decoder.UID in _JPEG2000 and "pillow" in decoder.available_plugins


def _decode(dataset: Dataset, decoder: Decoder, found: PixelDescription, frame: int) -> NDArray[Any]:
    """One frame by pydicom: colours as RGB, bits that are not stored cleared."""
    low_bits_unused = found.shift > 0 and not decoder.UID.is_encapsulated
    try:
        if decoder.UID.is_encapsulated:
            return _first_that_can(dataset, decoder, found, frame)
        values = decoder.as_array(dataset, index=frame - 1, correct_unused_bits=not low_bits_unused)[0]
    except (DicomError, MemoryError):
        raise
    except Exception as error:  # a decoder raises nearly anything on damaged bytes
        raise DicomError(f"the pixel data cannot be decoded: {last_line(error)}") from error
    if low_bits_unused:  # an old object whose stored bits are not the lowest
        top = values << (found.bits_allocated - found.bits_stored - found.shift)
        values = top >> (found.bits_allocated - found.bits_stored)
    return np.asarray(values)


def _first_that_can(dataset: Dataset, decoder: Decoder, found: PixelDescription, frame: int) -> NDArray[Any]:
    """Ask the plugins that are there, the fastest first: each has streams that only another one reads.

    Raises MissingCodecError for lossy JPEG of 12 bits: those of the permissive packages decode 8 bits only.
    """
    plugins = sorted(decoder.available_plugins, key=_PREFERENCE.index)
    if UID(JPEGExtended12Bit) == decoder.UID and found.bits_stored != 8 and "pylibjpeg" not in plugins:
        raise MissingCodecError(decoder.UID.name, decoder.UID, INSTALL_GPL)
    for plugin in plugins[:-1]:
        try:
            return np.asarray(decoder.as_array(dataset, index=frame - 1, decoding_plugin=plugin)[0])
        except Exception:  # the next one may be able to, and the last one says what is wrong
            continue
    return np.asarray(decoder.as_array(dataset, index=frame - 1, decoding_plugin=plugins[-1])[0])
