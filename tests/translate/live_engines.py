"""Engines for the tests of live typing and of the server: they translate by rule, and count."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tightrope_translate.segments import split


@dataclass(frozen=True)
class Said:
    """What an engine answers."""

    draft: str
    sure: bool = True
    source: str = "en"

    @property
    def text(self) -> str:
        return self.draft if self.sure else f"[{len(self.draft.split())} words]"


class Shouting:
    """Translates by capitals, sentence by sentence; is not sure of 'xyzzy'; `asked` has every sentence in order."""

    languages = ("en", "de")

    def __init__(self) -> None:
        self.asked: list[str] = []

    def detect(self, text: str) -> list[tuple[str, float]]:
        german = 0.95 if " ist " in f" {text} " else 0.05
        return sorted([("de", german), ("en", 1 - german)], key=lambda each: -each[1])

    def translate(self, text: str, source: str, target: str) -> Said:
        self.asked.append(text)
        return Said("".join(part.text.upper() + part.gap for part in split(text)), "xyzzy" not in text)

    def translate_all(self, texts: Sequence[str], source: str, target: str) -> list[Said]:
        return [self.translate(text, source, target) for text in texts]


class Scripted(Shouting):
    """Says what stands in a table."""

    def __init__(self, table: Mapping[str, str]) -> None:
        super().__init__()
        self.table = table

    def translate(self, text: str, source: str, target: str) -> Said:
        self.asked.append(text)
        return Said(self.table[text])


class Gated(Shouting):
    """Waits at every sentence until the test opens its gate; `entered` is set when it waits."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.entered = threading.Event(), threading.Event()

    def translate(self, text: str, source: str, target: str) -> Said:
        self.entered.set()
        assert self.gate.wait(10)
        return super().translate(text, source, target)
