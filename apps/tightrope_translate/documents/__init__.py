"""Documents whose mark-up outlives their translation: .txt, .md, .html, .srt.

    kind_of(Path("menu.html"))                               # "html"
    found = translate_document(text, "html", lambda blocks: engine.translate_all(blocks, "en", "de"))
    found.text, found.sure

A format is a function that reads a text into parts: strings that stay as they are, and blocks that are translated. To
add one is to write that function and to name it in FORMATS.
"""

from __future__ import annotations

from tightrope_translate.documents.blocks import Block, Mark, Part, TranslateAll, Translated
from tightrope_translate.documents.formats import FORMATS, SUFFIXES, kind_of, translate_document

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Block",
    "Mark",
    "Part",
    "TranslateAll",
    "Translated",
    "kind_of",
    "translate_document",
]
