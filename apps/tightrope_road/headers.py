"""What the first bytes of a picture say: its format and size, and whether the file is whole. Nothing is decoded.

OpenCV allocates before it complains, and older versions fill the missing part of a truncated JPEG with grey. So the
size is read here first, and a file that ends early is refused. Layouts: JPEG ITU T.81 annex B, PNG (W3C, third
edition) chapter 5, RFC 9649 (WebP), TIFF 6.0 section 2, BITMAPFILEHEADER (Windows GDI).
"""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

TRUNCATED = "is truncated"
DAMAGED = "is damaged"

Buffer = bytes | mmap.mmap

_PNG = b"\x89PNG\r\n\x1a\n"
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15 without DHT, JPG and DAC
_STANDALONE = frozenset((0x01, *range(0xD0, 0xD9)))  # markers without a length: TEM, RST0 to RST7, SOI
_SCAN, _END = 0xDA, 0xD9
# Inside a scan a 0xFF is data (followed by 0), a restart marker, or filling; anything else ends the scan.
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


class HeaderError(ValueError):
    """The bytes are not a whole picture; the message continues a file's name: 'is truncated', ..."""


@dataclass(frozen=True)
class Header:
    """What a picture file says of itself.

    Attributes:
        format: 'JPEG', 'PNG', 'WebP', 'BMP' or 'TIFF'.
        width, height: in pixels, before any rotation that EXIF asks for.
        least_bytes: of the whole file, where the header tells it.
    """

    format: str
    width: int
    height: int
    least_bytes: int = 0


def read_header(data: Buffer) -> Header:
    """Format and size of a picture file; of a mapped one only the pages with the header are read.

    Raises:
        HeaderError: not a JPEG, PNG, WebP, BMP or TIFF, or it ends before its size is said.
    """
    with _beyond_the_end():
        if data[:3] == b"\xff\xd8\xff":
            header = _jpeg(data)
        elif data[:8] == _PNG:
            header = _png(data)
        elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            header = _webp(data)
        elif data[:2] == b"BM":
            header = _bmp(data)
        elif data[:4] in (b"II*\x00", b"MM\x00*"):
            header = _tiff(data)
        else:
            raise HeaderError("is not a JPEG, PNG, WebP, BMP or TIFF picture")
    if header.width < 1 or header.height < 1:
        raise HeaderError(DAMAGED)
    return header


def check_whole(data: Buffer, header: Header) -> None:
    """Raises HeaderError if the file ends before it should, as far as its format says where that is."""
    with _beyond_the_end():
        if header.format == "JPEG":
            for _ in _jpeg_segments(data):
                pass
        elif header.format == "PNG":
            _check_png_chunks(data)
        elif len(data) < header.least_bytes:
            raise HeaderError(TRUNCATED)


@contextmanager
def _beyond_the_end() -> Iterator[None]:
    try:
        yield
    except (struct.error, IndexError) as error:
        raise HeaderError(TRUNCATED) from error


def _jpeg_segments(data: Buffer) -> Iterator[tuple[int, int]]:
    """Marker and position of every segment up to the end marker.

    A thumbnail inside an APP segment has an end marker of its own; it is stepped over.
    """
    position = 2
    while True:
        lead, marker = data[position], data[position + 1]
        if lead != 0xFF:
            raise HeaderError(DAMAGED)
        if marker == 0xFF:
            position += 1
            continue
        yield marker, position
        if marker == _END:
            return
        position += 2
        if marker in _STANDALONE:
            continue
        position += struct.unpack_from(">H", data, position)[0]
        if marker == _SCAN:
            end = _SCAN_END.search(data, position)
            if end is None:
                raise HeaderError(TRUNCATED)
            position = end.start()


def _jpeg(data: Buffer) -> Header:
    for marker, position in _jpeg_segments(data):
        if marker in _FRAME_HEADERS:
            height, width = struct.unpack_from(">HH", data, position + 5)
            return Header("JPEG", width, height)
    raise HeaderError(DAMAGED)


def _png(data: Buffer) -> Header:
    kind, width, height = struct.unpack_from(">4sII", data, 12)
    if kind != b"IHDR":
        raise HeaderError(DAMAGED)
    return Header("PNG", width, height)


def _check_png_chunks(data: Buffer) -> None:
    """Every chunk up to IEND, each with its checksum."""
    position = len(_PNG)
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, position)
        (checksum,) = struct.unpack_from(">I", data, position + 8 + length)
        if zlib.crc32(data[position + 4 : position + 8 + length]) != checksum:
            raise HeaderError(DAMAGED)
        position += 12 + length


def _webp(data: Buffer) -> Header:
    (length,) = struct.unpack_from("<I", data, 4)
    kind = data[12:16]
    if kind == b"VP8X":
        low_width, high_width, low_height, high_height = struct.unpack_from("<HBHB", data, 24)
        width, height = (high_width << 16 | low_width) + 1, (high_height << 16 | low_height) + 1
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        raise HeaderError(DAMAGED)
    return Header("WebP", width, height, 8 + length)


def _bmp(data: Buffer) -> Header:
    pixels_at, header_length = struct.unpack_from("<II", data, 10)
    if header_length == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    height = abs(height)  # negative: rows from top to bottom
    row = (width * bits + 31) // 32 * 4
    return Header("BMP", width, height, 0 if compression else pixels_at + row * height)


def _tiff(data: Buffer) -> Header:
    """Width (tag 256) and height (tag 257) of the first page, as SHORT (type 3) or LONG (type 4)."""
    order = "<" if data[:1] == b"I" else ">"
    (directory,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, directory)
    sides = {256: 0, 257: 0}
    for entry in range(count):
        at = directory + 2 + 12 * entry
        tag, kind = struct.unpack_from(f"{order}HH", data, at)
        if tag in sides:
            (sides[tag],) = struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", data, at + 8)
    return Header("TIFF", sides[256], sides[257])
