"""What is wrong with a translation, as far as it can be told without a reference.

problems("It costs 12 euros.", "Es kostet 99 Euro.", "en", "de")  # ["numbers"]
problems("I'm not ill.", "Ich bin krank.", "en", "de")            # ["negation"]
problems("Anna is in Vienna.", "Anna ist in Bern.", "en", "de")   # ["names"]
"""

from __future__ import annotations

import re

from tightrope_translate import proper, units
from tightrope_translate.negation import overturned
from tightrope_translate.numerals import agree

# A part of a word, or some words, three times in a row: '9 9 9', 'monmonmon', 'und so, und so, und so'.
REPEATED = re.compile(r"([^\W\d]{2,12}?)\1\1|(\b\w+\b(?:\W+\w+){0,4}\W+)\2\2|([^\w\s.…!?=~*#_-])\3{3}", re.I)
TALKATIVE, FEW = 3, 12  # times as long as the source, and so many characters more, is too long
TERSE, MANY = 1 / 3, 4  # so many words for each of the source are too few, for a source of so many
WORD = re.compile(r"[^\W\d_]+")


def problems(source: str, translation: str, source_language: str, target_language: str) -> list[str]:
    """Names of what is wrong; an empty list: nothing was found."""
    found = []
    if not agree(source, translation, source_language, target_language):
        found.append("numbers")
    if units.lost(source, translation, source_language, target_language):
        found.append("units")
    if proper.lost(source, translation, source_language, target_language):
        found.append("names")
    if overturned(source, translation, source_language, target_language):
        found.append("negation")
    if repeated(translation) and not repeated(source):
        found.append("repetition")
    if len(translation) > TALKATIVE * len(source) + FEW:
        found.append("length")
    words = len(WORD.findall(source))
    if not translation.strip() or (words >= MANY and len(WORD.findall(translation)) < TERSE * words):
        found.append("content")
    return found


def repeated(text: str) -> bool:
    """Whether a part of a word, or some words, come three times in a row."""
    return REPEATED.search(text) is not None
