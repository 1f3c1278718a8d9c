"""The tree of frames in a recording: from any frame to any other, and the way of the vehicle through the world."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import BadInputError
from tightrope_road.logs.mcap.reading import Field, Message
from tightrope_road.logs.mcap.sensors import captured_at, pose_of
from tightrope_road.logs.trajectory import Trajectory

TRANSFORMS = ("foxglove.FrameTransform", "foxglove.FrameTransforms", "tf2_msgs/msg/TFMessage")

Matrix = NDArray[np.float64]


@dataclass
class Frames:
    """Transforms, child to parent, by the child: (parent, times, float64 [4, 4] each)."""

    edges: dict[str, tuple[str, list[float], list[Matrix]]] = field(default_factory=dict)

    @classmethod
    def of(cls, messages: Iterable[Message]) -> Frames:
        """Everything that the transform messages of a recording say. Raises BadInputError if one is malformed."""
        frames = cls()
        for message in messages:
            try:
                for one in _transforms(message):
                    frames._add(one, message)
            except (KeyError, ValueError, TypeError) as error:
                raise BadInputError(f"a transform of {message.topic} is malformed: {error!r}") from error
        return frames

    def between(self, source: str, target: str) -> Matrix | None:
        """`source` to `target` by the first transform of every edge; None if no way leads there."""
        up, down = list(self._up(source)), list(self._up(target))
        shared = next((name for name, _ in up if name in {other for other, _ in down}), None)
        if shared is None:
            return None
        to_shared = next(matrix for name, matrix in up if name == shared)
        from_target = next(matrix for name, matrix in down if name == shared)
        return np.asarray(np.linalg.inv(from_target) @ to_shared, np.float64)

    def trajectory(self, camera: str, name: str) -> Trajectory | None:
        """Where a frame was in the world: from the first edge above it that changes; None if none does.

        One that is told again and again need not change: recorders repeat where a sensor is mounted.
        """
        moving = next((child for child, _ in self._up(camera) if self._changes(child)), None)
        if moving is None:
            return None
        fixed = self.between(camera, moving)
        _, times, matrices = self.edges[moving]
        stamps, rows = np.unique(np.array(times), return_index=True)
        if fixed is None or len(stamps) < 2:
            return None
        return Trajectory.of(stamps, np.stack([matrices[row] @ fixed for row in rows]), name)

    def _changes(self, child: str) -> bool:
        _, _, matrices = self.edges.get(child, ("", [], []))
        return any(not np.allclose(matrix, matrices[0]) for matrix in matrices)

    def _up(self, name: str) -> Iterator[tuple[str, Matrix]]:
        """This frame and those above it, each with the way to it; ends at the root, and where a way goes round."""
        matrix = np.eye(4)
        seen: set[str] = set()
        while name not in seen:
            yield name, matrix
            seen.add(name)
            if name not in self.edges:
                return
            parent, _, matrices = self.edges[name]
            matrix = matrices[0] @ matrix
            name = parent

    def _add(self, one: object, message: Message) -> None:
        parent = str(Field.first(one, ("parent_frame_id",), ("header", "frame_id")))
        child = str(Field.of(one, "child_frame_id"))
        stamp = captured_at(Message(message.topic, message.schema, message.logged_at, one))
        _, times, matrices = self.edges.setdefault(child, (parent, [], []))
        times.append(stamp)
        matrices.append(pose_of(one if _flat(one) else Field.of(one, "transform")))


def _transforms(message: Message) -> list[object]:
    if message.schema == "foxglove.FrameTransform":
        return [message.fields]
    return list(Field.of(message.fields, "transforms"))


def _flat(one: object) -> bool:
    """Foxglove's has translation and rotation itself; ROS's in `transform`."""
    return "translation" in one if isinstance(one, dict) else hasattr(one, "translation")
