"""The proper names of a sentence, days and months among them, and whether its translation still has them.

    lost("Anna comes from Vienna on Friday.", "Anna kommt aus Wien.", "en", "de")  # ["Friday"]
    lost("I met Mr. Brown.", "Ich traf Herrn Braun.", "en", "de")                  # ["Mr. Brown"]

A name is told by its capital: in English by one that the training texts give the word inside a sentence too, in German
by a meaning that English writes with one. A word that the glossary translates to another ('Vienna', 'Friday') is
looked for in that form too; endings may differ. A title goes with the name behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from tightrope_translate.glossary import WORD, Glossary, glossary_of
from tightrope_translate.templates import CITIES, NAMES

LARGE = r"[A-ZÄÖÜ][^\W\d_]+(?:-[A-ZÄÖÜ][^\W\d_]+)*"
TITLED = {
    "en": re.compile(rf"\b(Mr|Mrs|Ms|Miss|Dr)\b\.?\s+({LARGE})"),
    "de": re.compile(rf"\b(Herrn?|Frau|Fräulein|Dr|Doktor)\b\.?\s+({LARGE})"),
}
TITLES = {
    "de": {"mr": "Herr", "mrs": "Frau", "ms": "Frau", "miss": "Frau", "dr": "Dr."},
    "en": {"herr": "Mr.", "herrn": "Mr.", "frau": "Ms.", "fräulein": "Miss", "dr": "Dr.", "doktor": "Dr."},
}
FORMS = {"Ms.": "ms|mrs|miss", "Mr.": "mr", "Dr.": "dr|doctor|doktor", "Frau": "frau|fräulein|miss"}
# Behind these a man's title is in the nominative; 'Herrn' elsewhere.
NOMINATIVE = re.compile(
    r"(?:^|[.!?:,;\"“] |\b(?:is|are|was|were|does|did|do|has|had|can|could|will|would|that|if|when|"
    r"because|and|am|i'm) )$",
    re.I,
)
POSSESSIVE = re.compile(r"(?<=\w)['’]s?$")
STEM = 5  # letters that two forms of a name have in common: 'German', 'Germans'; 'Sonntag', 'sonntags'
SHORTEST = 3
# Words that English writes with a capital and that name nothing, or nothing that a translation must name.
COMMON = frozenset(
    "mr mrs ms miss dr sir prof god gott lord herr herrn frau doktor doctor professor however christmas mom dad".split()  # noqa: SIM905
)
ALIKE = frozenset((*NAMES, *CITIES))  # in both languages
NOT_TITLED = frozenset("sie ihnen ihre ihr und oder doktor professor".split())  # noqa: SIM905


class Name(NamedTuple):
    """A proper name in a text."""

    start: int
    end: int
    written: str
    """As the translation should have it."""
    forms: tuple[str, ...]
    """Of each of its words, how a word may begin that stands for it, in small letters; divided by '|'."""


def lost(source: str, translation: str, source_language: str, target_language: str) -> list[str]:
    """The names of `source` that `translation` lacks."""
    there = translation.lower()
    return [
        source[name.start : name.end]
        for name in names(source, source_language, target_language)
        if not all(any(form in there for form in forms.split("|")) for forms in name.forms)
    ]


def names(text: str, source: str, target: str) -> Iterator[Name]:
    """The names with a title, and those that the training texts have."""
    behind_titles = list(titled(text, source, target))
    yield from behind_titles
    taken = {place for name in behind_titles for place in range(name.start, name.end)}
    glossary, back, other = glossary_of(source, target), glossary_of(target, source), places(source, target)
    for match in WORD.finditer(text):
        word = POSSESSIVE.sub("", match[0])
        if match.start() in taken or not word[0].isupper() or len(word) < SHORTEST or word.lower() in COMMON:
            continue
        if word in other or is_name(word, source, glossary, back):
            meaning = other.get(word) or (word if word in ALIKE else glossary.direct(word) or word)
            same = word not in other and back.written(word) == word
            forms = dict.fromkeys(stem(form) for form in (meaning, word))
            yield Name(match.start(), match.start() + len(word), word if same else meaning, ("|".join(forms),))


def is_name(word: str, language: str, glossary: Glossary, back: Glossary) -> bool:
    """Whether a word with a capital is a proper name."""
    meaning = glossary.direct(word) or ""
    if word in CITIES or (
        word in NAMES and meaning.lower() in ("", word.lower()) and glossary.written(word) != word.lower()
    ):
        return True
    if language == "en":
        return glossary.written(word) == word
    return (len(meaning) > 1 and meaning[0].isupper()) or (not meaning and back.written(word) == word)


@cache
def places(source: str, target: str) -> dict[str, str]:
    """Cities and countries whose names differ."""
    text = (files(__package__) / "tables" / "places.tsv").read_text(encoding="utf-8")
    pairs = [line.split("\t") for line in text.splitlines()]
    return {pair[source == "de"]: pair[target == "de"] for pair in pairs} if source != target else {}


def stem(word: str) -> str:
    """What other forms of a name begin with too."""
    return word.lower()[: max(STEM, len(word) // 2)]


def titled(text: str, source: str, target: str) -> Iterator[Name]:
    """The names behind a title, with it."""
    for match in TITLED[source].finditer(text):
        if match[2].lower() in NOT_TITLED:
            continue
        title = TITLES[target][match[1].lower()]
        if title == "Herr" and not NOMINATIVE.search(text[: match.start()]):
            title = "Herrn"
        yield Name(*match.span(), f"{title} {match[2]}", (FORMS.get(title, "herr"), match[2].lower()))
