"""Plain text: one block. White space, lists and blank lines are kept by the segmentation itself."""

from __future__ import annotations

from tightrope_translate.documents.blocks import Part, block_of


def read(text: str) -> list[Part]:
    return [block_of([text])]
