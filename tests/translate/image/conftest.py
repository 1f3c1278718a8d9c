"""What the camera's tests share: rendered signs whose text is known, the real reader, and an engine that plays back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tightrope_translate.engine import Result
from tightrope_translate.image.reader import Reader

TOOLS = Path(__file__).parents[3] / "tools"
SCENES = Path("/usr/share/doc/opencv-doc/examples/text")


class Playback:
    """Stands in for the engine: knows some texts, brackets all others."""

    KNOWN: ClassVar = {"Exit": "Ausgang", "Lost property": "Fundbüro", "NO PARKING": "PARKEN VERBOTEN"}

    def __init__(self) -> None:
        self.asked: list[str] = []

    def detect(self, text: str) -> list[tuple[str, float]]:
        german = any(letter in text for letter in "äöüßÄÖÜ")
        return [("de", 0.9), ("en", 0.1)] if german else [("en", 0.6), ("de", 0.4)]

    def translate_all(self, texts: Sequence[str], source: str = "auto", target: str = "de") -> list[Result]:
        return [self._result(text, source, target) for text in texts]

    def _result(self, text: str, source: str, target: str) -> Result:
        self.asked.append(text)
        if source == target:
            return Result(text, source, target, (), True, text)
        shown = self.KNOWN.get(text, f"[{text}]")
        return Result(shown, source, target, (), text in self.KNOWN, shown)


@pytest.fixture
def playback() -> Playback:
    return Playback()


@pytest.fixture(scope="session")
def reader() -> Reader:
    if find_spec("rapidocr") is None:
        pytest.skip("reading pictures needs rapidocr")
    return Reader.load()


@pytest.fixture(scope="session")
def render() -> Callable[..., Any]:
    """tools/render_signs.py's: render(sign, language, kind) to a picture and its truth."""
    pytest.importorskip("matplotlib")
    if str(TOOLS) not in sys.path:
        sys.path.append(str(TOOLS))
    from render_signs import render

    return render
