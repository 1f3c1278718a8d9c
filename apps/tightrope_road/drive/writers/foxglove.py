"""Foxglove's message schemas as far as a drive needs them: their JSON schemas, and values that fit them.

https://docs.foxglove.dev/docs/visualization/message-schemas. The names tell Foxglove how to show a message; the schemas
tell it which strings are base64.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Json = dict[str, Any]


def _object(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "number"}
_WHOLE: Json = {"type": "integer"}
_BYTES: Json = {"type": "string", "contentEncoding": "base64"}
_TIME = _object(sec=_WHOLE, nsec=_WHOLE)
_VECTOR = _object(x=_NUMBER, y=_NUMBER, z=_NUMBER)
_TURN = _object(x=_NUMBER, y=_NUMBER, z=_NUMBER, w=_NUMBER)
_POSE = _object(position=_VECTOR, orientation=_TURN)
_COLOUR = _object(r=_NUMBER, g=_NUMBER, b=_NUMBER, a=_NUMBER)
_POINT = _object(x=_NUMBER, y=_NUMBER)
_STAMPED = {"timestamp": _TIME, "frame_id": _TEXT}

SCHEMAS: Mapping[str, Json] = {
    "foxglove.CompressedImage": _object(**_STAMPED, data=_BYTES, format=_TEXT),
    "foxglove.CameraCalibration": _object(
        **_STAMPED,
        width=_WHOLE,
        height=_WHOLE,
        distortion_model=_TEXT,
        D=_list(_NUMBER),
        K=_list(_NUMBER),
        R=_list(_NUMBER),
        P=_list(_NUMBER),
    ),
    "foxglove.PointCloud": _object(
        **_STAMPED,
        pose=_POSE,
        point_stride=_WHOLE,
        fields=_list(_object(name=_TEXT, offset=_WHOLE, type=_WHOLE)),
        data=_BYTES,
    ),
    "foxglove.FrameTransform": _object(
        timestamp=_TIME, parent_frame_id=_TEXT, child_frame_id=_TEXT, translation=_VECTOR, rotation=_TURN
    ),
    "foxglove.ImageAnnotations": _object(
        circles=_list({"type": "object"}),
        points=_list(
            _object(
                timestamp=_TIME,
                type=_WHOLE,
                points=_list(_POINT),
                outline_color=_COLOUR,
                outline_colors=_list(_COLOUR),
                fill_color=_COLOUR,
                thickness=_NUMBER,
            )
        ),
        texts=_list(
            _object(
                timestamp=_TIME,
                position=_POINT,
                text=_TEXT,
                font_size=_NUMBER,
                text_color=_COLOUR,
                background_color=_COLOUR,
            )
        ),
    ),
    "foxglove.SceneUpdate": _object(
        deletions=_list(_object(timestamp=_TIME, type=_WHOLE, id=_TEXT)),
        entities=_list(
            _object(
                **_STAMPED,
                id=_TEXT,
                lifetime=_TIME,
                frame_locked={"type": "boolean"},
                cubes=_list(_object(pose=_POSE, size=_VECTOR, color=_COLOUR)),
                texts=_list(
                    _object(
                        pose=_POSE,
                        billboard={"type": "boolean"},
                        font_size=_NUMBER,
                        scale_invariant={"type": "boolean"},
                        color=_COLOUR,
                        text=_TEXT,
                    )
                ),
            )
        ),
    ),
    "tightrope.Scene": {"type": "object"},
}


def stamp(nanoseconds: int) -> Json:
    return {"sec": nanoseconds // 10**9, "nsec": nanoseconds % 10**9}


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def vector(values: Sequence[float] | NDArray[np.floating]) -> Json:
    return dict(zip("xyz", (float(value) for value in values), strict=True))


def quaternion(rotation: NDArray[np.float64]) -> Json:
    """A rotation matrix [3, 3] as a quaternion, by its largest component (Shepperd 1978)."""
    squares = np.array(
        [
            1 + rotation[0, 0] - rotation[1, 1] - rotation[2, 2],
            1 - rotation[0, 0] + rotation[1, 1] - rotation[2, 2],
            1 - rotation[0, 0] - rotation[1, 1] + rotation[2, 2],
            1 + np.trace(rotation),
        ]
    )
    largest = int(np.argmax(squares))
    values = np.empty(4)
    values[largest] = np.sqrt(squares[largest]) / 2
    if largest == 3:
        for k in range(3):
            i, j = (k + 1) % 3, (k + 2) % 3
            values[k] = (rotation[j, i] - rotation[i, j]) / (4 * values[3])
    else:
        i, j = (largest + 1) % 3, (largest + 2) % 3
        values[i] = (rotation[i, largest] + rotation[largest, i]) / (4 * values[largest])
        values[j] = (rotation[j, largest] + rotation[largest, j]) / (4 * values[largest])
        values[3] = (rotation[j, i] - rotation[i, j]) / (4 * values[largest])
    return dict(zip("xyzw", (float(value) for value in values), strict=True))


def pose(place: Sequence[float] | NDArray[np.floating], rotation: NDArray[np.float64] | None = None) -> Json:
    return {"position": vector(place), "orientation": quaternion(np.eye(3) if rotation is None else rotation)}


def colour(bgr: tuple[int, int, int], alpha: float = 1.0) -> Json:
    return {"r": bgr[2] / 255, "g": bgr[1] / 255, "b": bgr[0] / 255, "a": alpha}
