"""A text in sentences, and everything between them kept.

    split("Dr. Weiß kommt am 3. Mai. Wann?\n- Um 7:45 Uhr.")
    # Segment("Dr. Weiß kommt am 3. Mai.", " "), Segment("Wann?", "\n- "), Segment("Um 7:45 Uhr.", "")

    "".join(segment.text + segment.gap for segment in split(text)) == text  # for every text

Rules and two lists of abbreviations, no model: what ends a sentence is told by the word before the point and the letter
after it. English and German are split alike, so a text is split before its language is known. Takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# A line that is at least so long, ends without a point and is followed by another was wrapped by an editor.
WRAPPED = 50

BULLET = r"(?:[-*+•–—·▪◦‣>#]+|\(?\d{1,3}[.)]|\(?[a-zA-Z]\))"
# What is never part of a sentence: white space, and the marks of lists, quotations and headings after a line break.
GAP = re.compile(rf"[^\S\n]*(?:[\n\t]+[^\S\n]*(?:{BULLET}[^\S\n]+)*|\s)+|\s+")
LEAD = re.compile(rf"\s*(?:{BULLET}[^\S\n]+)*")
# Private characters stand for mark-up (see `documents`), which may close or open beside a quotation mark.
STOP = re.compile("(?<![.!?…])[.!?…]+[\"'“”’»«›‹)\\]*_\U000f0000-\U000ffffd]*(?=\\s)|\n|\t")
OPENING = re.compile("[\"'“„‚‘«»‹›(\\[¿¡*_\U000f0000-\U000ffffd]*")

# Never the last word of a sentence.
TITLES = frozenset(
    """
    mr mrs ms mx dr prof rev hon st gen col capt lt sgt sen rep gov pres jr messrs mme mlle fig figs no nos vs cf
    approx dept est ext max min misc p pp par vol ed eds e.g i.e al tel ave blvd rd mt ft
    hr hrn fr frl dipl ing nr str z.b z.t d.h u.a u.u o.ä v.a i.d.r s.o s.u bzw ca evtl ggf gem inkl exkl vgl sog
    bspw lt mind abs art bd bde kap abb tab anm aufl hrsg geb gest verh hl fa inh std mio mrd tsd jh jhdt v.chr n.chr
    allg bes insb entspr zzgl abzgl stellv ehem urspr südl nördl westl östl tägl jährl mtl wöchentl ungef gegr
    """.split()  # noqa: SIM905
)
# Often the last word of a sentence, so what follows decides; a figure never begins a sentence after them.
ENDINGS = frozenset(
    "etc usw usf u.s u.k u.s.a e.u a.m p.m inc ltd co corp gmbh dgl o.g m.e a.d b.c oz lb lbs".split()  # noqa: SIM905
)
# A numeral with a point before one of these is an ordinal: '3. Mai', '2. Stock', 'im 19. Jahrhundert'.
ORDINALS = frozenset(
    """
    januar jänner februar feber märz april mai juni juli august september oktober november dezember jan feb mär apr
    jun jul aug sep sept okt nov dez stock etage obergeschoss untergeschoss og ug stockwerk jahrhundert jahrhunderts
    jahrtausend klasse platz mal reihe tag tages woche monat jahr jahrestag weltkrieg weltkriegs geburtstag liga bezirk
    kapitel semester advent spieltag runde gang versuch teil akt satz stelle rang lebensjahr auflage halbzeit
    """.split()  # noqa: SIM905
)
BEFORE_ORDINALS = frozenset(
    "am vom zum zur bis der die das den dem des im ab beim seit jeden jede jedes jeder mein meinen meine".split()  # noqa: SIM905
)
MONTHS = frozenset("january february march april june july october december".split())  # noqa: SIM905


class Segment(NamedTuple):
    """A sentence, and what stands between it and the next: white space and marks of lists."""

    text: str
    gap: str


def split(text: str) -> list[Segment]:
    """The sentences of `text`. White space or a list mark at its beginning is the gap of a first, empty sentence."""
    segments = []
    lead = LEAD.match(text)
    start = lead.end() if lead else 0
    if start:
        segments.append(Segment("", text[:start]))
    for end, gap_end in boundaries(text, start):
        segments.append(Segment(text[start:end], text[end:gap_end]))
        start = gap_end
    return segments


def boundaries(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Where each sentence ends, and where the next one begins."""
    casual = text.lower() == text  # typed without capitals: a point ends a sentence whatever follows
    begin = start
    for mark in STOP.finditer(text, start):
        if mark.start() < begin:
            continue  # inside the gap that a boundary before has taken
        if mark[0] in "\n\t":
            if mark[0] == "\n" and wrapped(text, mark.start()):
                continue
            end = begin + len(text[begin : mark.start()].rstrip())
        elif ends(text, begin, mark, casual):
            end = mark.end()
        else:
            continue
        gap = GAP.match(text, end)
        gap_end = gap.end() if gap else end
        yield end, gap_end
        begin = gap_end
    if begin < len(text):
        yield begin + len(text[begin:].rstrip()), len(text)


def wrapped(text: str, at: int) -> bool:
    """Whether the line break at `at` stands inside a sentence: the line is long, and goes on in the next."""
    line = text[text.rfind("\n", 0, at) + 1 : at].rstrip()
    after = text[at + 1 : at + 2]
    return len(line) >= WRAPPED and line[-1] not in '.!?…:;|"”“»' and after.isalnum()


def ends(text: str, begin: int, mark: re.Match[str], casual: bool) -> bool:
    """Whether a sentence that begins at `begin` ends with the point, question or exclamation mark at `mark`."""
    following = text[mark.end() : mark.end() + 60]
    after = following.lstrip()
    if not after or "\n" in following[: len(following) - len(after)]:
        return True
    closed = mark[0][-1] not in ".!?…"
    first = OPENING.sub("", after, count=1)[:1]
    goes_on = first.islower() and not casual
    if mark[0][0] in "!?":
        return not (closed and goes_on)
    if goes_on or first in ",;:-–—":
        return False
    if mark[0] == ".":
        return not abbreviated(text[max(begin, mark.start() - 30) : mark.start()], after)
    return True


def abbreviated(before: str, after: str) -> bool:
    """Whether the point behind `before` belongs to its last word: an abbreviation, an initial, an ordinal."""
    words = before.split()
    if not words:
        return True
    word = OPENING.sub("", words[-1], count=1).lower()
    following = re.match(r"\w+", after.lower())
    if word.isdigit():
        if len(word) > 2:
            return False
        known = following is not None and following[0] in ORDINALS
        return known or (len(words) > 1 and words[-2].lower() in BEFORE_ORDINALS)
    if word in TITLES:
        return word != "no" or after[0].isdigit()
    if word in ENDINGS:
        return after[0].isdigit()
    return (len(word) == 1 and word.isalpha() and words[-1] != "I") or re.fullmatch(r"(\w\.)+\w", word) is not None
