"""A fair day: a clear sky with thin clouds, and the sun behind the ego car, to its right."""

from __future__ import annotations

import math
from typing import Any

import bpy
from mathutils import Vector


def daylight(scene: Any) -> None:
    """Light the scene by a clear sky with a sun behind the ego car, and some thin clouds."""
    world = bpy.data.worlds.new("sky")
    scene.world = world
    world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    background = nodes["Background"]
    sky = nodes.new("ShaderNodeTexSky")
    sky.sky_type = "NISHITA"
    sky.sun_elevation, sky.sun_rotation = math.radians(44), math.radians(-128)
    sky.sun_disc = False  # a lamp below is sampled with less noise
    sky.air_density, sky.dust_density, sky.ozone_density = 1.0, 1.6, 1.5
    noise = nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value, noise.inputs["Detail"].default_value = 2.2, 8
    stretch = nodes.new("ShaderNodeMapping")
    stretch.inputs["Scale"].default_value = (1, 1, 3.5)
    links.new(nodes.new("ShaderNodeTexCoord").outputs["Generated"], stretch.inputs["Vector"])
    links.new(stretch.outputs[0], noise.inputs["Vector"])
    cover = nodes.new("ShaderNodeMapRange")
    cover.inputs["From Min"].default_value, cover.inputs["From Max"].default_value = 0.48, 0.72
    cover.inputs["To Max"].default_value = 0.75
    links.new(noise.outputs["Fac"], cover.inputs["Value"])
    mix = nodes.new("ShaderNodeMix")
    mix.data_type, mix.blend_type = "RGBA", "MIX"
    mix.inputs[7].default_value = (7.5, 7.8, 8.2, 1)
    links.new(cover.outputs[0], mix.inputs[0])
    links.new(sky.outputs[0], mix.inputs[6])
    links.new(mix.outputs[2], background.inputs["Color"])
    background.inputs["Strength"].default_value = 0.14
    lamp = bpy.data.lights.new("sun", "SUN")
    lamp.energy, lamp.angle, lamp.color = 5.5, math.radians(0.8), (1.0, 0.93, 0.83)
    sun = bpy.data.objects.new("sun", lamp)
    azimuth, elevation = math.radians(218), math.radians(44)  # behind the ego car, to its right
    ahead = Vector(
        (math.cos(azimuth) * math.cos(elevation), math.sin(azimuth) * math.cos(elevation), math.sin(elevation))
    )
    sun.rotation_euler = ahead.to_track_quat("Z", "Y").to_euler()
    scene.collection.objects.link(sun)
