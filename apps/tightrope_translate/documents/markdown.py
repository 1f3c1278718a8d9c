"""Markdown: prose is translated; marks, links, code, tables and front matter stay.

Blocks are told by markdown-it (CommonMark with tables and strikethrough). Inside them the marks are found by their
signs, and the text between is what is translated; a paragraph of several lines becomes one line.
"""

from __future__ import annotations

import re
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tightrope_translate.documents.blocks import Block, Mark, Part, block_of

FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\r?\n.*?\r?\n(?:\1|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S)
LINE_END = r"\r\n?|\n"  # as markdown-it counts lines
# (address "title"); pairs of brackets may stand in the address.
ADDRESS = r"""\((?:[^()\s]|\([^()\s]{0,200}\)){0,500}(?:\s+(?:"[^"]{0,200}"|'[^']{0,200}'))?\)"""
INLINE = re.compile(
    r"""
    (?P<code>(?<!`)(`+)(?!`).{1,500}?(?<!`)\2(?!`))
    | (?P<alone>!\[[^\[\]]{0,300}\](?:ADDRESS|\[[^\[\]]{0,100}\])  # a picture
        | <[a-zA-Z][a-zA-Z0-9+.-]{0,30}:[^<>\s]{1,500}>          # <https://example.org>
        | <!--.{0,500}?--> | \[\^[^\[\]\s]{1,50}\]               # a comment, a footnote
        | ^\[[ xX]\](?=\s) | <(?:br|hr|img|wbr)\b[^<>]{0,300}>    # a task's box, a tag without an end
        | \\[!-/:-@\[-`{-~] | \s{2,}\n | \\\n)                    # an escaped sign, a hard line break
    | (?P<tag></?[a-zA-Z][^<>]{0,300}>)
    | (?P<link>\[)(?=[^\[\]]{1,500}\][(\[])
    | (?P<target>\](?:ADDRESS|\[[^\[\]]{0,100}\]))
    | (?P<sign>\*{1,3}|~~|(?<![^\W_])_{1,3}(?=\S)|(?<=\S)_{1,3}(?![^\W_]))
    """.replace("ADDRESS", ADDRESS),
    re.VERBOSE | re.DOTALL,
)


def read(text: str) -> list[Part]:
    """The parts of a document."""
    head = FRONT_MATTER.match(text)
    begin = head.end() if head else 0
    body = text[begin:]
    starts = [0, *(match.end() for match in re.finditer(LINE_END, body))]
    parts: list[Part] = [text[:begin]]
    at = 0
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for token in parser.parse(body):
        if token.type != "inline" or token.map is None or not token.content.strip():
            continue
        stop = starts[token.map[1]] if token.map[1] < len(starts) else len(body)
        found = locate(token, body, max(at, starts[token.map[0]]), stop)
        if found is None:
            continue
        start, end = found
        parts += [body[at:start], paragraph(token.content)]
        at = end
    return [*parts, body[at:]]


def locate(token: Token, body: str, start: int, stop: int) -> tuple[int, int] | None:
    """Where in `body` the lines of a token stand: each behind the signs of quotations and lists."""
    begin, at = -1, start
    for line in token.content.split("\n"):
        place = body.find(line.strip(), at, stop)
        if place < 0:
            return None
        begin = place if begin < 0 else begin
        at = place + len(line.strip())
    return begin, at


def paragraph(content: str) -> Block:
    """A block, its marks found by their signs."""
    found: list[str | Mark] = []
    at = 0
    opened: list[str] = []
    for match in INLINE.finditer(content):
        found.append(flat(content[at : match.start()]))
        found.append(Mark(match[0], role_of(match, opened)))
        at = match.end()
    return block_of([*found, flat(content[at:])])


def flat(text: str) -> str:
    """Lines that were broken in the source only, as one."""
    return re.sub(r"[ \t]*\n[ \t]*", " ", text)


def role_of(match: re.Match[str], opened: list[str]) -> Literal["open", "close", "alone"]:
    """Whether a mark opens or closes; signs such as '**' do so in turn."""
    if match["link"]:
        return "open"
    if match["target"]:
        return "close"
    if match["tag"]:
        return "close" if match[0].startswith("</") else "open"
    if not match["sign"]:
        return "alone"
    if match[0] in opened:
        opened.remove(match[0])
        return "close"
    opened.append(match[0])
    return "open"
