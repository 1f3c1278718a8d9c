"""Surface materials for Cycles, and what each reflects to the LiDAR.

A material's LiDAR reflectance is kept on it as the custom property `reflectance`, 0 (nothing) to 1 (retroreflector).
"""

from __future__ import annotations

from typing import Any

import bpy

Colour = tuple[float, float, float]
DEFAULT_REFLECTANCE = 0.3


def _principled(name: str, reflectance: float) -> tuple[Any, Any, Any]:
    """Return a new material with its node tree and its Principled BSDF."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    made["reflectance"] = reflectance
    return made, made.node_tree, made.node_tree.nodes["Principled BSDF"]


def plain(
    name: str,
    colour: Colour,
    roughness: float = 0.6,
    metallic: float = 0.0,
    coat: float = 0.0,
    glow: float = 0.0,
    reflectance: float = DEFAULT_REFLECTANCE,
) -> Any:
    """Return a material of one linear RGB colour; `glow` lets it emit that colour."""
    made, _, surface = _principled(name, reflectance)
    surface.inputs["Base Color"].default_value = (*colour, 1)
    surface.inputs["Roughness"].default_value = roughness
    surface.inputs["Metallic"].default_value = metallic
    surface.inputs["Coat Weight"].default_value = coat
    surface.inputs["Emission Color"].default_value = (*colour, 1)
    surface.inputs["Emission Strength"].default_value = glow
    return made


def mottled(
    name: str,
    dark: Colour,
    light: Colour,
    scales: tuple[float, ...] = (0.35, 6.0),
    roughness: float = 0.85,
    bump: float = 0.0,
    reflectance: float = DEFAULT_REFLECTANCE,
) -> Any:
    """Return a material that wanders between two colours by noise at several scales (cycles a metre)."""
    made, tree, surface = _principled(name, reflectance)
    nodes, links = tree.nodes, tree.links
    place = nodes.new("ShaderNodeTexCoord").outputs["Object"]
    total = None
    for scale in scales:
        noise = nodes.new("ShaderNodeTexNoise")
        noise.inputs["Scale"].default_value = scale
        noise.inputs["Detail"].default_value = 2
        links.new(place, noise.inputs["Vector"])
        if total is None:
            total = noise.outputs["Fac"]
            continue
        average = nodes.new("ShaderNodeMath")
        average.operation = "MULTIPLY_ADD"
        average.inputs[1].default_value = 0.5
        halved = nodes.new("ShaderNodeMath")
        halved.operation = "MULTIPLY"
        halved.inputs[1].default_value = 0.5
        links.new(noise.outputs["Fac"], halved.inputs[0])
        links.new(total, average.inputs[0])
        links.new(halved.outputs[0], average.inputs[2])
        total = average.outputs[0]
    ramp = nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[1].position = 0.35, 0.65
    ramp.color_ramp.elements[0].color, ramp.color_ramp.elements[1].color = (*dark, 1), (*light, 1)
    links.new(total, ramp.inputs["Fac"])
    links.new(ramp.outputs["Color"], surface.inputs["Base Color"])
    surface.inputs["Roughness"].default_value = roughness
    if bump:
        node = nodes.new("ShaderNodeBump")
        node.inputs["Strength"].default_value = bump
        node.inputs["Distance"].default_value = 0.02
        links.new(total, node.inputs["Height"])
        links.new(node.outputs["Normal"], surface.inputs["Normal"])
    return made


def bricks(name: str, brick: Colour, other: Colour, mortar: Colour, size: float = 1.0, level: bool = False) -> Any:
    """Return a brick wall for faces across x or y, or paving where `level`; bricks are 24 x 7.5 cm times `size`."""
    made, tree, surface = _principled(name, DEFAULT_REFLECTANCE)
    nodes, links = tree.nodes, tree.links
    split = nodes.new("ShaderNodeSeparateXYZ")
    links.new(nodes.new("ShaderNodeTexCoord").outputs["Object"], split.inputs[0])
    join = nodes.new("ShaderNodeCombineXYZ")
    if level:
        links.new(split.outputs["X"], join.inputs["X"])
    else:  # one of x and y is constant on such a wall
        along = nodes.new("ShaderNodeMath")
        links.new(split.outputs["X"], along.inputs[0])
        links.new(split.outputs["Y"], along.inputs[1])
        links.new(along.outputs[0], join.inputs["X"])
    links.new(split.outputs["Y" if level else "Z"], join.inputs["Y"])
    texture = nodes.new("ShaderNodeTexBrick")
    for key, value in (("Color1", brick), ("Color2", other), ("Mortar", mortar)):
        texture.inputs[key].default_value = (*value, 1)
    for key, size_of in (("Scale", 1.0), ("Mortar Size", 0.012), ("Brick Width", 0.24), ("Row Height", 0.075)):
        texture.inputs[key].default_value = size_of * (size if key != "Scale" else 1.0)
    links.new(join.outputs[0], texture.inputs["Vector"])
    links.new(texture.outputs["Color"], surface.inputs["Base Color"])
    surface.inputs["Roughness"].default_value = 0.9
    return made


def glass(name: str = "glass") -> Any:
    """Return dark, glossy window glass: opaque, as a window looks from a sunny street."""
    return plain(name, (0.018, 0.024, 0.03), roughness=0.04, coat=0.3, reflectance=0.08)
