"""Every kind of picture becomes BGR uint8; everything else is refused in one line."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope.errors import BadInputError
from tightrope_road.headers import read_header
from tightrope_road.pictures import decode_picture, read_picture

from .conftest import make_picture

SUFFIXES = (".jpg", ".png", ".webp", ".bmp", ".tiff")
FILES = {suffix: bytes(cv2.imencode(suffix, make_picture())[1]) for suffix in SUFFIXES}
FILES["progressive"] = bytes(cv2.imencode(".jpg", make_picture(), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1])


def png_of_zeros(width: int, height: int) -> bytes:
    """A one-bit PNG of any size that takes next to nothing to store."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = zlib.compress(bytes((1 + (width + 7) // 8) * height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def with_exif_orientation(jpeg: bytes, orientation: int) -> bytes:
    """Put an APP1 segment after SOI: TIFF header, one entry, tag 0x0112."""
    tiff = b"II*\x00\x08\x00\x00\x00" + struct.pack("<HHHII", 1, 0x0112, 3, 1, orientation) + bytes(4)
    body = b"Exif\x00\x00" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


@pytest.mark.parametrize("kind", FILES)
def test_every_format_gives_its_picture(kind: str) -> None:
    picture = decode_picture(FILES[kind], "street")

    assert picture.shape == (48, 64, 3)
    assert picture.dtype == np.uint8
    assert np.abs(picture.astype(int) - make_picture()).mean() < 4


@pytest.mark.parametrize("kind", FILES)
def test_the_header_gives_the_size_without_decoding(kind: str) -> None:
    header = read_header(FILES[kind])

    assert (header.width, header.height) == (64, 48)


@pytest.mark.parametrize("kind", FILES)
@given(share=st.floats(0, 0.99))
def test_a_truncated_file_is_refused(kind: str, share: float) -> None:
    data = FILES[kind]

    with pytest.raises(BadInputError, match=r"^street "):
        decode_picture(data[: int(len(data) * share)], "street")


def test_a_truncated_jpeg_is_refused_although_its_thumbnail_is_whole() -> None:
    thumbnail = FILES[".jpg"]
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    data = FILES["progressive"][:2] + segment + FILES["progressive"][2:]
    assert decode_picture(data, "street").shape == (48, 64, 3)

    with pytest.raises(BadInputError, match="street is truncated"):
        decode_picture(data[:-400], "street")


@pytest.mark.parametrize("kind", FILES)
@given(data=st.data())
def test_damaged_bytes_give_a_picture_or_an_error_of_ours(kind: str, data: st.DataObject) -> None:
    file = bytearray(FILES[kind])
    for _ in range(data.draw(st.integers(1, 5))):
        # Most of what matters stands at the beginning.
        last = data.draw(st.sampled_from((60, len(file) - 1)))
        file[data.draw(st.integers(0, last))] = data.draw(st.integers(0, 255))

    try:
        picture = decode_picture(bytes(file), "street")
    except BadInputError:
        pass
    else:
        assert picture.dtype == np.uint8
        assert picture.ndim == 3


@given(st.binary(max_size=200))
def test_any_bytes_give_an_error_of_ours(data: bytes) -> None:
    with pytest.raises(BadInputError, match=r"^street "):
        decode_picture(data, "street")


@pytest.mark.parametrize(
    "start", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF....WEBP", b"BM", b"II*\x00", b"MM\x00*"]
)
@given(rest=st.binary(max_size=200))
def test_any_bytes_behind_a_right_beginning_give_an_error_of_ours(start: bytes, rest: bytes) -> None:
    with pytest.raises(BadInputError, match=r"^street "):
        decode_picture(start + rest, "street")


def test_exif_orientation_is_applied() -> None:
    upright = decode_picture(FILES[".jpg"], "street")
    turned = decode_picture(with_exif_orientation(FILES[".jpg"], 6), "street")  # 6: turn right to see it upright

    assert turned.shape == (64, 48, 3)
    assert np.array_equal(turned, cv2.rotate(upright, cv2.ROTATE_90_CLOCKWISE))


def test_sixteen_bits_are_scaled_to_eight() -> None:
    deep = np.full((4, 6, 3), 0x8123, np.uint16)

    assert set(decode_picture(bytes(cv2.imencode(".png", deep)[1]), "deep").ravel()) == {0x81}
    assert set(decode_picture(bytes(cv2.imencode(".tiff", deep)[1]), "deep").ravel()) == {0x81}


def test_grey_and_transparent_pictures_become_bgr() -> None:
    grey = np.arange(24, dtype=np.uint8).reshape(4, 6)
    assert np.array_equal(decode_picture(bytes(cv2.imencode(".png", grey)[1]), "grey"), np.dstack([grey] * 3))

    colours = make_picture()
    transparent = np.dstack([colours, np.zeros(colours.shape[:2], np.uint8)])
    assert np.array_equal(decode_picture(bytes(cv2.imencode(".png", transparent)[1]), "clear"), colours)


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    with pytest.raises(BadInputError, match=r"20000 x 20000 pixels, the limit is 100 megapixels"):
        decode_picture(png_of_zeros(20_000, 20_000), "bomb.png")


def test_one_pixel_is_a_picture() -> None:
    assert decode_picture(png_of_zeros(1, 1), "dot.png").tolist() == [[[0, 0, 0]]]


def test_files_that_are_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "empty.jpg").touch()
    for name, why in (
        ("missing.jpg", "does not exist"),
        ("text.jpg", "is not a JPEG, PNG, WebP, BMP or TIFF picture"),
        ("empty.jpg", "is empty"),
        ("", "is a folder"),
    ):
        with pytest.raises(BadInputError, match=why):
            read_picture(tmp_path / name)
