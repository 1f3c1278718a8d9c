"""What sensors say in MCAP: messages of Foxglove's schemas and of ROS 2's sensor_msgs to pictures, points, cameras.

Foxglove: https://docs.foxglove.dev/docs/visualization/message-schemas; ROS: the .msg files of common_interfaces.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from tightrope.errors import BadInputError
from tightrope_road.calibration.camera import rigid
from tightrope_road.lidar import PointCloud
from tightrope_road.lidar.pcd import STRENGTHS
from tightrope_road.logs.mcap.reading import Field, Message
from tightrope_road.pictures import check_size, decode_picture
from tightrope_road.preprocess import Picture

PICTURES = (
    "foxglove.CompressedImage",
    "foxglove.RawImage",
    "sensor_msgs/msg/CompressedImage",
    "sensor_msgs/msg/Image",
)
CLOUDS = ("foxglove.PointCloud", "sensor_msgs/msg/PointCloud2")
CAMERAS = ("foxglove.CameraCalibration", "sensor_msgs/msg/CameraInfo")

Value = TypeVar("Value")

_CHANNELS = {"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "mono8": 1, "8UC1": 1, "8UC3": 3}
_TO_BGR = {"rgb8": cv2.COLOR_RGB2BGR, "rgba8": cv2.COLOR_RGBA2BGR, "bgra8": cv2.COLOR_BGRA2BGR}
_FOXGLOVE_TYPES = {1: "u1", 2: "i1", 3: "u2", 4: "i2", 5: "u4", 6: "i4", 7: "f4", 8: "f8"}
_ROS_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 8: "f8"}


def captured_at(message: Message) -> float:
    """The time in the message, seconds; that of the log where it has none, or 0."""
    try:
        stamp = Field.first(message.fields, ("header", "stamp"), ("timestamp",))
        whole = Field.first(stamp, ("sec",), ("seconds",))
        part = Field.first(stamp, ("nsec",), ("nanosec",), ("nanos",))
    except KeyError:
        return message.logged_at
    return float(whole) + float(part) / 1e9 or message.logged_at


def frame_of(message: Message) -> str:
    """The frame in which the message's values are; empty where it names none."""
    try:
        return str(Field.first(message.fields, ("frame_id",), ("header", "frame_id")))
    except KeyError:
        return ""


def size_of(calibration: Message) -> tuple[int, int] | None:
    """Width and height of the pictures that a calibration is of; None where it does not say."""
    try:
        width, height = (int(Field.of(calibration.fields, name)) for name in ("width", "height"))
    except (KeyError, TypeError, ValueError):
        return None
    return (width, height) if width > 0 and height > 0 else None


def picture_of(message: Message, name: str) -> Picture:
    """BGR uint8 [h, w, 3]; raises BadInputError for an encoding that is not known, or damaged data."""
    return _sound(lambda: _picture(message, name), name)


def points_of(message: Message, name: str) -> PointCloud:
    """The points of a cloud; raises BadInputError if it is malformed."""
    return _sound(lambda: _points(message, name), name)


def projection_of(message: Message, name: str) -> NDArray[np.float64]:
    """float64 [3, 4]: P where it is set, else K; raises BadInputError if it is malformed."""

    def read() -> NDArray[np.float64]:
        full = np.array(list(Field.first(message.fields, ("P",), ("p",))), np.float64)
        if full.size == 12 and full.any():
            return full.reshape(3, 4)
        projection = np.zeros((3, 4))
        projection[:, :3] = np.array(list(Field.first(message.fields, ("K",), ("k",))), np.float64).reshape(3, 3)
        return projection

    return _sound(read, name)


def _sound(read: Callable[[], Value], name: str) -> Value:
    try:
        return read()
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, cv2.error) as error:
        raise BadInputError(f"{name} is malformed: {error!r}") from error


def _bytes(value: Any) -> bytes:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else bytes(value)


def _picture(message: Message, name: str) -> Picture:
    data = _bytes(Field.of(message.fields, "data"))
    if "Compressed" in message.schema:
        return decode_picture(data, name)
    encoding = str(Field.of(message.fields, "encoding"))
    if encoding not in _CHANNELS:
        raise BadInputError(f"{name} is encoded as {encoding!r}; there are {', '.join(_CHANNELS)}")
    width, height, step = (int(Field.of(message.fields, key)) for key in ("width", "height", "step"))
    check_size(width, height, name)
    channels = _CHANNELS[encoding]
    if width < 1 or height < 1 or step < width * channels or len(data) < step * height:
        raise ValueError(f"{len(data)} bytes for {width} x {height} pixels")
    rows = np.frombuffer(data[: step * height], np.uint8).reshape(height, step)
    pixels = rows[:, : width * channels].reshape(height, width, channels)
    if channels == 1:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), np.uint8)
    return np.asarray(cv2.cvtColor(pixels, _TO_BGR[encoding]) if encoding in _TO_BGR else pixels.copy(), np.uint8)


def _points(message: Message, name: str) -> PointCloud:
    ros = message.schema.startswith("sensor_msgs")
    types, type_key = (_ROS_TYPES, "datatype") if ros else (_FOXGLOVE_TYPES, "type")
    stride = int(Field.of(message.fields, "point_step" if ros else "point_stride"))
    data = _bytes(Field.of(message.fields, "data"))
    if stride < 1 or len(data) % stride:
        raise ValueError(f"{len(data)} bytes of points of {stride}")
    order = ">" if ros and Field.of(message.fields, "is_bigendian") else "<"
    listed = list(Field.of(message.fields, "fields"))
    kinds = {
        str(Field.of(one, "name")): (int(Field.of(one, "offset")), order + types[int(Field.of(one, type_key))])
        for one in listed
        if int(Field.of(one, type_key)) in types
    }
    wanted = [*"xyz", *[key for key in STRENGTHS if key in kinds][:1]]
    layout = np.dtype(
        {
            "names": wanted,
            "formats": [kinds[key][1] for key in wanted],
            "offsets": [kinds[key][0] for key in wanted],
            "itemsize": stride,
        }
    )
    rows = np.frombuffer(data, layout)
    xyz = np.stack([rows[axis].astype(np.float32) for axis in "xyz"], axis=1)
    cloud = PointCloud.of(xyz, rows[wanted[3]].astype(np.float32) if len(wanted) > 3 else None, name)
    return cloud if ros else cloud.moved(pose_of(Field.of(message.fields, "pose")))


def pose_of(pose: Any) -> NDArray[np.float64]:
    """float64 [4, 4] of a position and an orientation (a quaternion; all zeros is none)."""
    place = Field.first(pose, ("position",), ("translation",))
    turn = Field.first(pose, ("orientation",), ("rotation",))
    x, y, z, w = (float(Field.of(turn, key)) for key in "xyzw")
    return rigid(rotation(x, y, z, w), np.array([float(Field.of(place, key)) for key in "xyz"]))


def rotation(x: float, y: float, z: float, w: float) -> NDArray[np.float64]:
    """A quaternion as a matrix [3, 3]; normalized first, and none if it is all zeros."""
    norm = float(np.linalg.norm([x, y, z, w]))
    if not np.isfinite(norm):
        raise ValueError("a rotation is not finite")
    if norm == 0:
        return np.eye(3)
    x, y, z, w = x / norm, y / norm, z / norm, w / norm
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
