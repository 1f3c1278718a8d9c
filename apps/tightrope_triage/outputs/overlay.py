"""A reading drawn for the eye: the picture, what places raised the score, and what was said, burnt in.

>>> picture = render(displayed, reading)                                          # doctest: +SKIP

The words stand in bands above and below the picture, so that they hide nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tightrope_triage.reading import NOTICE, Reading, State

Picture = NDArray[np.uint8]

LONG_SIDE = 1024
# JPEG 2000 is decoded no further: of a detector of 2000 pixels half is 1000, and nobody sees those 24 less.
SEEN_PIXELS = 960
WIDTH_MIN = 480
# Letters grow with the picture, for it is shrunk to a handheld's screen.
_WIDTH_OF_SCALE_1 = 640
# A map that peaks below this many log-odds is drawn faint, not stretched to full colour.
FULL_COLOUR_MIN = 0.5
_OPACITY = 0.55
_COLOURS = cv2.COLORMAP_INFERNO
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_WHITE = (235, 235, 235)
_STATE_COLOUR = {State.PRIORITY: (255, 150, 60), State.CANNOT_JUDGE: (255, 225, 90), State.ROUTINE: (170, 205, 235)}


@dataclass(frozen=True)
class _Line:
    text: str
    scale: float = 0.5
    colour: tuple[int, int, int] = _WHITE


def render(displayed: Picture, reading: Reading) -> Picture:
    """The picture uint8 [H, W, 3], RGB, of `displayed`, uint8 [h, w] as it is seen; its own long side at most 1024."""
    grey = _fitted(displayed)
    picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    legend = []
    if reading.heat is not None:
        picture, full = _blend(picture, reading.heat)
        legend = [_legend(max(WIDTH_MIN, grey.shape[1]), full)]
    picture = _centred(picture)
    width = picture.shape[1]
    return np.vstack([_band(_headline(reading), width), picture, *legend, _band(_small_print(reading), width)])


def _fitted(displayed: Picture) -> Picture:
    """Shrunk to LONG_SIDE, or grown by a whole factor so that a tiny picture is seen at all."""
    height, width = displayed.shape
    scale = LONG_SIDE / max(height, width)
    scale = scale if scale < 1 else float(int(scale))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(displayed, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR))


def _centred(picture: Picture) -> Picture:
    """With black at both sides, where the picture is too narrow for the words."""
    spare = max(0, WIDTH_MIN - picture.shape[1])
    return np.pad(picture, ((0, 0), (spare // 2, spare - spare // 2), (0, 0)))


def _blend(picture: Picture, heat: NDArray[np.float32]) -> tuple[Picture, float]:
    """The positive shares over the picture, more opaque the larger; and the share that has full colour."""
    heat = np.nan_to_num(heat, nan=0.0, posinf=0.0, neginf=0.0)
    full = max(float(heat.max(initial=0.0)), FULL_COLOUR_MIN)
    size = (picture.shape[1], picture.shape[0])
    shares = cv2.resize(heat / full, size, interpolation=cv2.INTER_CUBIC).clip(0, 1)
    opacity = _OPACITY * np.minimum(1, 2 * shares)
    return np.asarray(cv2.blendLinear(picture, _coloured(shares), 1 - opacity, opacity), np.uint8), full


def _coloured(shares: NDArray[np.float32]) -> Picture:
    """RGB of shares 0..1."""
    bgr = cv2.applyColorMap((shares * 255).astype(np.uint8), _COLOURS)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


def _legend(width: int, full: float) -> Picture:
    """A bar of the colours between its two ends' values."""
    ramp = np.linspace(0, 1, width // 3, dtype=np.float32)[None].repeat(14, 0)
    band = _band([_Line(f"Raised the log-odds by 0 to {full:.2f}:", 0.45)], width)
    top, left = (band.shape[0] - 14) // 2, width - ramp.shape[1] - 10
    band[top : top + 14, left : left + ramp.shape[1]] = _coloured(ramp)
    return band


def _headline(reading: Reading) -> list[_Line]:
    lines = [_Line(reading.state.value, 0.9, _STATE_COLOUR[reading.state])]
    if reading.probability is not None:
        threshold = f"read first from {reading.point.probability:.3f} on"
        lines.append(_Line(f"Calibrated probability {reading.probability:.3f}; {threshold}"))
    return lines + [_Line(reason) for reason in reading.reasons]


def _small_print(reading: Reading) -> list[_Line]:
    point, algorithm = reading.point, reading.algorithm
    return [
        _Line(
            f"Operating point {point.name}: sensitivity {_percent(point.sensitivity)}, "
            f"specificity {_percent(point.specificity)}",
            0.45,
        ),
        _Line(f"Tightrope {algorithm.name} {algorithm.version}, model {algorithm.digest[:12]}", 0.45),
        _Line(NOTICE, 0.55, (255, 225, 90)),
    ]


def _percent(rate: tuple[float, float, float]) -> str:
    value, low, high = (100 * share for share in rate)
    return f"{value:.0f}% ({low:.0f}-{high:.0f}%)"


def _band(lines: list[_Line], width: int) -> Picture:
    """Black, with the lines on it, wrapped to the width."""
    zoom = max(1.0, width / _WIDTH_OF_SCALE_1)
    zoomed = [replace(line, scale=line.scale * zoom) for line in lines]
    rows = [replace(line, text=row) for line in zoomed for row in _wrapped(line, width - 20)]
    heights = [round(40 * row.scale) for row in rows]
    band = np.zeros((sum(heights) + 10, width, 3), np.uint8)
    bottom = 0
    for row, height in zip(rows, heights, strict=True):
        bottom += height
        cv2.putText(band, row.text, (10, bottom - 2), _FONT, row.scale, row.colour, 1 + (row.scale > 0.8), cv2.LINE_AA)
    return band


def _wrapped(line: _Line, width: int) -> list[str]:
    """The text in rows that fit. OpenCV's strokes know ASCII only: what else there is shows as '?'."""
    rows = [""]
    for word in line.text.encode("ascii", "replace").decode().split():
        longer = f"{rows[-1]} {word}".strip()
        if rows[-1] and cv2.getTextSize(longer, _FONT, line.scale, 1)[0][0] > width:
            rows.append(word)
        else:
            rows[-1] = longer
    return rows
