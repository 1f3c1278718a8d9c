"""Spans that are not translated but carried over: addresses, tags, placeholders, and numbers that must stay right.

    covered = cover("Send {name} €12.50 by 7:45.", "en", "de")
    covered.text                     # "Send ⟦1⟧ €⟦5⟧ by ⟦6⟧.": this is what the network reads
    covered.uncover("Schicken Sie ⟦1⟧ bis ⟦6⟧ Uhr ⟦5⟧ €.")  # "Schicken Sie {name} bis 7:45 Uhr 12,50 €."

The network has learned to write each slot once, where it belongs. Where it loses one or writes it twice, `uncover`
returns None: the caller translates the plain text instead, or says that it is not sure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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
# Amounts of two characters or more, times, years, room numbers; a single digit may change with the grammar around it.
NUMBER = re.compile(r"(?<![\w⟦])\d[\d.,:]*\d(?![\w⟧])")
SWAP = str.maketrans(".,", ",.")


@dataclass(frozen=True)
class Covered:
    """A text whose spans are hidden behind slots."""

    text: str
    spans: dict[str, str]
    """What stands behind each slot, as the language to write has it."""

    def uncover(self, translation: str) -> str | None:
        """Put every span back; None where the slots of `translation` are not exactly those of the text."""
        found = [slot for slot in SLOTS for _ in range(translation.count(slot))]
        if found != sorted(self.spans, key=SLOTS.index):
            return None
        return re.sub("|".join(SLOTS), lambda match: self.spans[match[0]], translation)


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
    text = NUMBER.sub(lambda match: hide(match, NUMBER_SLOTS, converted(match[0], source, target)), text)
    return Covered(text, spans)


def converted(number: str, source: str, target: str) -> str:
    """'12,500.75' as English writes it, '12.500,75' as German does; dates, times and versions stay as they are.

    A lone separator is a decimal or thousands mark by what the source language uses it for.
    """
    plain = re.fullmatch(
        r"\d{1,3}(?:,\d{3})*(?:\.\d+)?|\d+\.\d+" if source == "en" else r"\d{1,3}(?:\.\d{3})*(?:,\d+)?|\d+,\d+", number
    )
    return number.translate(SWAP) if plain and source != target else number
