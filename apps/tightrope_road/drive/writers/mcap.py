"""drive.mcap: what the sensors gave and what was made of it, for Foxglove and for `tightrope road drive` itself.

What the sensors gave is logged at its capture, what was made of it when it was there: played back, an answer comes as
late as it did. The timestamps inside the messages are always those of the capture, by which Foxglove finds picture,
transforms and boxes that belong together.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tightrope.errors import MissingExtraError, OutputError
from tightrope.runtime import Limits, State
from tightrope.writing import atomic_path
from tightrope_road.drive.drawing import label, obstacle_colour
from tightrope_road.drive.scene import Notice, Scene
from tightrope_road.drive.writers import foxglove
from tightrope_road.drive.writers.writer import AS_USUAL, DriveWriter, Manner, not_the_log
from tightrope_road.logs.log import Log
from tightrope_road.tracking import Obstacle, Status

CAMERA, LIDAR, WORLD = "camera", "lidar", "world"
_TOPICS = {
    "/camera/image": "foxglove.CompressedImage",
    "/camera/calibration": "foxglove.CameraCalibration",
    "/camera/obstacles": "foxglove.ImageAnnotations",
    "/lidar/points": "foxglove.PointCloud",
    "/tf": "foxglove.FrameTransform",
    "/obstacles": "foxglove.SceneUpdate",
    "/scene": "tightrope.Scene",
}
_FLOAT32 = 7
_LINE_LOOP = 2
_DELETE_ALL = 1
_QUALITY = 90


class McapWriter(DriveWriter):
    """Writes JSON messages in Foxglove's schemas, compressed.

    Raises:
        MissingExtraError: the package that writes MCAP is not installed.
        OutputError: the file cannot be written.
    """

    def __init__(self, folder: Path, log: Log, manner: Manner = AS_USUAL) -> None:
        super().__init__()
        try:
            import mcap.writer  # noqa: F401
        except ImportError as error:
            raise MissingExtraError("writing MCAP", "drive") from error
        self._target, self._log = not_the_log(folder / "drive.mcap", log), log
        stale_s = Limits.every(log.period_s).stale_s if manner.stale_s is None else manner.stale_s
        self._lifetime = foxglove.stamp(round(stale_s * 1e9))

    @cached_property
    def _file(self) -> Any:
        from mcap.writer import Writer

        temporary = self.enter_context(atomic_path(self._target))
        writer: Any = Writer(self.enter_context(temporary.open("wb")))
        writer.start(profile="", library="tightrope")
        self.push(lambda kind, *_: writer.finish() if kind is None else None)
        return writer

    @cached_property
    def _channels(self) -> dict[str, int]:
        schemas = {
            name: self._file.register_schema(name, "jsonschema", json.dumps({"title": name, **schema}).encode())
            for name, schema in foxglove.SCHEMAS.items()
        }
        return {topic: self._file.register_channel(topic, "json", schemas[name]) for topic, name in _TOPICS.items()}

    def write(self, told: Scene | Notice) -> None:
        if isinstance(told, Notice):
            self._notice(told, _nanoseconds(told.at_s))
            return
        at = _nanoseconds(told.moment.shot.captured_at)
        shown = max(at, _nanoseconds(told.shown_at))
        self._sensors(told, at)
        self._add("/camera/obstacles", shown, _annotations(told, at))
        self._add("/obstacles", shown, _entities(told, at, self._lifetime))
        self._add("/scene", shown, told.to_dict())

    def _notice(self, notice: Notice, at: int) -> None:
        """Where nothing is current any more, what is shown goes at once, however long it would have lived."""
        if notice.state in (State.STALE, State.FAILED):
            self._add("/camera/obstacles", at, {"circles": [], "points": [], "texts": []})
            self._add("/obstacles", at, {"deletions": [_everything(at)], "entities": []})
        self._add("/scene", at, notice.to_dict())

    def _sensors(self, scene: Scene, at: int) -> None:
        moment, stamped = scene.moment, {"timestamp": foxglove.stamp(at), "frame_id": CAMERA}
        height, width = moment.shot.picture.shape[:2]
        jpeg = cv2.imencode(".jpg", moment.shot.picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
        if moment.camera is not None:
            projection = moment.camera.projection
            values = {
                "K": projection[:, :3].ravel().tolist(),
                "R": np.eye(3).ravel().tolist(),
                "P": projection.ravel().tolist(),
            }
            size = {"width": width, "height": height, "distortion_model": "", "D": []}
            self._add("/camera/calibration", at, {**stamped, **size, **values})
            self._transform(at, CAMERA, LIDAR, moment.camera.lidar_to_camera)
        pose = self._log.trajectory.pose(moment.shot.captured_at) if self._log.trajectory else None
        if pose is not None:
            self._transform(at, WORLD, CAMERA, pose)
        self._add("/camera/image", at, {**stamped, "data": foxglove.encoded(jpeg), "format": "jpeg"})
        if moment.points is not None:
            rows = np.column_stack([moment.points.xyz, moment.points.intensity]).astype("<f4")
            fields = [
                {"name": n, "offset": 4 * k, "type": _FLOAT32} for k, n in enumerate(("x", "y", "z", "intensity"))
            ]
            shape = {"pose": foxglove.pose(np.zeros(3)), "point_stride": 16, "fields": fields}
            data = foxglove.encoded(rows.tobytes())
            self._add("/lidar/points", at, {**stamped, "frame_id": LIDAR, **shape, "data": data})

    def _transform(self, at: int, parent: str, child: str, matrix: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        frames = {"timestamp": foxglove.stamp(at), "parent_frame_id": parent, "child_frame_id": child}
        place, turn = foxglove.vector(matrix[:3, 3]), foxglove.quaternion(matrix[:3, :3])
        self._add("/tf", at, {**frames, "translation": place, "rotation": turn})

    def _add(self, topic: str, at: int, message: Any) -> None:
        try:
            self._file.add_message(self._channels[topic], at, json.dumps(message).encode(), at)
        except OSError as error:
            raise OutputError(f"cannot write {self._target}: {error.strerror}") from error


def _nanoseconds(seconds: float) -> int:
    return max(0, round(seconds * 1e9))


def _annotations(scene: Scene, at: int) -> dict[str, Any]:
    points, texts = [], []
    for one in scene.obstacles:
        left, top, right, bottom = (float(edge) for edge in one.box)
        colour = foxglove.colour(obstacle_colour(one), 0.4 if one.status is Status.coasting else 1.0)
        corners = [{"x": x, "y": y} for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))]
        points.append(
            {
                "timestamp": foxglove.stamp(at),
                "type": _LINE_LOOP,
                "points": corners,
                "outline_color": colour,
                "outline_colors": [],
                "fill_color": foxglove.colour((0, 0, 0), 0.0),
                "thickness": 2 if one.number is not None else 1,
            }
        )
        if one.number is not None:
            texts.append(
                {
                    "timestamp": foxglove.stamp(at),
                    "position": corners[0],
                    "text": label(one),
                    "font_size": 12,
                    "text_color": foxglove.colour((255, 255, 255)),
                    "background_color": colour,
                }
            )
    return {"circles": [], "points": points, "texts": texts}


def _entities(scene: Scene, at: int, lifetime: foxglove.Json) -> dict[str, Any]:
    """A cube a thing with an identity; what was there before is deleted."""
    entities = [_entity(one, at, lifetime) for one in scene.confirmed if one.place]
    return {"deletions": [_everything(at)], "entities": entities}


def _everything(at: int) -> dict[str, Any]:
    """Deletes all entities of before."""
    return {"timestamp": foxglove.stamp(at), "type": _DELETE_ALL, "id": ""}


def _entity(one: Obstacle, at: int, lifetime: foxglove.Json) -> dict[str, Any]:
    assert one.place is not None
    centre = [one.place.centre[0], one.place.y, one.place.centre[1]]
    cubes = []
    if one.place.box is not None:
        box = one.place.box
        along, across = box.axis, np.array([-box.axis[1], box.axis[0]])
        # Columns: along its length, down, across; in the camera's x, y, z.
        turn = np.array([[along[0], 0.0, across[0]], [0.0, 1.0, 0.0], [along[1], 0.0, across[1]]])
        turn[:, 2] *= np.sign(np.linalg.det(turn))
        size = foxglove.vector([max(0.1, box.length), 1.5, max(0.1, box.width)])
        colour = foxglove.colour(obstacle_colour(one), 0.2 if one.status is Status.coasting else 0.5)
        cubes.append({"pose": foxglove.pose(centre, turn), "size": size, "color": colour})
    text = {
        "pose": foxglove.pose([centre[0], centre[1] - 1.5, centre[2]]),
        "billboard": True,
        "font_size": 12,
        "scale_invariant": True,
        "color": foxglove.colour((255, 255, 255)),
        "text": label(one),
    }
    return {
        "timestamp": foxglove.stamp(at),
        "frame_id": CAMERA,
        "id": str(one.number),
        "lifetime": lifetime,  # from the capture on, which is what the age of an answer counts from
        "frame_locked": False,
        "cubes": cubes,
        "texts": [text],
    }
