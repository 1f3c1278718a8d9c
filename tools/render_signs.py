"""Render photographs of signs whose text is known exactly, in English and German, whole and degraded.

    python tools/render_signs.py FOLDER [--seed 0] [--kinds clean small ...]

Writes SIGN-LANGUAGE-KIND.png and truth.jsonl: for every picture its kind, language, paragraphs, and lines with their
corners. The two languages of a sign say the same. Fonts are those that matplotlib ships (DejaVu, STIX). A board with
the text is rendered flat, laid by a homography into a made-up scene, and then the camera's harm is done to it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from sign_texts import SIGNS

from tightrope.writing import write_bytes, write_text

Picture = NDArray[np.uint8]
LANGUAGES = ("en", "de")
SCENE = (960, 1280)
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
FACES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif-Bold.ttf", "STIXGeneral.ttf", "STIXGeneralBol.ttf")
# Board and letters, RGB: a motorway, a warning, a shop, a museum, a chalk board, a notice, paper.
COLOURS = (
    ((0, 74, 153), (250, 250, 250)),
    ((250, 210, 20), (20, 20, 20)),
    ((250, 250, 248), (20, 20, 30)),
    ((120, 20, 30), (245, 235, 215)),
    ((38, 48, 44), (235, 235, 225)),
    ((0, 110, 70), (255, 255, 255)),
    ((240, 232, 210), (90, 40, 20)),
    ((225, 225, 228), (190, 20, 25)),
)


@dataclass(frozen=True)
class Rendered:
    """uint8 [h, w, 3], BGR; what it says by paragraph and by line; each line's corners [4, 2] in pixels."""

    picture: Picture
    paragraphs: tuple[str, ...]
    lines: tuple[str, ...]
    corners: NDArray[np.float32]


def render(sign: int, language: str, kind: str, seed: int = 0) -> Rendered:
    """One picture of sign number `sign`; the same arguments give the same picture."""
    rng = np.random.default_rng([seed, sign, LANGUAGES.index(language), list(KINDS).index(kind)])
    style = np.random.default_rng([seed, sign])  # one look for all pictures of a sign
    height = 9 if kind == "small" else int(rng.integers(30, 44))
    board, lines, corners = _board(SIGNS[sign][LANGUAGES.index(language)], height * 3, style)
    matrix = _placement(board.shape[:2], height, kind, rng)
    scene = _scene(rng)
    flags = cv2.INTER_AREA
    shrink = height / (height * 3)
    small = cv2.resize(board, None, fx=2 * shrink, fy=2 * shrink, interpolation=flags)
    scaled = matrix @ np.diag([board.shape[1] / small.shape[1], board.shape[0] / small.shape[0], 1.0])
    size = (SCENE[1], SCENE[0])
    mask = cv2.warpPerspective(np.full(small.shape[:2], 255, np.uint8), scaled, size, flags=cv2.INTER_LINEAR)
    laid = cv2.warpPerspective(small, scaled, size, flags=cv2.INTER_LINEAR)
    weight = mask[..., None].astype(np.float32) / 255
    picture = (scene * (1 - weight) + laid * weight).astype(np.uint8)
    corners = cv2.perspectiveTransform(corners.reshape(1, -1, 2), matrix).reshape(-1, 4, 2)
    picture, corners = KINDS[kind](picture, corners, rng)
    paragraphs = tuple(" ".join(part.split("\n")) for part in SIGNS[sign][LANGUAGES.index(language)])
    return Rendered(np.ascontiguousarray(picture), paragraphs, lines, corners)


def _board(
    paragraphs: tuple[str, ...], height: int, rng: np.random.Generator
) -> tuple[Picture, tuple[str, ...], NDArray[np.float32]]:
    """A flat board, BGR, letters `height` pixels high; its lines; their corners."""
    ground, ink = COLOURS[rng.integers(len(COLOURS))]
    face = str(FONTS / FACES[rng.integers(len(FACES))])
    centred = bool(rng.integers(2))
    rows: list[tuple[str, Any, int]] = []  # text, font, space above
    for number, paragraph in enumerate(paragraphs):
        size = height * (1.5 if number == 0 and len(paragraphs) > 1 else 1.0)
        font = ImageFont.truetype(face, round(size))
        for row, line in enumerate(paragraph.split("\n")):
            rows.append((line, font, round(size * (0.25 if row else 1.1 if number else 0))))
    widths = [font.getlength(line) for line, font, _ in rows]
    margin = height
    width = round(max(widths)) + 2 * margin
    tops, y = [], margin
    for _, font, above in rows:
        tops.append(y + above)
        y = tops[-1] + sum(font.getmetrics())
    image = Image.new("RGB", (width, y + margin), ground)
    draw = ImageDraw.Draw(image)
    rim = max(2, height // 10)
    draw.rounded_rectangle((rim, rim, width - rim, y + margin - rim), height // 2, outline=ink, width=rim)
    corners = []
    for (line, font, _), wide, top in zip(rows, widths, tops, strict=True):
        left = (width - wide) / 2 if centred else margin
        draw.text((left, top), line, font=font, fill=ink)
        a, b, c, d = draw.textbbox((left, top), line, font=font)
        corners.append([[a, b], [c, b], [c, d], [a, d]])
    board = np.asarray(image, np.uint8)[..., ::-1]
    return np.ascontiguousarray(board), tuple(line for line, *_ in rows), np.array(corners, np.float32)


def _placement(shape: tuple[int, int], height: int, kind: str, rng: np.random.Generator) -> NDArray[np.float64]:
    """The homography from board to scene: letters come out about `height` pixels high, the board fits."""
    down, across = shape
    scale = min(1 / 3, 0.9 * SCENE[0] / down, 0.9 * SCENE[1] / across)
    half = np.array([across, down]) * scale / 2
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    if kind == "tilted":
        turn = np.radians(rng.choice([-1, 1]) * rng.uniform(8, 20))
        corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    if kind == "perspective":
        near = 1 + 0.5 * rng.choice([-1, 1]) * np.array([1, -1, -1, 1])
        corners = corners * np.stack([np.full(4, 0.65), near / 1.2], 1)
    room = np.array([SCENE[1], SCENE[0]]) / 2 - np.abs(corners).max(0)
    if room.min() < 0:
        corners *= (np.array([SCENE[1], SCENE[0]]) / 2 / np.abs(corners).max(0)).min()
        room = np.maximum(0, np.array([SCENE[1], SCENE[0]]) / 2 - np.abs(corners).max(0))
    centre = np.array([SCENE[1], SCENE[0]]) / 2 + rng.uniform(-0.8, 0.8, 2) * room
    source = np.array([[0, 0], [across, 0], [across, down], [0, down]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(source, (corners + centre).astype(np.float32)), np.float64)


def _scene(rng: np.random.Generator) -> NDArray[np.float32]:
    """A blurred street: clouds of colour, some edges, grain. BGR, float32."""
    coarse = rng.uniform(40, 200, (6, 8, 3)).astype(np.float32)
    scene = cv2.resize(coarse, (SCENE[1], SCENE[0]), interpolation=cv2.INTER_CUBIC)
    for _ in range(12):
        a, b = rng.integers(0, SCENE[1], 2), rng.integers(0, SCENE[0], 2)
        colour = tuple(float(v) for v in rng.uniform(20, 230, 3))
        cv2.rectangle(scene, (int(a[0]), int(b[0])), (int(a[1]), int(b[1])), colour, int(rng.choice([2, 4, -1])))
    scene = cv2.GaussianBlur(scene, (0, 0), 2.0)
    return np.clip(scene + rng.normal(0, 3, scene.shape), 0, 255).astype(np.float32)


Harmed = tuple[Picture, NDArray[np.float32]]


def _whole(picture: Picture, corners: NDArray[np.float32], rng: np.random.Generator) -> Harmed:
    return picture, corners


def _turned(picture: Picture, corners: NDArray[np.float32], rng: np.random.Generator) -> Harmed:
    quarter = int(rng.integers(1, 4))
    height, width = picture.shape[:2]
    for _ in range(quarter):  # a quarter counter-clockwise: (x, y) -> (y, width - x)
        corners = np.stack([corners[..., 1], width - corners[..., 0]], -1)
        width, height = height, width
    return np.rot90(picture, quarter), corners


def _dim(picture: Picture, corners: NDArray[np.float32], rng: np.random.Generator) -> Harmed:
    """A thirtieth of the light, shot and read noise (a gain of 2 electrons a level, 2 levels), a vignette."""
    y, x = np.mgrid[-1 : 1 : picture.shape[0] * 1j, -1 : 1 : picture.shape[1] * 1j]
    light = picture * (rng.uniform(0.025, 0.045) * (1 - 0.3 * (x**2 + y**2) / 2))[..., None]
    noisy = rng.poisson(light * 2) / 2 + rng.normal(0, 2, light.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), corners


def _noisy(picture: Picture, corners: NDArray[np.float32], rng: np.random.Generator) -> Harmed:
    return np.clip(picture + rng.normal(0, 80, picture.shape), 0, 255).astype(np.uint8), corners


def _blurred(picture: Picture, corners: NDArray[np.float32], rng: np.random.Generator) -> Harmed:
    """The hand moved: a streak of 10 to 16 pixels."""
    length = int(rng.integers(10, 17))
    streak = np.zeros((length, length), np.float32)
    turn = rng.uniform(0, np.pi)
    reach = np.array([np.cos(turn), np.sin(turn)]) * (length - 1) / 2
    middle = (length - 1) / 2
    start, end = (tuple(round(float(v)) for v in middle + sign * reach) for sign in (-1, 1))
    cv2.line(streak, start, end, 1.0)
    return np.asarray(cv2.filter2D(picture, -1, streak / streak.sum()), np.uint8), corners


def _squeezed(picture: Picture, corners: NDArray[np.float32], rng: np.random.Generator) -> Harmed:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 5])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8), corners


def _faded(picture: Picture, corners: NDArray[np.float32], rng: np.random.Generator) -> Harmed:
    """Fog: a twentieth of the contrast is left."""
    return np.clip(170 + (picture.astype(np.float32) - 128) / 20 + rng.normal(0, 1.5, picture.shape), 0, 255).astype(
        np.uint8
    ), corners


KINDS = {
    "clean": _whole,
    "small": _whole,
    "tilted": _whole,
    "perspective": _whole,
    "turned": _turned,
    "dim": _dim,
    "noisy": _noisy,
    "blurred": _blurred,
    "jpeg": _squeezed,
    "faded": _faded,
}


def all_signs(kinds: list[str], seed: int = 0) -> Iterator[tuple[str, str, str, Rendered]]:
    """(name, language, kind, picture) of every sign in both languages."""
    for sign in range(len(SIGNS)):
        for language in LANGUAGES:
            for kind in kinds:
                yield f"{sign:02d}-{language}-{kind}", language, kind, render(sign, language, kind, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description="Render signs whose text is known.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    arguments = parser.parse_args()
    truth = []
    for name, language, kind, rendered in all_signs(arguments.kinds, arguments.seed):
        write_bytes(arguments.folder / f"{name}.png", cv2.imencode(".png", rendered.picture)[1].tobytes())
        lines = [
            {"text": text, "corners": [[round(float(v), 1) for v in corner] for corner in four]}
            for text, four in zip(rendered.lines, rendered.corners, strict=True)
        ]
        row = {"picture": f"{name}.png", "kind": kind, "language": language}
        truth.append(json.dumps({**row, "paragraphs": rendered.paragraphs, "lines": lines}, ensure_ascii=False))
    write_text(arguments.folder / "truth.jsonl", "\n".join(truth) + "\n")


if __name__ == "__main__":
    main()
