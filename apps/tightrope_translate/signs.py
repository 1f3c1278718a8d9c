"""What signs say: a phrase book of a few words each, which a network of sentences knows least about.

    signs_of("de", "en").get("NOTAUSGANG")   # "Emergency exit"

Written by hand (tables/signs.tsv). Where several English signs share a German one, the first is its translation.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files


class Signs:
    """`pairs`: what a sign says, and its translation."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._meanings: dict[str, str] = {}
        for sign, meaning in pairs:
            self._meanings.setdefault(key(sign), meaning)

    def get(self, text: str) -> str | None:
        """The translation of a sign, whatever its capitals, without the point or exclamation mark at its end."""
        return self._meanings.get(key(text)) if len(text) < 80 else None


def key(text: str) -> str:
    """What two writings of one sign have in common."""
    words = re.sub(r"[\s,]+", " ", text).strip(" .!").casefold()
    return words.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")


@cache
def signs_of(source: str, target: str) -> Signs:
    """The signs of one direction."""
    text = (files(__package__) / "tables" / "signs.tsv").read_text(encoding="utf-8")
    pairs = [(english, german) for english, german in (line.split("\t") for line in text.splitlines())]
    if source == "de":
        pairs = [(german, english) for english, german in pairs]
    return Signs(pairs)
