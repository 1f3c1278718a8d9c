"""Whether the words of a translation are words at all: a small network that does not know one makes one up.

    invented("He isn't breathing.", "Er atmelt nicht.", "en", "de")          # ["atmelt"]
    invented("Is there a milkman?", "Gibt es einen Milchmann?", "en", "de")  # []: 'Milch' and 'Mann' are known

Known are all words of the training texts (tools/fit_words.py), what is made of two of them, other endings of them, and
names of the source.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"[^\W\d_]+")
LONGEST = 60  # letters
REMEMBERED = 4096  # words
FIRST_PART, LAST_PART = 3, 4  # letters of the parts of a compound, at least
LINKS = {"de": ("", "s", "es", "n", "en", "e", "er"), "en": ("",)}
ENDINGS = {
    "de": ("", "e", "en", "er", "es", "em", "n", "s", "t", "st", "et", "te", "ten", "end", "ende", "enden"),
    "en": ("", "s", "es", "ed", "d", "ing", "ly", "er", "est", "e", "y"),
}
SHORTEST_STEM = 4


def invented(source: str, translation: str, source_language: str, language: str) -> list[str]:
    """The words of a translation into `language` that are none, or that it has left in the other language."""
    copied = {
        word.lower() for word in WORD.findall(source) if not word.islower() or not is_known(word, source_language)
    }
    copied |= {f"{word}s" for word in copied}
    words = dict.fromkeys(WORD.findall(translation))
    return [word for word in words if len(word) > 1 and word.lower() not in copied and not is_word(word, language)]


@lru_cache(REMEMBERED)
def is_word(word: str, language: str) -> bool:
    """Whether a word, its parts or another form of it stand in the training texts."""
    word = word.lower()
    if len(word) > LONGEST or is_known(word, language):
        return True
    if word.endswith("s") and is_known(word[:-1], language):
        return True
    return is_form(word, language) or is_compound(word, language)


def is_form(word: str, language: str) -> bool:
    """Whether it differs from a known word in its ending only."""
    endings = ENDINGS[language]
    stems = {word.removesuffix(ending) for ending in endings if word.endswith(ending)}
    return any(is_known(stem + ending, language) for stem in stems if len(stem) >= SHORTEST_STEM for ending in endings)


def is_compound(word: str, language: str) -> bool:
    """Whether it is made of two known words."""
    return any(
        is_known(word[middle:], language) and is_known(word[:middle].removesuffix(link), language)
        for middle in range(FIRST_PART, len(word) - LAST_PART + 1)
        for link in LINKS[language]
        if word[:middle].endswith(link) and middle - len(link) >= FIRST_PART
    )


def checksum(word: str) -> int:
    """What stands for a word in the list."""
    return crc32(word.lower().encode())


def is_known(word: str, language: str) -> bool:
    """Whether it stands in the training texts as it is."""
    known, wanted = known_words(language), checksum(word)
    place = int(np.searchsorted(known, wanted))
    return place < len(known) and int(known[place]) == wanted


@cache
def known_words(language: str) -> NDArray[np.uint32]:
    """Checksums of all words, rising."""
    with (files(__package__) / "tables" / f"known.{language}.npy").open("rb") as file:
        words: NDArray[np.uint32] = np.load(file)
    return words
