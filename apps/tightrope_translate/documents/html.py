"""HTML: text is translated a paragraph at a time; tags stay as they are written, and so do scripts, styles and code.

Read by the standard library's parser, which bears broken mark-up as browsers do. `translate="no"` and the class
`notranslate` are honoured. Attributes are not translated.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Literal, NamedTuple

from tightrope_translate.documents.blocks import Mark, Part, block_of

# What may stand inside a sentence; every other element ends it.
INLINE = frozenset(
    """
    a abbr acronym b bdi bdo big cite code del dfn em font i img ins kbd label mark q s samp small span strike strong
    sub sup time tt u var wbr
    """.split()  # noqa: SIM905
)
VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # noqa: SIM905
UNTOUCHED = frozenset("code kbd math noscript pre samp script style svg template textarea var".split())  # noqa: SIM905
# A '<' that no '>' follows before the next one is text. The parser would look for its end again and again.
STRAY = re.compile(r"<(?!!--)(?=[^<>]*(?:<|\Z))")
Kind = Literal["start", "end", "text", "other"]


class Event(NamedTuple):
    """A tag, some text, or anything else, and where in the source it begins. Events leave no gap between them."""

    at: int
    kind: Kind
    name: str = ""
    untouched: bool = False
    """A start tag whose element is not to be translated."""


class Events(HTMLParser):
    """Collects what the parser meets."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self._lines = [0, *(match.end() for match in re.finditer("\n", source))]
        self.found: list[Event] = []
        self.feed(STRAY.sub("-", source))  # only places are taken from it
        self.close()

    def _add(self, kind: Kind, name: str = "", untouched: bool = False) -> None:
        line, column = self.getpos()
        self.found.append(Event(self._lines[line - 1] + column, kind, name, untouched))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        marked = (given.get("translate") or "").lower() == "no" or "notranslate" in (given.get("class") or "").split()
        self._add("start", tag, (marked or tag in UNTOUCHED) and tag not in VOID)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # '<b/>' opens an element in HTML; in XHTML it is one without content, so that it is left alone here.
        self._add("start" if tag in VOID else "other", tag)

    def handle_endtag(self, tag: str) -> None:
        self._add("end", tag)

    def handle_data(self, data: str) -> None:
        self._add("text")

    def handle_entityref(self, name: str) -> None:
        self._add("text")

    def handle_charref(self, name: str) -> None:
        self._add("text")

    def handle_comment(self, data: str) -> None:
        self._add("other")

    def handle_decl(self, decl: str) -> None:
        self._add("other")

    def handle_pi(self, data: str) -> None:
        self._add("other")

    def unknown_decl(self, data: str) -> None:
        self._add("other")


@dataclass
class Paragraph:
    """Running text and inline tags, until a tag ends it."""

    content: list[str | Mark] = field(default_factory=list)
    verbatim: list[str] = field(default_factory=list)

    def add(self, source: str, content: str | Mark) -> None:
        self.verbatim.append(source)
        self.content.append(content)

    def parts(self) -> list[Part]:
        """One block, and the white space around it; what has no letters stays as it stood."""
        source = "".join(self.verbatim)
        if not any(re.search(r"[^\W\d_]", item) for item in self.content if isinstance(item, str)):
            return [source] if source else []
        content = list(self.content)
        before: list[str] = []
        after: list[str] = []
        while isinstance(content[0], str) and content[0] != (rest := content[0].lstrip()):
            before.append(content[0].removesuffix(rest))
            content[:1] = [rest] if rest else []
        while isinstance(content[-1], str) and content[-1] != (rest := content[-1].rstrip()):
            after.insert(0, content[-1].removeprefix(rest))
            content[-1:] = [rest] if rest else []
        joined = [re.sub(r"[ \t\r\f]*\n\s*", " ", item) if isinstance(item, str) else item for item in content]
        return [escape("".join(before)), block_of(joined, escape), escape("".join(after))]


def escape(text: str) -> str:
    """Plain text as HTML writes it."""
    return html.escape(text, quote=False).replace("\xa0", "&nbsp;")


def read(text: str) -> list[Part]:
    """The parts of a document or a fragment."""
    events = Events(text).found
    ends = [event.at for event in (*events, Event(len(text), "other"))][1:]
    parts: list[Part] = [text[: events[0].at]] if events else [text]
    paragraph = Paragraph()
    skipping, depth, verbatim = "", 0, ""  # the untouched element that is open, how often, and what it has so far
    for event, end in zip(events, ends, strict=True):
        piece = text[event.at : end]
        if skipping:
            verbatim += piece
            depth += {"start": 1, "end": -1}.get(event.kind, 0) if event.name == skipping else 0
            if depth == 0:
                paragraph.add(verbatim, Mark(verbatim))
                skipping = ""
        elif event.kind == "text":
            paragraph.add(piece, html.unescape(piece))
        elif event.kind == "other":
            paragraph.add(piece, Mark(piece))
        else:
            if event.name not in INLINE:
                parts += paragraph.parts()
                paragraph = Paragraph()
            if event.untouched:
                skipping, depth, verbatim = event.name, 1, piece
            elif event.name in INLINE:
                paragraph.add(piece, Mark(piece, role_of(event)))
            else:
                parts.append(piece)
    if skipping:
        paragraph.add(verbatim, Mark(verbatim))
    return parts + paragraph.parts()


def role_of(tag: Event) -> Literal["open", "close", "alone"]:
    """What an inline tag does."""
    if tag.name in VOID:
        return "alone"
    return "open" if tag.kind == "start" else "close"
