"""Picture files to arrays: BGR, uint8, upright, never larger than is sane.

EXIF orientation is applied; grayscale and CMYK become BGR; of 16 bits the upper 8 are kept; transparency is dropped
(the colours below it stay as they are stored).
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import cv2
import numpy as np

from tightrope.errors import BadInputError
from tightrope.reading import readable
from tightrope_road.headers import DAMAGED, Buffer, Header, HeaderError, check_whole, read_header
from tightrope_road.preprocess import Picture

SUFFIXES = frozenset((".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff"))
MAX_PIXELS = 100_000_000
# Four uncompressed channels of 16 bits a pixel: no honest file within MAX_PIXELS is larger.
MAX_FILE_BYTES = 8 * MAX_PIXELS


def read_picture(path: Path) -> Picture:
    """Read one picture file.

    Args:
        path: a JPEG, PNG, WebP, BMP or TIFF (the first page).

    Returns:
        uint8 [height, width, 3], BGR.

    Raises:
        BadInputError: no such file, no picture, truncated, damaged, or more than MAX_PIXELS.
    """
    if path.is_dir():
        raise BadInputError(f"{path} is a folder, not a picture")
    if path.exists() and not path.is_file():
        raise BadInputError(f"{path} is not a regular file")
    with readable(path), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise BadInputError(f"{path} is empty")
        # The header is read through a map, so that nothing large is read or allocated before it is judged.
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            _judge(view, str(path))
        if size > MAX_FILE_BYTES:
            raise BadInputError(f"{path} has {size // 10**6} MB, the limit is {MAX_FILE_BYTES // 10**6}")
        data = file.read()
    return decode_picture(data, str(path))


def decode_picture(data: bytes, name: str) -> Picture:
    """Decode the bytes of a picture file; `name` begins the message of an error. Raises as `read_picture` does."""
    if not data:
        raise BadInputError(f"{name} is empty")
    header = _judge(data, name)
    try:
        check_whole(data, header)
    except HeaderError as error:
        raise BadInputError(f"{name} {error}") from error
    try:
        # IMREAD_COLOR does all that the module promises: orientation, channels, depth.
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise BadInputError(f"{name} {DAMAGED}: it cannot be decoded as {header.format}") from error
    if picture is None:
        raise BadInputError(f"{name} {DAMAGED}, or a kind of {header.format} that cannot be decoded")
    return np.asarray(picture, np.uint8)


def _judge(data: Buffer, name: str) -> Header:
    """The header, if it is that of a picture of a sane size. Raises BadInputError."""
    try:
        header = read_header(data)
    except HeaderError as error:
        raise BadInputError(f"{name} {error}") from error
    check_size(header.width, header.height, name)
    return header


def check_size(width: int, height: int, name: str) -> None:
    """Raises BadInputError if a picture of this size, in pixels, would be too large to decode."""
    if width * height > MAX_PIXELS:
        limit = MAX_PIXELS // 10**6
        raise BadInputError(f"{name} has {width} x {height} pixels, the limit is {limit} megapixels; scale it down")
