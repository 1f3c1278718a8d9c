"""Which formats there are, and the one thing that is done with all of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from tightrope.errors import BadInputError, nearest
from tightrope_translate.documents.blocks import Part, TranslateAll, Translated, translate_parts

# Name -> module whose `read(text) -> list[Part]` is imported when it is needed.
FORMATS = {"text": "plain", "markdown": "markdown", "html": "html", "srt": "subtitles"}
SUFFIXES = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".srt": "srt",
}


def kind_of(path: Path) -> str:
    """The format of a file by its suffix. Raises BadInputError if there is none for it."""
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise BadInputError(
            f"{path}: no format for {path.suffix or 'a name without suffix'}; use .txt, .md, .html, .srt"
        )
    return kind


def translate_document(text: str, kind: str, translate: TranslateAll) -> Translated:
    """Translate a whole document. `translate` is given all its blocks at once, perhaps a second time for some.

    Raises:
        BadInputError: there is no such kind, or the text is not of it.
    """
    if kind not in FORMATS:
        raise BadInputError(f"no document format {kind!r}{nearest(kind, list(FORMATS))}")
    read: Callable[[str], list[Part]] = import_module(f"{__package__}.{FORMATS[kind]}").read
    return translate_parts(read(text), translate)
