"""A strip with one line of text to its characters: a network with connectionist temporal classification.

The best character of every column; repetitions and blanks are dropped (Graves et al., ICML 2006, section 3.2). The
network knows 18,000 characters of many scripts; only those that German and English texts use are let through, which
mends 'О' (Cyrillic) and '，' before they happen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope_translate.image.detector import as_input
from tightrope_translate.image.pictures import Picture

HEIGHT = 48
"""Of the strips that the network reads, in pixels."""
MAX_WIDTH = 3200
_BLANK = 0
_PUNCTUATION = "–—‘’“”„†•…‰€™℃→←↑↓"


class Recognizer:
    """Calls like a function: a strip to (text, confidence from 0 to 1).

    Args:
        session: float32 [1, 3, HEIGHT, w] in -1..1 to probabilities [1, columns, characters].
        characters: what each of the outputs stands for; the first is the blank.
    """

    def __init__(self, session: Callable[[NDArray[Any]], Sequence[NDArray[Any]]], characters: Sequence[str]) -> None:
        self._session = session
        self._columns = np.array([k for k, one in enumerate(characters) if k == _BLANK or _wanted(one)])
        self._characters = np.array([characters[k] for k in self._columns])

    def __call__(self, strip: Picture) -> tuple[str, float]:
        likely = self._session(as_input(strip))[0][0][:, self._columns]
        best = likely.argmax(1)
        first = np.ones(len(best), bool)
        first[1:] = best[1:] != best[:-1]
        kept = first & (best != _BLANK)
        if not kept.any():
            return "", 0.0
        return "".join(self._characters[best[kept]]).strip(), float(likely.max(1)[kept].mean())


def _wanted(character: str) -> bool:
    return len(character) == 1 and (ord(character) < 0x180 or character in _PUNCTUATION)
