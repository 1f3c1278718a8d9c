"""What a translation is asked to have when it came without: the facts of its source, or a word that the network lacks.

    plea = next(fact_pleas("Anna is 12.", "Anna ist.", "en", "de"))
    plea.hidden.text      # "⟦1⟧ is ⟦5⟧."
    plea.words            # ("⟦1⟧", "⟦5⟧"): must stand in the translation, as `constrained` sees to

A small network drops names and numbers that it has seldom read together, and makes up words for those that it has not
learned. The first are hidden and asked for; for the second the glossary says how the word is translated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tightrope_translate import units
from tightrope_translate.glossary import WORD, glossary_of
from tightrope_translate.graphs import Wanted
from tightrope_translate.hiding import hide, hide_facts, stand_ins
from tightrope_translate.slots import Covered
from tightrope_translate.vocabulary import SLOTS, Vocabulary

FACTS = frozenset({"slots", "numbers", "names", "units"})
STEM = 5  # letters at least, by which a word is known again with another ending
RARE = 2  # pieces of a word that the network has seldom read, at least
FEW = 2  # words that are asked for, at most
ENDS = (".", "!", "?")


@dataclass(frozen=True)
class Plea:
    """A sentence as the network is to read it, and words that its translation must have."""

    hidden: Covered
    words: tuple[str, ...]

    def wanted(self, vocabulary: Vocabulary) -> Wanted:
        """The same in tokens."""
        slots = {vocabulary.pieces.piece_to_id(slot) for slot in self.hidden.spans if slot in SLOTS}
        phrases = [tokens[:-1] for tokens in vocabulary.encode(self.words)]
        ends_early = any(f"{end} ⟦" in self.hidden.text for end in ENDS)
        ends = () if ends_early else tuple(vocabulary.pieces.piece_to_id(end) for end in ENDS)
        return Wanted(phrases, slots, ends, vocabulary.inside)


def has_facts(text: str, source: str, target: str) -> bool:
    """Whether there is anything to be hidden."""
    return bool(hide_facts(text, source, target).spans)


def fact_pleas(text: str, translation: str, source: str, target: str) -> Iterator[Plea]:
    """Ways to ask for the numbers, names and units of `text` that its `translation` lacks."""
    lost = units.lost(text, translation, source, target)
    named = tuple(units.word(unit, target) for unit in lost if unit in units.UNITS)
    every = hide_facts(text, source, target)
    for hidden in {way.text: way for way in (hide(text, source, target), every, stand_ins(every))}.values():
        if hidden.spans or named:
            yield Plea(hidden, (*hidden.spans, *named))


def word_pleas(text: str, translation: str, source: str, target: str, vocabulary: Vocabulary) -> Iterator[Plea]:
    """Ways to ask for what the glossary has for the rare words of `text`, the rarest first."""
    glossary, there = glossary_of(source, target), translation.lower()
    hidden = hide(text, source, target)
    rare = {}
    for word in WORD.findall(hidden.text):
        meaning, pieces = glossary.direct(word), len(vocabulary.pieces.encode(word))
        if meaning and pieces >= RARE and meaning.lower()[: max(STEM, len(meaning) - 2)] not in there:
            rare[meaning] = pieces
    chosen = sorted(rare, key=lambda meaning: -rare[meaning])[:FEW]
    for meaning in chosen:
        yield Plea(hidden, (meaning, *hidden.spans))
    if len(chosen) > 1:
        yield Plea(hidden, (*chosen, *hidden.spans))
