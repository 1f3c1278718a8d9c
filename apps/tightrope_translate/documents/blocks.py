r"""A block of running text with its inline mark-up, and how it is put back after translation.

    block = block_of(["Press ", Mark("<b>", "open"), "Start", Mark("</b>", "close"), "."])
    block.text                     # "Press \U000f0000Start\U000f0001.": a private character for each mark
    block.restored("Drücken Sie \U000f0000Start\U000f0001.")   # "Drücken Sie <b>Start</b>."

Private characters go through translation as emoji do. Where a sentence loses or doubles one, or closes what is not
open, it is translated without them, and the marks are put between its words where they were, by length: the mark-up
stays well-formed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tightrope_translate.segments import split

FIRST = 0xF0000  # plane 15 is for private use
PRIVATE = re.compile("[\U000f0000-\U000ffffd]")


class SentenceLike(Protocol):
    """What is needed of a translated sentence."""

    @property
    def shown(self) -> str: ...

    @property
    def sure(self) -> bool: ...


class ResultLike(Protocol):
    """What is needed of an engine's result: a sentence for each of `segments.split`."""

    @property
    def text(self) -> str: ...

    @property
    def segments(self) -> Sequence[SentenceLike]: ...


TranslateAll = Callable[[Sequence[str]], Sequence[ResultLike]]


@dataclass(frozen=True)
class Mark:
    """A piece of inline mark-up."""

    text: str
    role: Literal["open", "close", "alone"] = "alone"


@dataclass(frozen=True)
class Block:
    """Text to translate, in which a private character stands for each of `marks`, in order."""

    text: str
    marks: tuple[Mark, ...] = ()
    escape: Callable[[str], str] = str
    """What the format does to plain text, such as '&' -> '&amp;'."""
    finish: Callable[[str], str] = str
    """What is done to the whole at last, such as breaking its lines."""

    def fits(self, source: str, translation: str) -> bool:
        """Whether `translation` has the marks of `source`, a part of the block, and closes what it opens, in order."""
        wanted, found = numbers(source), numbers(translation)
        if sorted(found) != sorted(wanted):
            return False
        pairs, opened = self.pairs(), []
        for number in found:
            if self.marks[number].role == "open":
                opened.append(number)
            elif pairs.get(number) in wanted and (not opened or opened.pop() != pairs[number]):
                return False
        return True

    def pairs(self) -> dict[int, int]:
        """For each mark that closes, the one that it closes; those without one are left out."""
        pairs, opened = {}, []
        for number, mark in enumerate(self.marks):
            if mark.role == "open":
                opened.append(number)
            elif mark.role == "close" and opened:
                pairs[number] = opened.pop()
        return pairs

    def restored(self, translation: str) -> str:
        """The block in its format, from a translation that `fits`."""
        parts = re.split(f"({PRIVATE.pattern})", translation)
        return self.finish(
            "".join(self.marks[ord(part) - FIRST].text if PRIVATE.match(part) else self.escape(part) for part in parts)
        )

    def distributed(self, source: str, translation: str) -> str:
        """A translation without marks, with those of `source` put between its words where they were, by length.

        What opens goes before a word, what closes behind one. Marks around a text that the translation has too, such
        as a number, go around that.
        """
        plain = PRIVATE.sub("", translation)
        share = len(plain) / max(1, len(PRIVATE.sub("", source)))
        words = [match.span() for match in re.finditer(r"[^\s·]+", plain)] or [(0, len(plain))]
        known = self._kept_spans(source, plain)
        before, last, parts = 0, 0, []
        for piece in re.split(f"({PRIVATE.pattern})", source):
            if not PRIVATE.match(piece):
                before += len(piece)
                continue
            number = ord(piece) - FIRST
            edges = [end if self.marks[number].role == "close" else start for start, end in words] + [len(plain)]
            place = known.get(number, min(edges, key=lambda edge: abs(edge - before * share)))
            place = max(place, last)
            parts += [plain[last:place], piece]
            if self.marks[number].role == "alone" and source.partition(piece)[2][:1].isspace():
                parts.append(" " if plain[place : place + 1].strip() else "")
            last = place
        return "".join([*parts, plain[last:]])

    def _kept_spans(self, source: str, plain: str) -> dict[int, int]:
        """Places of the marks around a text of `source` that stands in `plain` just once."""
        found: dict[int, int] = {}
        for close, opened in self.pairs().items():
            _, start, rest = source.partition(chr(FIRST + opened))
            inside, end, _ = rest.partition(chr(FIRST + close))
            inside = PRIVATE.sub("", inside).strip()
            if start and end and inside and plain.count(inside) == 1:
                found[opened] = plain.index(inside)
                found[close] = found[opened] + len(inside)
        return found


def numbers(text: str) -> list[int]:
    """The marks of a text, in order."""
    return [ord(character) - FIRST for character in PRIVATE.findall(text)]


Part = str | Block


@dataclass(frozen=True)
class Translated:
    """A document after translation."""

    text: str
    sure: bool
    """Whether every block is."""


def block_of(
    content: Sequence[str | Mark], escape: Callable[[str], str] = str, finish: Callable[[str], str] = str
) -> Block:
    """A block from text and marks in order; private characters of the text itself become marks."""
    marks: list[Mark] = []
    written: list[str] = []

    def mark(one: Mark) -> None:
        written.append(chr(FIRST + len(marks)))
        marks.append(one)

    for item in content:
        if isinstance(item, Mark):
            mark(item)
            continue
        for part in re.split(f"({PRIVATE.pattern})", item):
            if PRIVATE.match(part):
                mark(Mark(part))
            else:
                written.append(part)
    return Block("".join(written), tuple(marks), escape, finish)


def translate_parts(parts: Sequence[Part], translate: TranslateAll) -> Translated:
    """Translate the blocks of a document, and join all parts again."""
    blocks = [part for part in parts if isinstance(part, Block)]
    sources = [split(block.text) for block in blocks]
    found = [list(result.segments) for result in translate([block.text for block in blocks])]
    texts = [[sentence.shown for sentence in sentences] for sentences in found]
    lost = [
        (row, place)
        for row, block in enumerate(blocks)
        for place, source in enumerate(sources[row])
        if not block.fits(source.text, texts[row][place])
    ]
    plain = [PRIVATE.sub("", sources[row][place].text) for row, place in lost]
    sure = all(sentence.sure for sentences in found for sentence in sentences)
    for (row, place), again in zip(lost, translate(plain) if lost else [], strict=True):
        texts[row][place] = blocks[row].distributed(sources[row][place].text, again.text)
        sure = sure and all(sentence.sure for sentence in again.segments)
    written = iter(
        block.restored("".join(text + source.gap for text, source in zip(texts[row], sources[row], strict=True)))
        for row, block in enumerate(blocks)
    )
    return Translated("".join(next(written) if isinstance(part, Block) else part for part in parts), sure)
