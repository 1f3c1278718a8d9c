"""SubRip subtitles (.srt): numbers and times stay; the lines of a cue are translated as one text and broken anew.

1
00:00:01,000 --> 00:00:02,500
<i>Where is the
station?</i>
"""

from __future__ import annotations

import re
import textwrap
from itertools import count
from typing import Literal

from tightrope_translate.documents.blocks import Block, Mark, Part, block_of

TIMES = re.compile(r"^[^\S\n]*\d+:\d\d:\d\d[,.]\d+[^\S\n]*-->[^\n]*\n?", re.M)
TAG = re.compile(r"(</?[a-zA-Z][^<>\n]{0,200}>|\{\\[^{}\n]{0,100}\})")
HIDDEN = 0xF0000  # private characters from here on stand for tags while lines are broken
WIDTH = 42  # characters of a line, as broadcasters have it


def read(text: str) -> list[Part]:
    """Cues: what follows a line of times, up to a blank line or the end."""
    parts: list[Part] = []
    end = 0
    for times in TIMES.finditer(text):
        if times.start() < end:
            continue
        blank = re.compile(r"\n[^\S\n]*(?=\n|\Z)").search(text, times.end() - 1)
        stop = max(blank.start(), times.end()) if blank else len(text)
        parts += [text[end : times.end()], cue(text[times.end() : stop])]
        end = stop
    return [*parts, text[end:]]


def cue(text: str) -> Block:
    """The text of one cue. Speakers' lines ('- Yes.') stay on lines of their own."""
    body = text.rstrip("\r\n")
    spoken = body if re.search(r"^\s*[-–—]", body, re.M) else re.sub(r"\s*\n\s*", " ", body)
    lines = body.count("\n") + 1
    line_break = "\r\n" if "\r\n" in text else "\n"
    content = [Mark(part, role_of(part)) if TAG.fullmatch(part) else part for part in TAG.split(spoken)]

    def finish(translated: str) -> str:
        whole = "\n" in spoken or lines == 1
        return (translated if whole else line_break.join(tagged(translated, lines))) + text[len(body) :]

    return block_of(content, finish=finish)


def role_of(tag: str) -> Literal["open", "close", "alone"]:
    """Whether a tag opens or closes."""
    if tag.startswith("{"):
        return "alone"
    return "close" if tag.startswith("</") else "open"


def tagged(text: str, lines: int) -> list[str]:
    """As `balanced`, where no line is broken inside a tag."""
    signs: dict[str, str] = {}
    free = (sign for sign in map(chr, count(HIDDEN)) if sign not in text)

    def hide(match: re.Match[str]) -> str:
        sign = next(free)
        signs[sign] = match[0]
        return sign

    hidden = balanced(TAG.sub(hide, text), lines)
    return ["".join(signs.get(sign, sign) for sign in line) for line in hidden]


def balanced(text: str, lines: int) -> list[str]:
    """`text` in as many lines of about the same length, or in more of WIDTH."""
    width = max(-(-len(text) // lines) + 4, 8)
    return textwrap.wrap(text, min(width, WIDTH), break_long_words=False, break_on_hyphens=False) or [text]
