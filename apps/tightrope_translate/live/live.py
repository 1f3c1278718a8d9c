"""A text that grows while it is typed, and its translation that grows with it.

    live = Live(engine, "en", "de")
    live.update("Where is the ")              # Update(keep=0, stable='', tentative='Wo', ...)
    live.update("Where is the station? I")    # Update(keep=0, stable='Wo ist der Bahnhof? ', tentative='', ...)
    live.text                                 # 'Wo ist der Bahnhof? '

The text is split into sentences. Those that are finished keep their translation; only the open one, the last, is
translated anew, and only when a word is complete. An edit in the middle translates the sentences that it changed.
Whether the engine is sure is asked when a sentence has ended: half of one never looks right.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from typing import Protocol

from tightrope.runtime import Superseded
from tightrope_translate.live.steady import Steady, common
from tightrope_translate.live.update import Update
from tightrope_translate.segments import Segment, split

AUTO = "auto"
MASK, AGREE = 1, 3
PAUSE_S = 0.5  # of silence until who asks for updates should call a text settled
FIGURE = re.compile(r"\d\.\Z")  # '12.': a decimal may follow
BEHIND_WORDS = (" ", "\n", "\t", ",", ";", ":", "!", "?", "…", ")", "]", '"', "”", "“", "»")
UNFINISHED = re.compile(r"\S*\Z")
REMEMBERED = 512  # sentences, beside those of the text itself
LIKELY, SWITCH = 0.5, 0.8  # from here on a language counts as found; as found instead of another


class Translated(Protocol):
    """What Live needs of an engine's result."""

    @property
    def text(self) -> str: ...

    @property
    def draft(self) -> str: ...

    @property
    def sure(self) -> bool: ...


class TextEngine(Protocol):
    """What Live needs of an engine."""

    def detect(self, text: str) -> list[tuple[str, float]]: ...

    def translate(self, text: str, source: str, target: str) -> Translated: ...


class Live:
    """One typing session. Any thread may call any method.

    Args:
        engine: translates sentences; called by one thread at a time.
        source: language that is read, or 'auto': told from the text, and again while it grows.
        target: language that is written, or 'auto': the other one.
        mask: how many of the last words of an open sentence are withheld.
        agree: how many translations in a row must agree on a word of it before it is shown; more of either is calmer
            and later.

    Attributes:
        shown: the stable text and the tentative text behind it.
        doubts: of so many sentences that have ended the engine was not sure.
    """

    def __init__(
        self, engine: TextEngine, source: str = AUTO, target: str = "de", mask: int = MASK, agree: int = AGREE
    ) -> None:
        self._engine, self._target = engine, target
        self._auto, self._source = source == AUTO, source
        self._steady = Steady(mask, agree)
        self._known: OrderedDict[tuple[str, str], Translated] = OrderedDict()
        self._closed = 0
        self._working, self._counting = threading.Lock(), threading.Lock()
        self._generation = 0
        self.shown = ("", "")
        self.doubts = 0

    @property
    def stable(self) -> str:
        return self.shown[0]

    @property
    def tentative(self) -> str:
        return self.shown[1]

    @property
    def text(self) -> str:
        """All that is shown."""
        return "".join(self.shown)

    def supersede(self) -> int:
        """Say that a newer text is on its way: an `update` that runs in another thread ends after its sentence."""
        with self._counting:
            self._generation += 1
            return self._generation

    def update(self, text: str, settled: bool = False) -> Update | None:
        """The translation of `text`, the whole text so far, as a change; None if a newer text came meanwhile.

        `settled`: nothing more comes for now (a pause, the end), so the unfinished word is translated too, and
        nothing is withheld.
        """
        generation = self.supersede()
        with self._working:
            try:
                return self._update(text, settled, generation)
            except Superseded:
                return None

    def _update(self, text: str, settled: bool, generation: int) -> Update:
        closed, typed = split_open(text)
        source = self._language(text)
        finished = [self._translate(part.text, source, generation) for part in closed]
        ended = has_ended(typed)
        read = typed.rstrip() if settled or ended else complete(typed)
        found = self._translate(read, source, generation) if read else None
        # From here on nothing can be superseded, so that what is kept is what was given out.
        if len(closed) != self._closed and self._steady.is_news(read):
            self._steady.clear()
        self._closed = len(closed)
        text, draft = ("", "") if found is None else (found.text, found.draft)
        if settled or ended:
            self._steady.whole(typed, text, draft, ended)
        elif self._steady.is_news(read):
            self._steady.grow(typed, read, draft)
        self._forget(2 * len(closed))
        opened, stable = self._steady.words, self._steady.stable
        whole = "".join(one.text + part.gap for one, part in zip(finished, closed, strict=True))
        if found is not None and (settled or ended):
            finished.append(found)
        self.doubts = sum(not one.sure for one in finished)
        return self._give_out(whole + "".join(opened[:stable]), "".join(opened[stable:]), source)

    def _give_out(self, stable: str, tentative: str, source: str) -> Update:
        keep = len(self.stable) if stable.startswith(self.stable) else common(self.stable, stable)
        self.shown = stable, tentative
        return Update(keep, stable[keep:], tentative, source, sure=self.doubts == 0)

    def _language(self, text: str) -> str:
        if self._auto:
            language, share = self._engine.detect(text)[0]
            if share >= (LIKELY if self._source == AUTO else SWITCH):
                self._source = language
        return self._source

    def _translate(self, sentence: str, source: str, generation: int) -> Translated:
        """From memory, or by the engine. Raises Superseded."""
        key = source, sentence
        if key not in self._known:
            if generation != self._generation:
                raise Superseded
            self._known[key] = self._engine.translate(sentence, source, self._target)
        self._known.move_to_end(key)
        return self._known[key]

    def _forget(self, needed: int) -> None:
        while len(self._known) > needed + REMEMBERED:
            self._known.popitem(last=False)


def split_open(text: str) -> tuple[list[Segment], str]:
    """The finished sentences of `text`, and what is typed of the next.

    A sentence is finished when the next word would begin a new one. A digit is put behind the text to find out: it is
    what leaves 'Dr. ', 'No. ' and '3. ' open.
    """
    *closed, last = split(text + "1")
    return closed, last.text[:-1]


def has_ended(typed: str) -> bool:
    """Whether the open sentence is at its end, for all that can be told before the next word."""
    return typed.strip() != "" and not FIGURE.search(typed) and split(typed + " 1")[-1].text == "1"


def complete(typed: str) -> str:
    """`typed` without the word that is being written."""
    return (typed if typed.endswith(BEHIND_WORDS) else UNFINISHED.sub("", typed)).rstrip()
