"""The letters of translations: DejaVu Sans Condensed, cut down to what European languages need (see fonts/LICENSE)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

_FOLDER = Path(__file__).parent / "fonts"
LEADING = 1.16
"""Distance of two lines, in sizes of the font."""


@lru_cache(maxsize=64)
def font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    """The regular or the bold font; `size` is that of the em square in pixels."""
    return ImageFont.truetype(str(_FOLDER / f"DejaVuSansCondensed{'-Bold' if bold else ''}.ttf"), size)


def wrapped(text: str, face: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Broken into lines of at most `width` pixels; a longer word stands on a line of its own."""
    lines: list[str] = []
    for word in text.split():
        if lines and face.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def fitted(
    text: str, width: float, height: float, largest: int, bold: bool
) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """The largest font, from `largest` down, in which the text fits into width x height pixels, and its lines."""
    low, high = 1, max(1, largest)
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(text, width, height, font(middle, bold)):
            low = middle
        else:
            high = middle - 1
    face = font(low, bold)
    return face, wrapped(text, face, width)


def _fits(text: str, width: float, height: float, face: ImageFont.FreeTypeFont) -> bool:
    lines = wrapped(text, face, width)
    return len(lines) * face.size * LEADING <= height and all(face.getlength(line) <= width for line in lines)
