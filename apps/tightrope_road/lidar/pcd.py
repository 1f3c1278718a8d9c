"""Point Cloud Library's PCD files, version 0.7: ascii, binary and binary_compressed.

The format: https://pointclouds.org/documentation/tutorials/pcd_file_format.html
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import BadInputError
from tightrope_road.lidar.lzf import decompress
from tightrope_road.lidar.points import MAX_POINTS, PointCloud

_KEYS = frozenset(("VERSION", "FIELDS", "SIZE", "TYPE", "COUNT", "WIDTH", "HEIGHT", "VIEWPOINT", "POINTS", "DATA"))
_KINDS = {"F": "f", "I": "i", "U": "u"}
_MAX_HEADER = 64_000
_MAX_RECORD = 4096
STRENGTHS = ("intensity", "reflectivity", "reflectance", "i", "scalar_intensity")
"""What the strength of a return is called in files that have names."""


def read_pcd(data: bytes, name: str) -> PointCloud:
    """Points of a PCD file; what its laser did not see is NaN there, and left out.

    Raises:
        BadInputError: malformed, truncated, without x, y, z, or more than MAX_POINTS.
    """
    try:
        header, body = _header(data)
        layout = _layout(header)
        count = _whole(header["POINTS"])
        if count > MAX_POINTS:
            raise ValueError(f"{count} points, the limit is {MAX_POINTS}")
        columns = _columns(header["DATA"][0].lower(), body, layout, count)
        xyz = np.stack([_scalar(columns, axis) for axis in "xyz"], axis=1)
        strength = next((_scalar(columns, key) for key in STRENGTHS if key in columns), None)
    except (ValueError, KeyError, IndexError, struct.error) as error:
        raise BadInputError(f"{name} is no sound PCD file: {_reason(error)}") from error
    return PointCloud.of(xyz, strength, name)


def _reason(error: Exception) -> str:
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)


def _header(data: bytes) -> tuple[Mapping[str, list[str]], bytes]:
    header: dict[str, list[str]] = {}
    at = 0
    while "DATA" not in header:
        end = data.find(b"\n", at, _MAX_HEADER)
        if end < 0:
            raise ValueError("its header has no DATA line")
        words = data[at:end].decode("ascii").split()
        at = end + 1
        if words and not words[0].startswith("#"):
            if words[0] not in _KEYS or len(words) < 2:
                raise ValueError(f"its header has the line {' '.join(words)[:40]!r}")
            header[words[0]] = words[1:]
    return header, data[at:]


def _layout(header: Mapping[str, list[str]]) -> np.dtype[Any]:
    """The record as a numpy type; a padding field '_' gets a name of its own."""
    names, sizes, kinds = header["FIELDS"], header["SIZE"], header["TYPE"]
    counts = header.get("COUNT", ["1"] * len(names))
    if not len(names) == len(sizes) == len(kinds) == len(counts):
        raise ValueError("FIELDS, SIZE, TYPE and COUNT have different lengths")
    fields: list[tuple[str, str, tuple[int, ...]]] = []
    for index, (name, size, kind, count) in enumerate(zip(names, sizes, kinds, counts, strict=True)):
        if kind not in _KINDS or size not in (("4", "8") if kind == "F" else ("1", "2", "4", "8")):
            raise ValueError(f"field {name} has the type {kind}{size}")
        if not 0 < _whole([count]) <= _MAX_RECORD:
            raise ValueError(f"field {name} has {count} values")
        fields.append((f"_{index}" if name == "_" else name, f"<{_KINDS[kind]}{size}", (_whole([count]),)))
    return np.dtype(fields)


def _columns(kind: str, body: bytes, layout: np.dtype[Any], count: int) -> Mapping[str, NDArray[Any]]:
    """Field -> [count, values]."""
    names = layout.names or ()
    if kind == "ascii":
        width = sum(layout[name].shape[0] for name in names)
        words = body.decode("ascii").split()
        if len(words) < count * width:
            raise ValueError(f"truncated: {len(words)} values instead of {count * width}")
        table = np.array(words[: count * width], np.float64).reshape(count, width)
        edges = np.cumsum([layout[name].shape[0] for name in names])[:-1]
        return dict(zip(names, np.split(table, edges, axis=1), strict=True))
    size = count * layout.itemsize
    if kind == "binary":
        if len(body) < size:
            raise ValueError(f"truncated: {len(body)} bytes of points instead of {size}")
        rows = np.frombuffer(body[:size], layout)
        return {name: rows[name] for name in names}
    if kind == "binary_compressed":
        packed, unpacked = struct.unpack_from("<II", body)
        if unpacked != size or len(body) < 8 + packed:
            raise ValueError(f"truncated, or not of {count} points")
        return _by_field(decompress(body[8 : 8 + packed], size), layout, count)
    raise ValueError(f"its DATA is {kind!r}")


def _by_field(plain: bytes, layout: np.dtype[Any], count: int) -> Mapping[str, NDArray[Any]]:
    """What is compressed stands field by field, not point by point."""
    found: dict[str, NDArray[Any]] = {}
    at = 0
    for name in layout.names or ():
        base, shape = layout[name].subdtype or (layout[name], (1,))
        size = count * layout[name].itemsize
        found[name] = np.frombuffer(plain[at : at + size], base).reshape(count, *shape)
        at += size
    return found


def _scalar(columns: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # a double beyond float32 becomes infinite, and is left out with the others
        return columns[name][:, 0].astype(np.float32)


def _whole(words: list[str]) -> int:
    if not words[0].isascii() or not words[0].isdigit() or len(words[0]) > 10:
        raise ValueError(f"{words[0][:40]!r} is no count")
    return int(words[0])
