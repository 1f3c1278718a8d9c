"""Picture files become BGR uint8 of a bounded size; everything else is refused in one line."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tightrope.errors import BadInputError
from tightrope_translate.image.pictures import read_picture, write_picture

RAMP = np.stack(np.broadcast_arrays(np.arange(64)[None] * 4, np.arange(48)[:, None] * 5, 90), -1).astype(np.uint8)
FORMATS = ("jpeg", "png", "webp", "bmp", "tiff", "gif")


def encoded(kind: str, picture: Image.Image | None = None, **options: object) -> bytes:
    buffer = io.BytesIO()
    (picture or Image.fromarray(RAMP)).save(buffer, kind, **options)
    return buffer.getvalue()


def written(folder: Path, data: bytes) -> Path:
    path = folder / "sign"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_its_picture_in_bgr(kind: str, tmp_path: Path) -> None:
    picture = read_picture(written(tmp_path, encoded(kind)))

    assert picture.dtype == np.uint8
    assert picture.shape == RAMP.shape
    assert np.abs(picture[..., ::-1].astype(int) - RAMP).mean() < 8  # a GIF has 256 colours


def test_orientation_of_exif_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright

    assert read_picture(written(tmp_path, encoded("jpeg", exif=exif))).shape == (64, 48, 3)


def test_a_large_picture_is_scaled_while_it_is_read(tmp_path: Path) -> None:
    large = Image.new("RGB", (4000, 3000), (10, 200, 30))

    for kind in ("jpeg", "png"):
        picture = read_picture(written(tmp_path, encoded(kind, large)), side=1000)
        assert picture.shape == (750, 1000, 3)
        assert np.abs(picture.astype(int) - (30, 200, 10)).max() < 5


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))

    assert (read_picture(written(tmp_path, encoded("png", clear))) == 255).all()


def test_sixteen_bits_keep_their_upper_eight(tmp_path: Path) -> None:
    deep = Image.fromarray(np.full((20, 20), 0x8123, np.uint16))

    assert (read_picture(written(tmp_path, encoded("png", deep))) == 0x81).all()


def test_a_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    for side in (11_000, 60_000):
        header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
        data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
        with pytest.raises(BadInputError, match="megapixels; scale it down"):
            read_picture(written(tmp_path, data))


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="does not exist"):
        read_picture(tmp_path / "none")
    with pytest.raises(BadInputError, match="is a folder"):
        read_picture(tmp_path)
    with pytest.raises(BadInputError, match="is empty"):
        read_picture(written(tmp_path, b""))
    with pytest.raises(BadInputError, match="is not a JPEG"):
        read_picture(written(tmp_path, b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"))


@given(kind=st.sampled_from(FORMATS), cut=st.floats(0, 1), noise=st.binary(max_size=8), at=st.floats(0, 1))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_is_either_harmless_or_said_in_one_line(
    tmp_path: Path, kind: str, cut: float, noise: bytes, at: float
) -> None:
    data = bytearray(encoded(kind))
    place = round(at * len(data))
    data[place : place + len(noise)] = noise
    try:
        picture = read_picture(written(tmp_path, bytes(data[: round(cut * len(data))])))
    except BadInputError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert picture.ndim == 3


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    picture = np.ascontiguousarray(RAMP[..., ::-1])
    write_picture(tmp_path / "deep" / "sign.png", picture)

    assert (read_picture(tmp_path / "deep" / "sign.png") == picture).all()
