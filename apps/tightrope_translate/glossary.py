"""Single words and what they mean: what is shown where a translation is not to be trusted, and how a word is written.

    glossary = glossary_of("de", "en")
    glossary.meaning("Bahnhof")           # "station"
    glossary.meaning("Hotelschlüssel")    # "hotel key": compounds are taken apart
    glossary.known("Der Bahnhof ist zu")  # (("Der", "the"), ("Bahnhof", "station"), ("ist", "is"), ("zu", "to"))
    glossary.gloss("Wo ist Müllers Hof?") # "where · is · Müllers · farm"
    glossary.written("BAHNHOF")           # "Bahnhof"

The tables are made from the training sentences alone (tools/fit_glossary.py): a word's meaning is the word that stands
in its translations far more often than chance would have it. A word without such a one is listed with none.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from tightrope_translate.slots import TEXT

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
TOKEN = re.compile(rf"{TEXT.pattern} | {WORD.pattern} | \d[\d.,:]*\d | \d", re.VERBOSE)
CONTRACTION = re.compile(r"\b(ca(?=n['’]t)|wo(?=n['’]t)|[^\W\d_]+?)(n['’]t|['’](?:m|re|ve|ll|d|s))\b", re.I)
SPELLED = {"n't": "not", "'m": "am", "'re": "are", "'ve": "have", "'ll": "will", "'d": "would", "'s": ""}
WHOLE = {"ca": "can", "wo": "will"}
SHORTEST_PART = 3  # letters of a part of a compound
LINKS = ("", "s", "es", "n", "en", "e", "er")  # what stands between the parts of a German compound
LONGEST_WORD = 60  # letters; longer ones are no words


def expanded(text: str) -> str:
    """English contractions written out: "don't" -> "do not"; "Tom's" -> "Tom"."""
    return CONTRACTION.sub(
        lambda m: f"{WHOLE.get(m[1].lower(), m[1])} {SPELLED[m[2].lower().replace('’', chr(39))]}".rstrip(), text
    )


class Glossary:
    """`meanings`: words as they are written inside a sentence, each with its translation or with an empty one."""

    def __init__(self, meanings: dict[str, str]) -> None:
        self._meanings = {word.lower(): meaning for word, meaning in meanings.items()}
        self._written = {word.lower(): word for word in meanings}

    def __len__(self) -> int:
        return len(self._meanings)

    def written(self, word: str) -> str | None:
        """The word in the capitals that it has inside a sentence; None: it is not known."""
        return self._written.get(word.lower())

    def direct(self, word: str) -> str | None:
        """The translation of a word that the table itself has."""
        return self._meanings.get(word.lower()) or None

    def meaning(self, word: str) -> str | None:
        """The translation of a word, or of the parts of a compound; None: it is not known."""
        word = word.lower()
        if len(word) > LONGEST_WORD:
            return None
        return self.direct(word) or self._compound(word)

    def known(self, text: str) -> tuple[tuple[str, str], ...]:
        """The words of `text` whose translation is known, in order, each once."""
        words = dict.fromkeys(WORD.findall(expanded(text)))
        return tuple((word, meaning) for word in words if (meaning := self.meaning(word)) is not None)

    def alone(self, text: str) -> str | None:
        """The translation of a text that is one known word, with its capital and what stands around it; else None."""
        words = list(WORD.finditer(text))
        meaning = self.meaning(words[0][0]) if len(words) == 1 else None
        if meaning is None:
            return None
        written = meaning[0].upper() + meaning[1:] if words[0][0][0].isupper() else meaning
        return text[: words[0].start()] + written + text[words[0].end() :]

    def gloss(self, text: str) -> str:
        """`text` word by word: translated where it is known, else as it stands, as do numbers and addresses."""
        return " · ".join(self.meaning(word[0]) or word[0] for word in TOKEN.finditer(expanded(text)))

    def _compound(self, word: str) -> str | None:
        """The meanings of two parts: the longest known end, and a known beginning."""
        for middle in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
            last = self._meanings.get(word[middle:])
            if not last:
                continue
            for link in LINKS:
                stem = word[:middle].removesuffix(link)
                first = self._meanings.get(stem) if len(stem) >= SHORTEST_PART else None
                if first:
                    return f"{first} {last}"
        return None


@cache
def glossary_of(source: str, target: str) -> Glossary:
    """The words of one direction."""
    text = (files(__package__) / "tables" / f"words.{source}-{target}.tsv").read_text(encoding="utf-8")
    return Glossary(dict(line.split("\t") for line in text.splitlines()))
