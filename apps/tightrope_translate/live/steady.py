"""Which words of an unfinished sentence's translation are shown, so that few of them must be taken back.

    steady = Steady(mask=1, agree=2)
    steady.grow("Where is ", "Where is", "Wo ist das?")           # steady.words: []
    steady.grow("Where is the ", "Where is the", "Wo ist der?")   # steady.words: ["Wo", " ist"]
    steady.whole("Where is the bus?", "Wo ist der Bus?", "Wo ist der Bus?", True)    # all of it

A network that sees half a sentence invents the other half, and changes its mind with every word that comes. Three
brakes, each measured by `benchmarks/live`:

- mask-k: the last k words are withheld (Arivazhagan et al. 2020, 'Re-translation Strategies For Long Form,
  Simultaneous, Spoken Language Translation').
- local agreement: a word is shown when the last n translations begin alike up to it, and is called stable when n + 1
  do (Liu et al. 2020, 'Low-Latency Sequence-to-Sequence Speech Recognition and Translation by Partial Hypothesis
  Selection').
- What is shown is taken back when it was in none of the last 2 n translations.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence

WORD = re.compile(r"\s*\S+")
INVENTED = ".!?…,;:"  # the network ends every sentence; the person has not yet

Words = list[str]


class Steady:
    """The open sentence. `words` are shown, the first `stable` of them as such; they join without a space between."""

    def __init__(self, mask: int, agree: int) -> None:
        self._mask, self._agree = mask, agree
        self.clear()

    def clear(self) -> None:
        """Begin a new sentence."""
        self._typed = self._read = ""
        self._history: deque[Words] = deque(maxlen=2 * self._agree)
        self.words: Words = []
        self.stable = 0
        self._glossed = False

    def is_news(self, read: str) -> bool:
        """Whether `grow` wants a translation of `read`, or has seen it."""
        return read != self._read

    def grow(self, typed: str, read: str, translation: str) -> None:
        """More was typed: `read` is the part of `typed` that was translated."""
        words = WORD.findall(translation)
        if words and read[-1:].isalnum():
            words[-1] = words[-1].rstrip(INVENTED) or words[-1]
        if not typed.startswith(self._typed):
            self._history.clear()
            self._history.append(words)
            self._show(words[: max(0, len(words) - self._mask)], 0)
        else:
            self._history.append(words)
            self._extend(words)
        self._typed, self._read = typed, read

    def whole(self, typed: str, text: str, draft: str, ended: bool) -> None:
        """Show all of `text`. `ended`: and call it stable, for the sentence has come to its end.

        `draft` is what the network wrote, where `text` says that it is not sure.
        """
        if not typed.startswith(self._typed):
            self._history.clear()
        self._history.append(WORD.findall(draft))
        words = WORD.findall(text)
        self._glossed = text != draft
        self._show(words, len(words) if ended else 0 if self._glossed else self._agreed(self._agree + 1))
        self._typed = self._read = typed

    def _extend(self, words: Words) -> None:
        ready = words[: max(0, min(self._agreed(self._agree), len(words) - self._mask))]
        held = [] if self._glossed else self.words
        if held and len(self._history) == 2 * self._agree:
            held = held[: max(common(each, held) for each in self._history)]
        continues = len(ready) > len(held) == common(words, held)
        self._show(ready if continues else held, self._agreed(self._agree + 1))
        self._glossed = False

    def _agreed(self, count: int) -> int:
        """How many words the last `count` translations have in common from the start; 0 when there are fewer."""
        if len(self._history) < count:
            return 0
        return common(*list(self._history)[-count:])

    def _show(self, words: Words, stable: int) -> None:
        unchanged = common(self.words, words)
        self.stable = max(min(self.stable, unchanged), min(stable, len(words)))
        self.words = words


def common(*sequences: Sequence[str]) -> int:
    """The length of the longest common prefix."""
    for index, words in enumerate(zip(*sequences, strict=False)):
        if len(set(words)) > 1:
            return index
    return min(map(len, sequences))
