"""Exact labels of a frame, from the same meshes that the camera sees.

The 2D box is that of all mesh vertices of the object, hidden ones too, projected and clipped to the image. Occlusion
and visibility come from rays through the pixel centres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import rig
from .scenario import RATE, ego_pose
from .solids import Solid
from .stage import Player, Stage

Array = NDArray[np.float64]
PARTLY, LARGELY = 0.1, 0.5  # hidden share of the object's pixels from which on it counts as occluded 1 and 2


@dataclass(frozen=True)
class Label:
    """One object in one frame: KITTI's fields, and the exact shares behind the levels."""

    track: int
    kind: str
    truncation: float  # share of the unclipped 2D box's area that lies outside the image
    hidden: float  # share of the object's pixels inside the image that something else covers
    pixels: int  # visible ones
    alpha: float
    box: tuple[float, float, float, float]
    size: tuple[float, float, float]  # height, width, length
    location: tuple[float, float, float]  # of the middle of the bottom, rect
    rotation_y: float

    @property
    def occlusion(self) -> int:
        """KITTI's level: 0 fully visible, 1 partly, 2 largely occluded."""
        return int(self.hidden >= PARTLY) + int(self.hidden >= LARGELY)

    def _geometry(self) -> str:
        numbers = (self.alpha, *self.box, *self.size, *self.location, self.rotation_y)
        return " ".join(f"{v:.3f}" for v in numbers)

    def tracking(self, frame: int) -> str:
        """Return a line of KITTI's tracking format; truncation is its level 0, 1 (some) or 2 (half or more)."""
        level = int(self.truncation > 0) + int(self.truncation >= 0.5)
        return f"{frame} {self.track} {self.kind} {level} {self.occlusion} {self._geometry()}"

    def detection(self) -> str:
        """Return a line of KITTI's object format; truncation is the exact share."""
        return f"{self.kind} {self.truncation:.2f} {self.occlusion} {self._geometry()}"

    def visibility(self, frame: int) -> str:
        """Return a line of visibility.txt: frame, track, exact truncation, exact hidden share, visible pixels."""
        return f"{frame} {self.track} {self.truncation:.4f} {self.hidden:.4f} {self.pixels}"


def _wrapped(angle: float) -> float:
    return (angle + math.pi) % (2 * math.pi) - math.pi


def _projected_box(solid: Solid, to_rect: Array) -> Array | None:
    """Return (left, top, right, bottom) of the part ahead of the near plane, unclipped, or None if there is none."""
    points = solid.points @ to_rect[:3, :3].T + to_rect[:3, 3]
    ahead = points[:, 2] > rig.NEAR
    seen = [points[np.unique(solid.triangles[ahead[solid.triangles].all(1)])]]
    for i, j in ((0, 1), (1, 2), (2, 0)):  # triangles that pierce the near plane are cut there
        a, b = solid.triangles[:, i], solid.triangles[:, j]
        cut = ahead[a] != ahead[b]
        p, q = points[a[cut]], points[b[cut]]
        seen += [
            p + (q - p) * ((rig.NEAR - p[:, 2]) / (q[:, 2] - p[:, 2]))[:, None],
            p[ahead[a[cut]]],
            q[ahead[b[cut]]],
        ]
    together = np.concatenate(seen)
    if not len(together):
        return None
    image = rig.project(together)
    return np.concatenate([image.min(0), image.max(0)])


def _clipped(box: Array) -> Array:
    limit = np.array([rig.WIDTH - 1, rig.HEIGHT - 1] * 2, float)
    return np.clip(box, 0.0, limit)


def _area(box: Array) -> float:
    return float(max(box[2] - box[0], 0) * max(box[3] - box[1], 0))


class _DepthMap:
    """Which player is nearest at every pixel centre, and how many pixels each would fill alone."""

    def __init__(self, camera: Array) -> None:
        self.camera = camera  # rect to world, at the image camera's centre
        self.far = np.full((rig.HEIGHT, rig.WIDTH), np.inf)
        self.owner = np.full((rig.HEIGHT, rig.WIDTH), -1)
        self.alone: dict[int, int] = {}

    def _rays(self, v: NDArray[np.int64], u: NDArray[np.int64]) -> Array:
        directions = rig.pixel_directions(u, v)
        return directions / np.linalg.norm(directions, axis=1, keepdims=True)

    def add(self, player: Player, t: float, box: Array) -> None:
        left, top = np.ceil(box[:2]).astype(int)
        right, bottom = np.floor(box[2:]).astype(int)
        v, u = (grid.ravel() for grid in np.mgrid[top : bottom + 1, left : right + 1])
        to_actor = np.linalg.inv(player.pose(t)) @ self.camera
        far, _, _ = player.solid(t).cast(to_actor[:3, 3], self._rays(v, u) @ to_actor[:3, :3].T)
        self.alone[player.actor.track] = int(np.isfinite(far).sum())
        nearer = far < self.far[v, u]
        self.far[v[nearer], u[nearer]] = far[nearer]
        self.owner[v[nearer], u[nearer]] = player.actor.track

    def hide_behind(self, street: Solid) -> None:
        v, u = np.nonzero(self.owner >= 0)
        reach = self.far[v, u] - 1e-3
        far, _, _ = street.cast(self.camera[:3, 3], self._rays(v, u) @ self.camera[:3, :3].T, reach)
        covered = np.isfinite(far)
        self.owner[v[covered], u[covered]] = -1


def labels_of(stage: Stage, frame: int, velo: Array) -> list[Label]:
    """Return the labels of all objects of which at least one pixel centre sees a part."""
    t = frame / RATE
    rect = rig.rect_to_world(velo)
    camera = rect.copy()
    camera[:3, 3] = rect[:3, :3] @ rig.IMAGE_CAMERA_IN_RECT + rect[:3, 3]
    to_rect, depth, boxes = np.linalg.inv(rect), _DepthMap(camera), {}
    for player in stage.players:
        full = _projected_box(player.solid(t), to_rect @ player.pose(t))
        if full is not None and _area(_clipped(full)) > 0:
            boxes[player.actor.track] = full
            depth.add(player, t, _clipped(full))
    depth.hide_behind(stage.street)
    found = []
    for player in stage.players:
        track = player.actor.track
        pixels = int((depth.owner == track).sum())
        if pixels:
            found.append(_label(player, t, to_rect, boxes[track], pixels, depth.alone[track]))
    return found


def _label(player: Player, t: float, to_rect: Array, full: Array, pixels: int, alone: int) -> Label:
    low, high = player.extent()
    bottom = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2], 1.0])
    location = (to_rect @ player.pose(t) @ bottom)[:3]
    rotation = _wrapped(ego_pose(t)[2] - player.actor.motion.yaw - math.pi / 2)
    length, width, height = high - low
    return Label(
        track=player.actor.track,
        kind=player.actor.kind,
        truncation=1 - _area(_clipped(full)) / _area(full),
        hidden=1 - pixels / alone,
        pixels=pixels,
        alpha=_wrapped(rotation - math.atan2(location[0], location[2])),
        box=tuple(_clipped(full)),
        size=(height, width, length),
        location=tuple(location),
        rotation_y=rotation,
    )
