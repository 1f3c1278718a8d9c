"""Objects made from scratch, as no asset of theirs has a known licence: bus, box truck, barrier, traffic light.

Like the assets: metres, x ahead, z up, lowest point at z = 0, origin at the middle of the ground below them.
"""

from __future__ import annotations

from typing import Any

import bpy

from . import materials
from .materials import Colour
from .shapes import Shape


def _tyre(shape: Shape, x: float, y: float, radius: float, rubber: Any, rim: Any) -> None:
    """Add a wheel whose outer face is at y; it reaches 28 cm inwards."""
    side = 1 if y > 0 else -1
    shape.cylinder((x, y - side * 0.28, radius), (x, y, radius), radius, rubber, sides=28)
    shape.cylinder((x, y, radius), (x, y + side * 0.012, radius), radius * 0.58, rim, sides=20)
    shape.cylinder((x, y, radius), (x, y + side * 0.05, radius), radius * 0.22, rim, sides=12)


def _common(paint: Colour) -> dict[str, Any]:
    return {
        "paint": materials.plain("bodywork", paint, roughness=0.35, coat=0.6, reflectance=0.5),
        "black": materials.plain("trim", (0.012, 0.012, 0.013), roughness=0.5, reflectance=0.1),
        "rubber": materials.plain("rubber", (0.018, 0.018, 0.018), roughness=0.85, reflectance=0.08),
        "rim": materials.plain("rim", (0.42, 0.42, 0.43), roughness=0.35, metallic=0.8, reflectance=0.5),
        "glass": materials.glass("vehicle glass"),
        "lamp": materials.plain("lamp", (0.85, 0.85, 0.8), roughness=0.1, glow=0.6, reflectance=0.8),
        "tail": materials.plain("tail lamp", (0.4, 0.01, 0.01), roughness=0.2, glow=0.5, reflectance=0.9),
        "amber": materials.plain("amber lamp", (0.7, 0.22, 0.01), roughness=0.2, reflectance=0.8),
        "plate": materials.plain("number plate", (0.75, 0.75, 0.7), roughness=0.4, reflectance=1.0),
    }


def _joined(name: str, parts: list[Any]) -> Any:
    """Join the rounded and the plain part of a body into one object."""
    with bpy.context.temp_override(active_object=parts[0], selected_editable_objects=parts, object=parts[0]):
        bpy.ops.object.join()
    parts[0].name = name
    return parts[0]


def bus(paint: Colour) -> Any:
    """Return a city bus, 10.4 m x 2.5 m x 3.0 m, its doors on the right."""
    m = _common(paint)
    roof = materials.plain("bus roof", (0.7, 0.7, 0.68), roughness=0.5)
    half, front, rear = 1.25, 5.2, -5.2
    shell = Shape()
    shell.extrude(
        (
            (rear, 0.32),
            (front - 0.1, 0.32),
            (front, 0.6),
            (front, 1.2),
            (front - 0.22, 2.75),
            (front - 0.4, 2.88),
            (rear + 0.15, 2.88),
            (rear, 2.7),
        ),
        (-half, half),
        m["paint"],
    )
    shell.box((-4.6, -0.9, 2.86), (3.9, 0.9, 3.0), roof)
    body = shell.build("bus", bevel=0.08)
    s = Shape()
    for side in (-1, 1):
        y = side * (half + 0.004)
        s.box((rear + 0.35, min(y, y + side * 0.01), 1.28), (front - 0.62, max(y, y + side * 0.01), 2.42), m["glass"])
        for k in range(8):  # pillars between the windows
            x = rear + 1.45 + 1.12 * k
            s.box((x, min(y, y + side * 0.02), 1.28), (x + 0.07, max(y, y + side * 0.02), 2.42), m["black"])
        s.box((rear + 0.1, min(y, y + side * 0.006), 0.34), (front - 0.3, max(y, y + side * 0.006), 0.56), m["black"])
        for x in (3.1, -2.9):
            arch = y + side * 0.008
            s.cylinder((x, min(y, arch), 0.5), (x, max(y, arch), 0.5), 0.6, m["black"], sides=28)
            _tyre(s, x, side * (half + 0.02), 0.48, m["rubber"], m["rim"])
        s.box((front - 0.05, side * 1.38 - 0.1, 1.75), (front + 0.1, side * 1.38 + 0.1, 2.25), m["black"])  # mirrors
    for x in (front - 1.75, -0.6):  # doors
        s.box((x, -half - 0.03, 0.4), (x + 1.15, -half, 2.42), m["glass"])
        s.box((x + 0.54, -half - 0.04, 0.4), (x + 0.61, -half, 2.42), m["black"])
    slope = 0.22 / 1.55  # of the windscreen
    screen = [(front + 0.012 - slope * (z - 1.2), y, z) for z, y in ((1.22, -1.14), (1.22, 1.14), (2.36, 1.14))]
    screen.append((screen[2][0], -1.14, 2.36))
    s.face(screen, m["glass"])
    for y0, y1, z0, z1, out, material in (
        (-1.0, 1.0, 2.42, 2.7, 0.0, "black"),
        (-0.6, 0.5, 2.47, 2.64, 0.015, "amber"),
    ):
        low, high = front - 0.16 + out, front - 0.2 + out  # the destination sign leans back with the windscreen
        s.face([(low, y0, z0), (low, y1, z0), (high, y1, z1), (high, y0, z1)], m[material])
    s.box((front - 0.1, -1.2, 0.36), (front + 0.03, 1.2, 0.56), m["black"])
    s.box((front, -0.26, 0.58), (front + 0.02, 0.26, 0.69), m["plate"])
    for side in (-1, 1):
        s.box((front - 0.02, side * 0.92 - 0.2, 0.72), (front + 0.02, side * 0.92 + 0.2, 0.92), m["lamp"])
        s.box((front - 0.02, side * 1.16 - 0.05, 0.72), (front + 0.015, side * 1.16 + 0.05, 0.92), m["amber"])
        s.box((rear - 0.02, side * 1.1 - 0.08, 0.8), (rear + 0.02, side * 1.1 + 0.08, 1.25), m["tail"])
    s.box((rear - 0.012, -1.0, 1.5), (rear, 1.0, 2.35), m["glass"])
    return _joined("bus", [body, s.build("bus fittings")])


def truck(paint: Colour) -> Any:
    """Return a box truck, 6.6 m x 2.2 m x 3.1 m."""
    m = _common(paint)
    cargo = materials.plain("cargo box", (0.62, 0.62, 0.60), roughness=0.45, reflectance=0.6)
    stripe = materials.plain("stripe", (0.03, 0.16, 0.30), roughness=0.45, reflectance=0.4)
    frame = materials.plain("frame", (0.03, 0.03, 0.03), roughness=0.7, reflectance=0.15)
    cab = Shape()
    cab.extrude(
        [(1.45, 0.5), (3.2, 0.45), (3.3, 0.75), (3.28, 1.3), (2.85, 2.15), (2.65, 2.28), (1.45, 2.28)],
        (-1.0, 1.0),
        m["paint"],
    )
    body = cab.build("truck", bevel=0.07)
    s = Shape()
    s.box((-3.3, -1.1, 0.92), (1.38, 1.1, 3.08), cargo)
    s.box((-3.32, -1.12, 0.88), (1.4, 1.12, 0.98), frame)
    s.box((-3.32, -1.12, 3.0), (1.4, 1.12, 3.1), frame)
    for side in (-1, 1):
        y = side * 1.105
        s.box((-3.2, min(y, y + side * 0.004), 1.25), (1.3, max(y, y + side * 0.004), 1.6), stripe)
        s.box((-3.34, side * 1.06 - 0.05, 0.9), (-3.28, side * 1.06 + 0.05, 3.08), frame)
        window = [(1.75, 1.35), (3.08, 1.35), (2.72, 2.12), (1.75, 2.12)]
        s.extrude(window, (min(side * 1.0, side * 1.012), max(side * 1.0, side * 1.012)), m["glass"])
        for x in (2.45, -2.0):
            _tyre(s, x, side * 1.02, 0.42, m["rubber"], m["rim"])
        arch = sorted((side * 1.0, side * 1.01))
        s.cylinder((2.45, arch[0], 0.46), (2.45, arch[1], 0.46), 0.52, m["black"], sides=28)
        s.box((2.9, side * 1.17 - 0.1, 1.45), (3.02, side * 1.17 + 0.1, 1.9), m["black"])
        s.box((3.26, side * 0.72 - 0.17, 0.78), (3.31, side * 0.72 + 0.17, 0.96), m["lamp"])
        s.box((-3.36, side * 0.9 - 0.15, 0.66), (-3.3, side * 0.9 + 0.15, 0.8), m["tail"])
    s.box((-3.2, -0.5, 0.55), (3.0, 0.5, 0.85), frame)
    s.box((-3.34, -1.05, 0.5), (-3.26, 1.05, 0.62), frame)
    s.box((-3.352, -0.26, 0.66), (-3.34, 0.26, 0.78), m["plate"])
    s.box((-3.345, -0.012, 1.0), (-3.3, 0.012, 3.0), frame)  # the gap between the rear doors
    s.face([(3.295, -0.9, 1.34), (3.295, 0.9, 1.34), (2.9, 0.86, 2.12), (2.9, -0.86, 2.12)], m["glass"])
    s.box((3.2, -1.0, 0.42), (3.36, 1.0, 0.66), frame)
    s.box((3.29, -0.6, 0.8), (3.315, 0.6, 1.15), m["black"])
    return _joined("truck", [body, s.build("truck fittings")])


def barrier() -> Any:
    """Return a road works barrier across x, 1.5 m wide and 1.15 m high: three striped boards on two posts."""
    white = materials.plain("barrier white", (0.75, 0.74, 0.72), roughness=0.45, reflectance=0.9)
    red = materials.plain("barrier red", (0.62, 0.035, 0.015), roughness=0.45, reflectance=0.7)
    grey = materials.plain("barrier post", (0.2, 0.2, 0.2), roughness=0.6, reflectance=0.2)
    amber = materials.plain("barrier lamp", (0.75, 0.25, 0.01), roughness=0.2, glow=0.4, reflectance=0.8)
    s = Shape()
    for y in (-0.55, 0.55):
        s.box((-0.35, y - 0.06, 0.0), (0.35, y + 0.06, 0.06), grey)
        s.box((-0.02, y - 0.025, 0.06), (0.02, y + 0.025, 1.0), grey)
        s.cylinder((0, y, 1.0), (0, y, 1.15), 0.06, amber)
    for low, high in ((0.22, 0.4), (0.5, 0.68), (0.78, 0.98)):
        s.box((-0.045, -0.75, low), (-0.02, 0.75, high), white)
        slant = (high - low) * 0.9
        for k in range(5):
            y = -0.72 + 0.3 * k
            stripe = [
                (-0.047, y, low),
                (-0.047, y + 0.13, low),
                (-0.047, y + 0.13 + slant, high),
                (-0.047, y + slant, high),
            ]
            s.face([(x, min(v, 0.75), z) for x, v, z in stripe], red)
    return s.build("barrier")


def traffic_light() -> Any:
    """Return a signal head showing red, 0.95 m high, that looks along +x; without a pole."""
    case = materials.plain("signal case", (0.012, 0.014, 0.013), roughness=0.5, reflectance=0.1)
    red = materials.plain("red light", (1.0, 0.03, 0.015), glow=2.2, reflectance=0.3)
    dark = [
        materials.plain("amber off", (0.10, 0.05, 0.008), roughness=0.2, reflectance=0.3),
        materials.plain("green off", (0.008, 0.06, 0.03), roughness=0.2, reflectance=0.3),
    ]
    s = Shape()
    s.box((-0.12, -0.16, 0.0), (0.08, 0.16, 0.95), case)
    for z, lens in zip((0.78, 0.475, 0.17), (red, *dark), strict=True):
        s.cylinder((0.08, 0, z), (0.095, 0, z), 0.115, lens, sides=20)
        s.cylinder((0.08, 0, z), (0.12, 0, z), 0.135, case, sides=20, caps=False)
        s.box((0.08, -0.14, z + 0.118), (0.24, 0.14, z + 0.132), case)  # the visor
    return s.build("traffic light")
