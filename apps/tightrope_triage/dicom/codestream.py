"""What a compressed frame says of itself, read from its first bytes before a decoder sees them.

A decoder allocates what the codestream asks for, whatever the DICOM header says: a frame of 100 bytes can ask for
16 GB. JPEG: ISO/IEC 10918-1 B.2.2; JPEG-LS: 14495-1 C.2.2; JPEG 2000: 15444-1 A.5.1 and A.6.1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from struct import unpack_from

from tightrope_triage.dicom.errors import DicomError

_FRAME_HEADERS = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_SOC_SIZ, _COD, _COC, _SOT = b"\xff\x4f\xff\x51", 0x52, 0x53, 0x90
_REVERSIBLE = 1  # of SPcod's last field: the 5/3 wavelet
_JP2 = b"\x00\x00\x00\x0cjP  "
_SMALLEST_PRECINCT = 5  # log2 of pixels; the memory for smaller ones outgrows the picture


@dataclass(frozen=True)
class CodestreamSize:
    """What a frame holds; of JPEG 2000 also more.

    Attributes:
        signed: whether its values are.
        halvings: how often it can be halved.
        halvable: a decoded band can be halved again as the encoder did it: one tile, from the origin of its grid, by
            the reversible 5/3 wavelet; and the codestream lies bare, with its depth at the byte `depth_at`.
    """

    rows: int
    columns: int
    components: int
    precision: int
    signed: bool = False
    halvings: int = 0
    halvable: bool = False
    depth_at: int = 0


def jpeg_size(frame: bytes) -> CodestreamSize:
    """The size in a JPEG or JPEG-LS frame. Raises DicomError where it has none."""
    position = frame.find(b"\xff\xd8") + 2
    try:
        while position >= 2:
            fill, marker = frame[position], frame[position + 1]
            if fill != 0xFF:
                break
            if marker == 0xFF:  # padding before a marker
                position += 1
            elif marker in _WITHOUT_LENGTH:
                position += 2
            elif marker in _FRAME_HEADERS:
                precision, rows, columns, components = unpack_from(">BHHB", frame, position + 4)
                return CodestreamSize(rows, columns, components, precision)
            else:
                position += 2 + max(unpack_from(">H", frame, position + 2)[0], 2)
    except (IndexError, struct.error):
        pass
    raise DicomError("the compressed frame is damaged: no JPEG frame header")


def j2k_size(frame: bytes) -> CodestreamSize:
    """The size in a JPEG 2000 frame, bare or in a JP2 box.

    Raises:
        DicomError: it has none, its components are not all of the full size and one depth, or its tiles or
            precincts are so small that they would take more memory than the picture.
    """
    start = frame.find(_SOC_SIZ, 0, 4096) if frame.startswith(_JP2) else 0
    try:
        if start < 0 or frame[start : start + 4] != _SOC_SIZ:
            raise DicomError("the compressed frame is damaged: no JPEG 2000 codestream")
        length, _, right, bottom, left, top, tile_width, tile_height, tile_left, tile_top, components = unpack_from(
            ">HHIIIIIIIIH", frame, start + 4
        )
        depth_at = start + 42
        depth = frame[depth_at]
        size = CodestreamSize(
            rows=bottom - top,
            columns=right - left,
            components=components,
            precision=(depth & 0x7F) + 1,
            signed=depth >= 0x80,
            halvable=not any((start, left, top, tile_left, tile_top)) and tile_width >= right and tile_height >= bottom,
            depth_at=depth_at,
        )
        # a crowd of tiles or of components costs memory however small they are
        tiles = -(-right // max(tile_width, 1)) * -(-bottom // max(tile_height, 1))
        if tiles > 4096 or components > 4:
            raise DicomError(f"the compressed frame has {tiles} tiles and {components} components, which is too many")
        return _with_halvings(frame, start + 4 + length, size)
    except (IndexError, struct.error) as error:
        raise DicomError("the compressed frame is damaged: its JPEG 2000 header is cut off") from error


def _with_halvings(frame: bytes, position: int, size: CodestreamSize) -> CodestreamSize:
    """Walk the main header to its coding style (COD)."""
    while frame[position] == 0xFF and frame[position + 1] not in (_COD, _SOT):
        position += 2 + max(unpack_from(">H", frame, position + 2)[0], 2)
    if frame[position : position + 2] != bytes((0xFF, _COD)):
        raise DicomError("the compressed frame is damaged: no JPEG 2000 coding style")
    style, levels, transform = frame[position + 4], frame[position + 9], frame[position + 13]
    if style & 1:
        precincts = frame[position + 14 : position + 15 + levels]
        finest = precincts[-1] if precincts else 0
        if min(finest & 15, finest >> 4) < _SMALLEST_PRECINCT and size.rows * size.columns > 2**20:
            raise DicomError("the compressed frame has too small precincts to be decoded in bounded memory")
    plain = transform == _REVERSIBLE and _COC not in _markers_after(frame, position)
    return replace(size, halvings=levels, halvable=size.halvable and plain)


def _markers_after(frame: bytes, position: int) -> set[int]:
    """The second bytes of the main header's markers behind the one at `position`."""
    found = set()
    while frame[position] == 0xFF and frame[position + 1] != _SOT:
        position += 2 + max(unpack_from(">H", frame, position + 2)[0], 2)
        found.add(frame[position + 1])
    return found
