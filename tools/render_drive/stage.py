"""The actors on the street: one Blender object each, moved to where the scenario has them at a frame."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from . import assets, bodies, daylight, houses, rig, street, trees
from .scenario import ACTORS, RATE, Actor, ego_pose
from .solids import Solid, solid_of

Array = NDArray[np.float64]
IDENTITY = np.eye(4)


@dataclass
class Player:
    """An actor with what shows it: a body, wheels on their places, and for a walker a mesh and a Solid a phase."""

    actor: Actor
    body: Any
    solids: list[Solid]
    wheels: list[tuple[Any, Matrix]] = field(default_factory=list)
    phases: list[Any] = field(default_factory=list)
    radius: float = 1.0  # of the wheels

    def pose(self, t: float) -> Array:
        """Return the (4, 4) place in the world at t seconds."""
        motion = self.actor.motion
        x, y = motion.position(t)
        c, s = math.cos(motion.yaw), math.sin(motion.yaw)
        height = self.actor.height
        if self.phases and not height:  # a walker steps off the kerb and onto it
            height = 0.0 if abs(y) < street.ROAD_HALF else street.KERB
        return np.array([[c, -s, 0, x], [s, c, 0, y], [0, 0, 1, height], [0, 0, 0, 1]])

    def phase(self, t: float) -> int:
        """Return which of the walking phases is shown; people of different tracks do not walk in step."""
        if not self.phases:
            return 0
        cycle = assets.WALK_CYCLE_FRAMES / 24
        return round(len(self.phases) * (t / cycle + 0.37 * self.actor.track)) % len(self.phases)

    def solid(self, t: float) -> Solid:
        """Return the triangles in the actor's own frame at t seconds; wheels do not turn here, they are round."""
        return self.solids[self.phase(t)]

    def extent(self) -> tuple[Array, Array]:
        """Return the lowest and highest corner, (3,) each, of all phases in the actor's own frame."""
        return (
            np.min([s.used.min(0) for s in self.solids], axis=0),
            np.max([s.used.max(0) for s in self.solids], axis=0),
        )

    def show(self, t: float) -> None:
        """Move the Blender objects to where they are at t seconds."""
        place = Matrix(self.pose(t).tolist())
        self.body.matrix_world = place
        if self.phases:
            self.body.data = self.phases[self.phase(t)]
        roll = self.actor.motion.distance(t) / self.radius
        for wheel, fitted in self.wheels:
            side = 1 if fitted[0][0] > 0 else -1  # a left wheel is a right wheel turned by half a turn
            wheel.matrix_world = place @ fitted @ Matrix.Rotation(side * roll, 4, "Y")


class Stage:
    """The built scene: static street, players and camera."""

    def __init__(self, models: Path) -> None:
        """Build the scene in an emptied Blender file from the unpacked models."""
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.scene = bpy.context.scene
        self.players = self._cast(models)
        static = [street.ground(), street.furniture(), *houses.houses(), *trees.greenery()]
        bpy.context.view_layer.update()
        self.street = solid_of([(o.data, np.array(o.matrix_world)) for o in static])
        daylight.daylight(self.scene)
        self.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        self.camera.data.sensor_width, self.camera.data.lens = 36.0, rig.FOCAL * 36.0 / rig.WIDTH
        self.camera.data.clip_start, self.camera.data.clip_end = 0.05, 500.0
        self.scene.collection.objects.link(self.camera)
        self.scene.camera = self.camera

    def _cast(self, models: Path) -> list[Player]:
        cars = {
            "coupe": (assets.COUPE_WHEELS, *assets.car(models, "130", assets.COUPE_WHEELS, 0.02)),
            "beetle": (assets.BEETLE_WHEELS, *assets.car(models, "beetle", assets.BEETLE_WHEELS, -0.07)),
        }
        props = {
            "cone": assets.prop(models, "traffic_cone", 0.025),
            "barrier": bodies.barrier(),
            "traffic_light": bodies.traffic_light(),
        }
        phases = assets.walker(models)
        players = []
        for actor in ACTORS:
            if actor.asset in cars:
                wheels, body, fitted = cars[actor.asset]
                players.append(_car(actor, wheels, body, fitted))
            elif actor.asset == "walker":
                body = _copy(bpy.data.objects.new("walker", phases[0]), actor)
                solids = [solid_of([(mesh, IDENTITY)]) for mesh in phases]
                players.append(Player(actor, body, solids, phases=phases))
            else:
                made = {"bus": bodies.bus, "truck": bodies.truck}.get(actor.asset)
                body = made(actor.paint) if made else _copy(props[actor.asset], actor)
                players.append(Player(actor, body, [solid_of([(body.data, IDENTITY)])]))
        spare = [*props.values()]
        for _, body, fitted in cars.values():
            spare += [body, fitted[0][0]]
        for o in spare:
            bpy.data.objects.remove(o)
        return players

    def show(self, frame: int) -> Array:
        """Arrange everything for a frame; return the (4, 4) pose of the LiDAR in the world."""
        t = frame / RATE
        for player in self.players:
            player.show(t)
        velo = rig.velo_to_world(*ego_pose(t))
        rect = rig.rect_to_world(velo)
        view = np.eye(4)
        view[:3, :3] = rect[:3, :3] @ np.diag([1.0, -1.0, -1.0])  # Blender's camera looks along -z, y up
        view[:3, 3] = rect[:3, :3] @ rig.IMAGE_CAMERA_IN_RECT + rect[:3, 3]
        self.camera.matrix_world = Matrix(view.tolist())
        bpy.context.view_layer.update()
        return velo


def _copy(source: Any, actor: Actor) -> Any:
    made = bpy.data.objects.new(f"{actor.asset} {actor.track}", source.data)
    bpy.context.scene.collection.objects.link(made)
    return made


def _car(actor: Actor, wheels: assets.Wheels, body: Any, fitted: list[tuple[Any, Matrix]]) -> Player:
    mine = _copy(body, actor)
    mine.data = body.data.copy()
    if actor.paint is not None:
        if actor.asset == "coupe":
            assets.repaint(mine, ("body",), actor.paint)
        else:
            assets.tint(mine, "material.002", actor.paint)
    on = [(_copy(wheel, actor), place) for wheel, place in fitted]
    meshes = [(mine.data, IDENTITY), *((wheel.data, np.array(place)) for wheel, place in fitted)]
    return Player(actor, mine, [solid_of(meshes)], on, radius=wheels.radius)
