"""How a sentence is put to the network: in the capitals and with the clock that it knows, and how its answer goes back.

    form = Form.of("NICHT RAUCHEN!", "de", "en")
    form.text                         # "Nicht rauchen!"
    form.restored("No smoking!")      # "NO SMOKING!"
    Form.of("It's 5:30 p.m.", "en", "de").text  # "It's 17:30.": German counts the hours to 24

A network that reads capitals as other words than small letters translates a sign letter by letter; so what is all
capitals, Title Case or has none at all is first written as a sentence, with the capitals of the training texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from tightrope_translate.glossary import WORD, Glossary, glossary_of

AFTERNOON = re.compile(
    r"(?<![\d.,:])(1[0-2]|0?[1-9])(?:[:.]([0-5]\d))?\s?(?:([ap])\.\s?m\.|([ap])m\b)(?P<last>(?=\s*$))?", re.I
)
# The first hour of '5 to 7 p.m.'; 'at 5 to 7 p.m.' is five minutes to seven.
FROM = re.compile(
    r"(?<!\bat )(?<!\bit's )(?<!\bit is )(?<![\d.,:])(1[0-2]|0?[1-9])(?:[:.]([0-5]\d))?"
    r"(\s?[-–]\s?|\s(?:to|and|until|till)\s)"
    r"(?=(1[0-2]|0?[1-9])(?:[:.][0-5]\d)?\s?(?:([ap])\.\s?m\.|([ap])m\b))",
    re.I,
)
UHR = re.compile(r"(?<![\d.,:])(1\d|2[0-4]|\d)\s+Uhr(?:\s+([0-5]\d)(?![\d:]|[.,]\d))?")


class Capitals(Enum):
    """How the letters of a sentence are written."""

    SENTENCE = "as sentences are"
    ALL = "ALL OF THEM"
    TITLE = "Every Word"
    NONE = "none at all"


@dataclass(frozen=True)
class Form:
    """A sentence as the network is to read it."""

    text: str
    capitals: Capitals

    @classmethod
    def of(cls, text: str, source: str, target: str) -> Form:
        """Rewrite a sentence in the language `source`."""
        glossary = glossary_of(source, target)
        capitals = capitals_of(text, glossary)
        if capitals is not Capitals.SENTENCE:
            text = recased(text, glossary, capitals)
        text = AFTERNOON.sub(hours, FROM.sub(from_hour, text)) if target == "de" else UHR.sub(o_clock, text)
        return cls(text, capitals)

    def restored(self, translation: str) -> str:
        """The translation in the capitals of the source; only those of a sign are worth keeping."""
        return translation.upper() if self.capitals is Capitals.ALL else translation


def capitals_of(text: str, glossary: Glossary) -> Capitals:
    """What is done with capitals in `text`; an abbreviation such as 'WC' is no word in capitals."""
    words = WORD.findall(text)
    letters = "".join(words)
    if not letters:
        return Capitals.SENTENCE
    if letters.upper() == letters:
        known = any((written := glossary.written(word)) and written != word for word in words if len(word) > 1)
        return Capitals.ALL if known or len(letters) > 4 else Capitals.SENTENCE
    if letters.lower() == letters:
        return Capitals.NONE
    large = [word for word in words[1:] if word[0].isupper()]
    odd = [word for word in large if (glossary.written(word) or word)[0].islower()]
    return Capitals.TITLE if len(odd) >= 2 and 2 * len(large) > len(words) - 1 else Capitals.SENTENCE


def recased(text: str, glossary: Glossary, capitals: Capitals) -> str:
    """`text` written as a sentence. Unknown words in capitals are names, or German nouns; small ones stay small."""

    def write(match: re.Match[str]) -> str:
        word = match[0]
        known = glossary.written(word)
        if known is not None:
            return known
        return word if capitals is Capitals.NONE else word[:1] + word[1:].lower()

    return first_large(WORD.sub(write, text))


def first_large(text: str) -> str:
    """The first letter as a capital."""
    first = re.search(r"[^\W\d_]", text)
    return text if first is None else text[: first.start()] + first[0].upper() + text[first.end() :]


def hours(match: re.Match[str]) -> str:
    """'5:30 p.m.' -> '17:30', '12 a.m.' -> '0:00'; the point that ended the sentence too stays."""
    hour = int(match[1]) % 12 + (12 if (match[3] or match[4]) in "pP" else 0)
    stop = "." if match["last"] is not None and match[0].endswith(".") else ""
    return f"{hour}:{match[2] or '00'}{stop}"


def from_hour(match: re.Match[str]) -> str:
    """'5 to 7 p.m.' begins at 17:00, '11 to 1 p.m.' at 11:00: in the other half of the day where it would be later."""
    first, last = int(match[1]) % 12, int(match[4]) % 12
    afternoon = ((match[5] or match[6]) in "pP") != (first > last)
    return f"{first + 12 * afternoon}:{match[2] or '00'}{match[3]}"


def o_clock(match: re.Match[str]) -> str:
    """'17 Uhr' -> '17:00 Uhr', '8 Uhr 30' -> '8:30 Uhr'; '7 Uhr' stays: seven o'clock."""
    if match[2] is None and int(match[1]) <= 12:
        return match[0]
    return f"{match[1]}:{match[2] or '00'} Uhr"
