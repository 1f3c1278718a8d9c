"""Live translation for those who can never take a word back: a prefix that only grows.

    stream = Streaming(engine, "en", "de")
    stream.push("Where"), stream.push("is"), stream.push("it?", last=True)    # [], [], ["Wo", "ist", "es?"]

It writes what `Live` calls stable. Where the end of a sentence changes such a word after all, what is written stays,
and the rest is the translation from that place on.
"""

from __future__ import annotations

from tightrope_translate.live.live import AGREE, MASK, Live, TextEngine


class Streaming:
    """One text, given word by word, and the words of its translation as they become certain."""

    def __init__(self, engine: TextEngine, source: str, target: str, mask: int = MASK, agree: int = AGREE) -> None:
        self._live = Live(engine, source, target, mask, agree)
        self._source: list[str] = []
        self._written = 0

    def push(self, word: str, last: bool = False) -> list[str]:
        """The next word of the source ("" for none); returns the words that can be written now, all at the last."""
        if word:
            self._source.append(word)
        # White space behind a word says that it is complete.
        self._live.update(" ".join(self._source) + ("" if last else " "), settled=last)
        certain = (self._live.text if last else self._live.stable).split()
        fresh = certain[self._written :]
        self._written += len(fresh)
        return fresh
