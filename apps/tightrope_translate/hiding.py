"""What the network is not shown: slots for addresses and numbers, for names it has never read, for emoji.

    hidden = hide("Mr. Okonkwo paid 12.50 ❤️", "en", "de")
    hidden.text                                  # "Mr. ⟦1⟧ paid ⟦5⟧ ⟦2⟧"
    hidden.uncover("Herr ⟦1⟧ hat ⟦5⟧ bezahlt ⟦2⟧")  # "Herr Okonkwo hat 12,50 bezahlt ❤️"

`slots.cover` hides what a pattern tells. A name is told by what the training texts lack: a capital inside the sentence
on a word that they do not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tightrope_translate import proper
from tightrope_translate.glossary import WORD, Glossary, glossary_of
from tightrope_translate.numerals import spoken_times, translated_numeral
from tightrope_translate.pieces import FOREIGN
from tightrope_translate.slots import Covered, cover
from tightrope_translate.spelling import is_known, is_word
from tightrope_translate.vocabulary import NUMBER_SLOTS, SLOTS, TEXT_SLOTS

# Runs of them, with the blanks between their words.
FOREIGN_RUN = re.compile(rf"{FOREIGN}+(?:[ \u200d\ufe0f]+{FOREIGN}+)*")
LATIN_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
CAPITALIZED = re.compile(r"(?<![\w⟦.])[A-ZÀ-ÖØ-Þ][^\W\d_]+(?:-[A-ZÀ-ÖØ-Þ][^\W\d_]+)*(?![\w⟧])")
# Before a German noun stands one of these or an adjective; before a name seldom.
DETERMINER = re.compile(
    r"\b(?:[dk]?ein|mein|dein|sein|ihr|unser|euer|d[aei][rsnm]?|dies|jede|welche|all|viel|zum|zur|[iav][mn]|beim|vom)\w{0,2}"
    r"\s(?:\w{2,}(?:e|en|er|es|em)\s)?$",
    re.I,
)
DIGIT = re.compile(r"(?<![\w.,:⟦])\d(?![\w⟧]|[.,:]\d)")
# Names of the training texts, to stand for others; and behind what a name is a place.
PERSONS, PLACES = ("Tom", "John"), ("Boston", "London", "Paris")
PLACE = re.compile(
    r"\b(?:in|from|near|through|at|nach|aus|durch|bei|von \S+ nach|"
    r"(?:go|went|com|came|mov|fl|driv|travel|get|train|bus)\w* to) $",
    re.I,
)
FIRST_NAME = re.compile(rf"(?:^|\s)({proper.LARGE}|⟦[1-4]⟧) $")
TITLE = re.compile(r"\b(?:Herrn?|Frau|Dr\.|Prof\.|Familie|heiß\w+|Name ist|bin|[Nn]ach|[Bb]is|[Ii]n|[Aa]us|[Vv]on)\s$")


def hide(text: str, source: str, target: str) -> Covered:
    """Hide all that is better carried over than translated, as far as there are slots."""
    hidden = cover(text, source, target)
    if any(slot in text for slot in SLOTS):
        return hidden
    hidden = put_away(hidden, (match.span() for match in FOREIGN_RUN.finditer(hidden.text)))
    hidden = hide_as(
        hidden, ((n.start, n.end, n.written, TEXT_SLOTS) for n in strange_names(hidden.text, source, target))
    )
    hidden = put_away_names(hidden, source, target)
    return put_away(hidden, unread(hidden.text)) if source == "en" else hidden


def unread(text: str) -> Iterator[tuple[int, int]]:
    """Where English words stand that no training text has in any form. German ones are mostly compounds, which the
    network can read by their parts."""
    for match in LATIN_WORD.finditer(text):
        if len(match[0]) > 4 and match[0].islower() and not all(is_word(part, "en") for part in match[0].split("-")):
            yield match.span()


def strange_names(text: str, source: str, target: str) -> Iterator[proper.Name]:
    """Names with a title, but for those that the network has read: 'Mr. Brown', 'Frau Okonkwo', not 'Mr. Smith'."""
    glossary = glossary_of(source, target)
    return (
        name
        for name in proper.titled(text, source, target)
        if glossary.direct(last := name.written.split()[-1]) != last
    )


def hide_facts(text: str, source: str, target: str) -> Covered:
    """Hide every number and name, also those that the network mostly gets right."""
    hidden = hide(text, source, target)
    found = [(n.start, n.end, n.written, TEXT_SLOTS) for n in proper.names(hidden.text, source, target)]
    found += [(m.start(), m.end(), m[0], NUMBER_SLOTS) for m in DIGIT.finditer(hidden.text)]
    found += [(*span, time, NUMBER_SLOTS) for span, time in spoken_times(hidden.text, source)]
    for match in WORD.finditer(hidden.text):
        numeral = translated_numeral(match[0], source, target)
        if numeral is not None:
            found.append((*match.span(), numeral, NUMBER_SLOTS))
    return hide_as(hidden, found)


Place = tuple[int, int, str, tuple[str, ...]]  # where a span begins and ends, what is written for it, which slots fit


def hide_as(hidden: Covered, places: Iterable[Place]) -> Covered:
    """Slots for spans, as far as there are; of two that overlap the longer."""
    new, spans, end = [], dict(hidden.spans), 0
    for start, stop, written, slots in sorted(places, key=lambda place: (place[0], -place[1])):
        slot = next((slot for slot in slots if slot not in spans), None)
        if slot is None or start < end:
            continue
        spans[slot] = written
        new += [hidden.text[end:start], slot]
        end = stop
    return Covered("".join([*new, hidden.text[end:]]), spans)


def stand_ins(hidden: Covered) -> Covered:
    """Names that the network has often read in the place of the slots for names, which it has not."""
    text, spans = hidden.text, dict(hidden.spans)
    for slot in TEXT_SLOTS:
        if not is_name_like(spans.get(slot, "")):
            continue
        place = PLACE.search(text[: text.index(slot)]) is not None
        known = next((name for name in (PLACES if place else PERSONS) if name not in text), None)
        if known is not None:
            text = text.replace(slot, known)
            spans[known] = spans.pop(slot)
    return Covered(text, spans)


def is_name_like(text: str) -> bool:
    """Whether a span is words with capitals, and no address or tag."""
    return re.fullmatch(r"[^\W\d_][\w' -]*", text) is not None and text[0].isupper()


def shown_numbers(hidden: Covered) -> Covered:
    """The numbers in the open again: for a sentence whose slots the network has lost."""
    text, spans = hidden.text, dict(hidden.spans)
    for slot in NUMBER_SLOTS:
        if slot in spans:
            text = text.replace(slot, spans.pop(slot))
    return Covered(text, spans)


def unknown_words(hidden: Covered, glossary: Glossary) -> Covered:
    """Hide the words that the training texts lack; a compound comes back in the meanings of its parts."""
    text, spans = hidden.text, dict(hidden.spans)
    for match in reversed(list(LATIN_WORD.finditer(text))):
        if len(match[0]) > 3 and glossary.written(match[0]) is None:
            slot = next((slot for slot in TEXT_SLOTS if slot not in spans), None)
            if slot is None:
                break
            spans[slot] = glossary.meaning(match[0]) or match[0]
            text = text[: match.start()] + slot + text[match.end() :]
    return Covered(text, spans)


def put_away(hidden: Covered, places: Iterable[tuple[int, int]]) -> Covered:
    """Slots for the text at `places`, which comes back as it is."""
    return hide_as(hidden, ((start, end, hidden.text[start:end], TEXT_SLOTS) for start, end in places))


def put_away_names(hidden: Covered, source: str, target: str) -> Covered:
    """Slots for the names that the network has not read; of places the name in the other language, where it has one."""
    other = proper.places(source, target)
    found = names(hidden.text, source, glossary_of(source, target))
    spans = ((start, end, hidden.text[start:end]) for start, end in found)
    return hide_as(hidden, ((start, end, other.get(name, name), TEXT_SLOTS) for start, end, name in spans))


def names(text: str, language: str, glossary: Glossary) -> Iterator[tuple[int, int]]:
    """Where names stand that the network has not read; neighbours count as one name."""
    begin = end = -1
    for match in CAPITALIZED.finditer(text):
        if not (is_name(match, language, glossary) or is_surname(match, language, glossary)):
            continue
        if begin >= 0 and text[end : match.start()] == " ":
            end = match.end()
            continue
        if begin >= 0:
            yield begin, end
        begin, end = match.span()
    if begin >= 0:
        yield begin, end


def is_name(match: re.Match[str], language: str, glossary: Glossary) -> bool:
    """Whether a capitalized word is a name. German nouns have capitals too: their context or their parts tell them."""
    word, before = match[0], match.string[: match.start()]
    if glossary.written(word) is not None or not re.search(r"[^\s\"'“”„‚‘«»‹›(\[¿¡*_–—-]", before):
        return False
    if language == "en":
        stem = re.sub(r"(?:ed|ing)$", "", word)
        return glossary.written(stem) is None or glossary.written(stem) == stem
    if TITLE.search(before):
        return glossary.direct(word) is None and not is_known(word, language)
    return glossary.meaning(word) is None and not DETERMINER.search(before)


def is_surname(match: re.Match[str], language: str, glossary: Glossary) -> bool:
    """Whether a word stands behind a name as a part of it: 'Peter Black', 'Oxford Street', 'Ich heiße Peter Koch'."""
    before = match.string[: match.start()]
    first = FIRST_NAME.search(before)
    if first is None:
        return False
    name = first[1]
    known = name[0] == "⟦" or (glossary.written(name) in (None, name) and glossary.direct(name) in (None, name))
    if not known or glossary.written(match[0]) == match[0] == glossary.direct(match[0]):
        return False
    return language == "en" or TITLE.search(before[: first.start(1)]) is not None
