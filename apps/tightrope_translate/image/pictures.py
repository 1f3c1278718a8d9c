"""Picture files to arrays, and back: BGR, uint8, upright, never larger than is sane.

picture = read_picture(Path("sign.jpg"))      # uint8 [height, width, 3]
write_picture(Path("out/sign.jpg"), picture)
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from tightrope.errors import BadInputError
from tightrope.writing import atomic_path

Picture = NDArray[np.uint8]

# Only decoders of plain pictures: Pillow's others run programs (EPS) or have no use here.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"))
MAX_PIXELS = 100_000_000
MAX_FILE_BYTES = 8 * MAX_PIXELS
WORKING_SIDE = 2048
"""Longest side, in pixels, of the pictures that are worked on; larger ones are scaled down while they are read."""
PHOTOGRAPH_SIDE = 4096
"""Longest side of what is kept of a photograph for a second look at small letters."""


def read_picture(path: Path, side: int = WORKING_SIDE) -> Picture:
    """Read a picture file (of several pages the first), scaled down until no side is longer than `side` pixels.

    EXIF orientation is applied; transparency lies on white.

    Returns:
        uint8 [height, width, 3], BGR.

    Raises:
        BadInputError: no such file, no picture, truncated, damaged, or more than MAX_PIXELS.
    """
    if path.is_dir():
        raise BadInputError(f"{path} is a folder, not a picture")
    if not path.exists():
        raise BadInputError(f"{path} does not exist")
    if not path.is_file():
        raise BadInputError(f"{path} is not a regular file")
    size = path.stat().st_size
    if not size:
        raise BadInputError(f"{path} is empty")
    if size > MAX_FILE_BYTES:
        raise BadInputError(f"{path} has {size // 10**6} MB, the limit is {MAX_FILE_BYTES // 10**6} MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # judged below, from the header alone
            with Image.open(path, formats=FORMATS) as image:
                _check_size(image.width, image.height, path)
                image.draft("RGB", _within(image.size, side))  # a JPEG is decoded at a half, a quarter, an eighth
                return _pixels(image, side)
    except UnidentifiedImageError as error:
        raise BadInputError(f"{path} is not a JPEG, PNG, WebP, BMP, TIFF or GIF picture") from error
    except Image.DecompressionBombError as error:
        raise BadInputError(f"{path} has far more than {MAX_PIXELS // 10**6} megapixels; scale it down") from error
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:  # what Pillow's decoders raise
        raise BadInputError(f"{path} is damaged or truncated: {str(error) or type(error).__name__}") from error


def read_photograph(path: Path) -> tuple[Picture, Picture]:
    """Read a picture file: as it is worked on, and with up to PHOTOGRAPH_SIDE pixels. Raises as `read_picture` does.

    Returns:
        two arrays, uint8 [h, w, 3], BGR; one and the same where the file has no more pixels than are worked on.
    """
    photograph = read_picture(path, PHOTOGRAPH_SIDE)
    height, width = photograph.shape[:2]
    if max(height, width) <= WORKING_SIDE:
        return photograph, photograph
    image = Image.fromarray(photograph)  # the order of the colours does not matter to an average
    small = image.resize(_within((width, height), WORKING_SIDE), Image.Resampling.BOX, reducing_gap=2.0)
    return np.asarray(small, np.uint8), photograph


def write_picture(path: Path, picture: Picture) -> None:
    """Write BGR, uint8 [h, w, 3], atomically; the suffix says the format. Raises OutputError."""
    with atomic_path(path) as temporary:
        Image.fromarray(np.ascontiguousarray(picture[..., ::-1])).save(temporary, quality=92)


def _check_size(width: int, height: int, path: Path) -> None:
    if width * height > MAX_PIXELS:
        limit = MAX_PIXELS // 10**6
        raise BadInputError(f"{path} has {width} x {height} pixels, the limit is {limit} megapixels; scale it down")


def _within(size: tuple[int, int], side: int) -> tuple[int, int]:
    """`size`, scaled down until no side is longer than `side`."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _pixels(image: Image.Image, side: int) -> Picture:
    upright = ImageOps.exif_transpose(image)
    upright = _eight_bits(upright)
    if upright.has_transparency_data:
        ground = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(ground, upright.convert("RGBA"))
    upright = upright.convert("RGB")
    if max(upright.size) > side:
        upright = upright.resize(_within(upright.size, side), Image.Resampling.BOX, reducing_gap=2.0)
    return np.ascontiguousarray(np.asarray(upright, np.uint8)[..., ::-1])


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits to its upper 8; Pillow's own conversion would clip."""
    if image.mode.startswith("I;16") or image.mode == "I":
        return Image.fromarray((np.asarray(image).astype(np.int64).clip(0, 65535) >> 8).astype(np.uint8))
    return image
