"""Spans that are not translated but carried over: addresses, tags, placeholders, and numbers that must stay right.

    covered = cover("Send {name} €12.50 by 7:45.", "en", "de")
    covered.text                     # "Send ⟦1⟧ ⟦5⟧ by ⟦6⟧.": this is what the network reads
    covered.uncover("Schicken Sie ⟦1⟧ bis ⟦6⟧ Uhr ⟦5⟧.")  # "Schicken Sie {name} bis 7:45 Uhr 12,50 €."

The network has learned to write each slot once, where it belongs. Where it loses one or writes it twice, `uncover`
returns None: the caller translates the plain text instead, or says that it is not sure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tightrope_translate.templates import MONTHS
from tightrope_translate.vocabulary import NUMBER_SLOTS, SLOTS, TEXT_SLOTS

# Longest first: an address before the placeholder or tag inside it.
TEXT = re.compile(
    r"""
    https?://[^\s<>"]*[\w/] | www\.[^\s<>"]*[\w/]      # web addresses
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+                     # e-mail addresses
    | </?[a-zA-Z][^<>]{0,200}>                         # tags of HTML
    | \{\{?[^{}\s]{0,40}\}?\}                          # {name}, {{name}}
    | %(?:\(\w+\)|\d\$)?[sdif](?!\w) | \$\{\w+\}       # %s, %(name)s, %1$s, ${name}
    | `[^`]{1,200}`                                    # code
    """,
    re.VERBOSE,
)
# 'Call +49 30 1234567 or 0171/234567': not an amount, but digits in groups.
PHONE = re.compile(r"(?<![\w+])(?:\+\d{1,3}|\(?0\d{1,5}\)?)(?:[ /-]\(?\d{1,}\)?)+(?!\w)")
# Amounts of two characters or more, times, years, room numbers; a single digit may change with the grammar around it.
NUMBER = re.compile(r"(?<![\w⟦])\d[\d.,:]*\d(?![\w⟧])")
# A day of a year: its parts trade places.
DATE = {
    "en": re.compile(r"\b([A-Z][a-z]{2,8}) (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b"),
    "de": re.compile(r"\b(\d{1,2})\. ([A-ZJä-ü][a-zä]{2,8}) (\d{4})\b"),
}
# Money and symbols of units belong to their number: '€15.99' is '15,99 €'.
MONEY = re.compile(
    r"([€$£])\s?(\d[\d.,]*\d|\d)(?![\w⟧]|[.,]\d)(?! (?:million|billion|thousand))"
    r"|(?<![\w⟦])(\d[\d.,]*\d|\d)\s?([€$£])(?!\w)"
)
MEASURE = re.compile(
    r"(?<![\w⟦])(\d[\d.,]*\d|\d)\s?(km/h|km|cm|mm|m²|kg|mg|g|ml|m|l|kB|MB|GB|TB|kWh|kW|°C|°F)(?![\w⟧²])"
)
# Figures with points that are no decimals.
ADDRESS = re.compile(r"(?:(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])(?:\.(?!$)|$)){4}")
VERSION = re.compile(
    r"\b(?:version|v|release|python|windows|android|ios|chapter|section|kapitel|abschnitt)\.?\s?$", re.I
)
AT, CLOCK = re.compile(r"\bat\s$", re.I), re.compile(r"\d{1,2}\.[0-5]\d")
THEN = re.compile(r"\s*(?:$|[.,!?;)]|(?:on|in the|sharp|today|tonight|tomorrow|this|every)\b)", re.I)
# A slot that has run into a word; only an ending may stand so.
GLUED = re.compile(r"[^\W_]⟦|⟧(?!s\b|(?:st|nd|rd|th|er|jährig\w*|mal|km|kg|cm|m)\b)[^\W_]|⟧⟦")
SWAP = str.maketrans(".,", ",.")


@dataclass(frozen=True)
class Covered:
    """A text whose spans are hidden behind slots."""

    text: str
    spans: dict[str, str]
    """What stands behind each slot, or behind a name that stands in for another, as the language to write has it."""

    def uncover(self, translation: str) -> str | None:
        """Put every span back; None where the slots of `translation` are not exactly those of the text."""
        keys = re.compile("|".join([*SLOTS, *(rf"\b{name}(?=s?\b)" for name in self.spans if name not in SLOTS)]))
        if sorted(keys.findall(translation)) != sorted(self.spans):
            return None
        if GLUED.search(translation) and not GLUED.search(self.text):
            return None
        return keys.sub(lambda match: self.spans[match[0]], translation)


def cover(text: str, source: str, target: str) -> Covered:
    """Hide what is not translated; more spans than there are slots stay as they are, and so does a text with slots."""
    if any(slot in text for slot in SLOTS):
        return Covered(text, {slot: slot for slot in SLOTS if slot in text})
    spans: dict[str, str] = {}

    def hide(match: re.Match[str], slots: tuple[str, ...], written: str) -> str:
        slot = next((slot for slot in slots if slot not in spans), None)
        if slot is None:
            return match[0]
        spans[slot] = written
        return slot

    text = TEXT.sub(lambda match: hide(match, TEXT_SLOTS, match[0]), text)
    text = DATE[source].sub(lambda match: hide(match, NUMBER_SLOTS, date(match, source, target)), text)
    text = PHONE.sub(lambda match: hide(match, NUMBER_SLOTS, match[0]), text)
    text = MONEY.sub(lambda match: hide(match, NUMBER_SLOTS, money(match, source, target)), text)
    text = MEASURE.sub(lambda match: hide(match, NUMBER_SLOTS, measure(match, source, target)), text)
    text = NUMBER.sub(lambda match: hide(match, NUMBER_SLOTS, figure(match, source, target)), text)
    return Covered(text, spans)


def figure(match: re.Match[str], source: str, target: str) -> str:
    """A number as the language to write has it; the point of a version, or of the clock ('at 7.30'), is none of it."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    clock = AT.search(before) and CLOCK.fullmatch(match[0]) and THEN.match(after)
    return match[0] if clock or VERSION.search(before) else converted(match[0], source, target)


def converted(number: str, source: str, target: str) -> str:
    """'12,500.75' as English writes it, '12.500,75' as German does; dates, times and network addresses stay.

    A lone separator is a decimal or thousands mark by what the source language uses it for.
    """
    if ADDRESS.fullmatch(number):
        return number
    plain = re.fullmatch(
        r"\d{1,3}(?:,\d{3})*(?:\.\d+)?|\d+\.\d+" if source == "en" else r"\d{1,3}(?:\.\d{3})*(?:,\d+)?|\d+,\d+", number
    )
    return number.translate(SWAP) if plain and source != target else number


def measure(match: re.Match[str], source: str, target: str) -> str:
    """'1.85m' or '1,85 m', as the language to write has it."""
    return match[0] if source == target else f"{converted(match[1], source, target)} {match[2]}"


def money(match: re.Match[str], source: str, target: str) -> str:
    """'€15.99' or '15,99 €', as the language to write has it."""
    if source == target:
        return match[0]
    sign, number = match[1] or match[4], converted(match[2] or match[3], source, target)
    return f"{sign}{number}" if target == "en" else f"{number} {sign}"


def date(match: re.Match[str], source: str, target: str) -> str:
    """'March 5, 2024' or '5. März 2024', as the language to write has it."""
    month, day = match.group(1, 2) if source == "en" else match.group(2, 1)
    names = [pair[target == "de"] for pair in MONTHS if pair[source == "de"] == month]
    if source == target or not names:
        return match[0]
    return f"{names[0]} {day}, {match[3]}" if target == "en" else f"{day}. {names[0]} {match[3]}"
