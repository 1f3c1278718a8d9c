"""A scene as a picture: boxes with distances, the state, and the street from above beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from tightrope.runtime import State
from tightrope_road.calibration import Camera
from tightrope_road.drawing import DARK, GREEN, ORANGE, VERMILLION, YELLOW, Colour, class_colour, draw_label
from tightrope_road.drive.birdseye import bird_eye
from tightrope_road.fusion.observation import Seen
from tightrope_road.labels import COCO
from tightrope_road.lidar import PointCloud
from tightrope_road.preprocess import Picture
from tightrope_road.tracking import Obstacle, Status

if TYPE_CHECKING:
    from tightrope_road.drive.scene import Scene

GREY: Colour = (160, 160, 160)
STATE_COLOURS = {State.OK: GREEN, State.DEGRADED: YELLOW, State.STALE: ORANGE, State.FAILED: VERMILLION}
# Depths at the ends of the colours; between them by the logarithm, as what is near matters more.
_NEAREST_M, _FARTHEST_M = 3.0, 60.0


def draw_scene(scene: Scene, points: bool = False) -> Picture:
    """Picture and bird's-eye view side by side, the state below; BGR uint8, not changing the scene's own picture."""
    moment = scene.moment
    picture = moment.shot.picture
    if points and moment.points is not None and moment.camera is not None:
        picture = draw_points(picture, moment.points, moment.camera)
    picture = draw_obstacles(picture, scene.obstacles)
    above = bird_eye(scene, picture.shape[0])
    both = np.concatenate([picture, above], axis=1)
    line = np.full((max(24, both.shape[0] // 16), both.shape[1], 3), 32, np.uint8)
    why = f": {scene.why}" if scene.state is not State.OK else ""
    draw_label(line, f"{scene.state.value}{why}", (0, line.shape[0]), STATE_COLOURS[scene.state])
    return np.concatenate([both, line])


def draw_obstacles(picture: Picture, obstacles: tuple[Obstacle, ...]) -> Picture:
    """A copy of the BGR picture with boxes: solid if seen now, dashed if coasting, grey without a name."""
    canvas = picture.copy()
    width = max(1, round(min(canvas.shape[:2]) / 250))
    for one in reversed(obstacles):
        left, top, right, bottom = (round(float(edge)) for edge in one.box)
        colour = obstacle_colour(one)
        if one.status is Status.coasting:
            _dashed(canvas, (left, top, right, bottom), colour, width)
        else:
            thin = 1 if one.number is None or one.seen is Seen.lidar else width
            cv2.rectangle(canvas, (left, top), (right, bottom), DARK, thin + 2, cv2.LINE_AA)
            cv2.rectangle(canvas, (left, top), (right, bottom), colour, thin, cv2.LINE_AA)
    for one in reversed(obstacles):
        if one.number is not None and one.kind in COCO:
            draw_label(canvas, label(one), (round(float(one.box[0])), round(float(one.box[1]))), obstacle_colour(one))
    return canvas


def draw_points(picture: Picture, points: PointCloud, camera: Camera) -> Picture:
    """A copy of the BGR picture with the points that the camera could see, where its calibration has them.

    Near points are yellow and lie over far ones, which are violet (viridis, that colour-blind eyes can order too). They
    lie on the things that they are of, or the calibration is wrong.
    """
    canvas = picture.copy()
    seen = camera.to_camera(points.xyz)
    pixels, ahead = camera.project(seen)
    height, width = canvas.shape[:2]
    # A pixel's middle has whole numbers. Compared as floats: beside the camera they are too large for integers.
    inside = ((pixels > -0.5) & (pixels < (width - 0.5, height - 0.5))).all(axis=1)
    places, depths = np.rint(pixels[inside]).astype(np.int64), seen[ahead[inside], 2]
    inks = depth_colours(depths)
    far_first = np.argsort(-depths, kind="stable")
    reach = round(min(height, width) / 450)  # pixels on either side
    square = np.array([(x, y) for x in range(-reach, reach + 1) for y in range(-reach, reach + 1)])
    # Of several values for a pixel numpy keeps the last one.
    columns, rows = (places[far_first, None] + square).reshape(-1, 2).T
    canvas[rows.clip(0, height - 1), columns.clip(0, width - 1)] = np.repeat(inks[far_first], len(square), axis=0)
    return canvas


def depth_colours(depths: NDArray[np.float64]) -> NDArray[np.uint8]:
    """BGR uint8 [n, 3] of depths [n] in metres: yellow up to 3 m, then green and blue, violet from 60 m on."""
    if not len(depths):  # OpenCV has no colours for nothing
        return np.empty((0, 3), np.uint8)
    near = 1 - np.log(np.maximum(depths, _NEAREST_M) / _NEAREST_M) / np.log(_FARTHEST_M / _NEAREST_M)
    scaled = np.rint(255 * np.clip(near, 0, 1)).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(scaled.reshape(-1, 1), cv2.COLORMAP_VIRIDIS), np.uint8).reshape(-1, 3)


def obstacle_colour(one: Obstacle) -> Colour:
    """That of its class; grey where it has no name."""
    return class_colour(one.kind, COCO.index(one.kind)) if one.kind in COCO else GREY


def label(one: Obstacle) -> str:
    """Such as '3 car 23.8 m, TTC 2.1 +- 0.4 s'; '~' before what is guessed by size."""
    name = f"{one.number} {one.kind}"
    if one.place is not None:
        far = one.place.distance_m
        name += f" {far:.1f} m" if one.place.points else f" ~{far:.0f} m"
    return ", ".join(filter(None, (name, one.until_collision)))


def _dashed(canvas: Picture, box: tuple[int, int, int, int], colour: Colour, width: int) -> None:
    left, top, right, bottom = box
    dash = 6 * width
    for x in range(left, right, 2 * dash):
        for y in (top, bottom):
            cv2.line(canvas, (x, y), (min(right, x + dash), y), colour, width, cv2.LINE_AA)
    for y in range(top, bottom, 2 * dash):
        for x in (left, right):
            cv2.line(canvas, (x, y), (x, min(bottom, y + dash)), colour, width, cv2.LINE_AA)
