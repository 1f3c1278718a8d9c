"""Stanford's PLY files: ascii, and binary of either byte order; their vertices are the points.

The format: http://paulbourke.net/dataformats/ply/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import BadInputError
from tightrope_road.lidar.pcd import STRENGTHS
from tightrope_road.lidar.points import MAX_POINTS, PointCloud

_TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4",
    "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
    "float32": "f4", "float64": "f8",
}  # fmt: skip
_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": ""}
_MAX_HEADER = 64_000


@dataclass
class _Element:
    name: str
    count: int
    fields: list[tuple[str, str]] = field(default_factory=list)
    has_list: bool = False


def read_ply(data: bytes, name: str) -> PointCloud:
    """The vertices of a PLY file.

    Raises:
        BadInputError: malformed, truncated, without x, y, z, vertices after lists of another element, or more than
            MAX_POINTS.
    """
    try:
        order, elements, body = _header(data)
        rows = _vertices(order, elements, body)
        names = rows.dtype.names or ()
        if missing := [axis for axis in "xyz" if axis not in names]:
            raise ValueError(f"its vertices have no {', '.join(missing)}")
        with np.errstate(over="ignore", invalid="ignore"):
            xyz = np.stack([rows[axis].astype(np.float32) for axis in "xyz"], axis=1)
            strength = next((rows[key].astype(np.float32) for key in STRENGTHS if key in names), None)
    except ValueError as error:
        raise BadInputError(f"{name} is no sound PLY file: {error}") from error
    return PointCloud.of(xyz, strength, name)


def _header(data: bytes) -> tuple[str, list[_Element], bytes]:
    end = data.find(b"end_header", 0, _MAX_HEADER)
    close = data.find(b"\n", end)
    if not data.startswith((b"ply\n", b"ply\r\n")) or end < 0 or close < 0:
        raise ValueError("its header does not end")
    order: str | None = None
    elements: list[_Element] = []
    for line in data[:end].decode("ascii").splitlines()[1:]:
        match line.split():
            case ["format", kind, "1.0"] if kind in _ORDERS:
                order = _ORDERS[kind]
            case ["element", name, count] if count.isdigit() and len(count) < 11:
                elements.append(_Element(name, int(count)))
            case ["property", "list", _, _, _] if elements:
                elements[-1].has_list = True
            case ["property", kind, name] if elements and kind in _TYPES:
                elements[-1].fields.append((name, _TYPES[kind]))
            case ["comment" | "obj_info", *_] | []:
                pass
            case _:
                raise ValueError(f"its header has the line {line[:40]!r}")
    if order is None:
        raise ValueError("its header has no format")
    return order, elements, data[close + 1 :]


def _vertices(order: str, elements: list[_Element], body: bytes) -> NDArray[Any]:
    words = iter(body.split()) if not order else None
    at = 0
    for element in elements:
        if element.has_list:
            raise ValueError(f"element {element.name} has lists, and no vertices come before it")
        if not element.fields or element.count > MAX_POINTS:
            raise ValueError(f"element {element.name} has {element.count} entries of {len(element.fields)} properties")
        layout = np.dtype([(name, (order or "<") + kind) for name, kind in element.fields])
        size = element.count * layout.itemsize
        if words is not None:
            taken = [word for _, word in zip(range(element.count * len(element.fields)), words, strict=False)]
            if element.name == "vertex":
                return _table(taken, element, layout)
            continue
        if element.name == "vertex":
            if len(body) < at + size:
                raise ValueError(f"truncated: {max(0, len(body) - at)} bytes of vertices instead of {size}")
            return np.frombuffer(body[at : at + size], layout)
        at += size
    raise ValueError("it has no vertices")


def _table(words: list[bytes], element: _Element, layout: np.dtype[Any]) -> NDArray[Any]:
    if len(words) < element.count * len(element.fields):
        raise ValueError(f"truncated: {len(words)} values instead of {element.count * len(element.fields)}")
    table = np.array(words, np.float64).reshape(element.count, -1)
    rows = np.empty(element.count, layout)
    with np.errstate(over="ignore", invalid="ignore"):
        for index, (name, _) in enumerate(element.fields):
            rows[name] = table[:, index]
    return rows
