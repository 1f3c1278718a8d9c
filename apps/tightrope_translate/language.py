"""Which language a text is in, offline: English, German, or neither.

    detect("Wo ist der Bahnhof?")  # [("de", 0.99), ("en", 0.01)]
    detect("Où est la gare ?")     # [("en", 0.03), ("de", 0.00)]: it is neither
    detect("12:30 🙂")             # [("en", 0.0), ("de", 0.0)]: it has no letters

Runs of 1 to 4 letters are looked up, by hash, in a table of weights for the classes (`tables/language.npy`, made by
tools/fit_language.py from the training sentences and Django's translations): a softmax of their scaled sum. It takes
32 kB and a millisecond, where a general identifier takes half a second and 80 MB to load its 97 languages.
"""

from __future__ import annotations

import re
import zlib
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

LANGUAGES = {"en": "English", "de": "German"}
CLASSES = (*LANGUAGES, "other")

BUCKETS = 1 << 14
LONGEST_RUN = 4
LETTERS = 300  # how much of a text is looked at
SCALE = 1 / 32  # of the table's whole numbers
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def detect(text: str) -> list[tuple[str, float]]:
    """English and German, the likelier first, each with its probability; what is missing to 1 is any other language."""
    runs = buckets(text)
    if not runs:
        return [(language, 0.0) for language in LANGUAGES]
    scores = weights()[runs].sum(0, dtype=np.float64) * SCALE / len(runs) ** 0.5
    likely = np.exp(scores - scores.max())
    likely /= likely.sum()
    return sorted(zip(LANGUAGES, map(float, likely), strict=False), key=lambda pair: -pair[1])


def buckets(text: str) -> list[int]:
    """Where the runs of letters of `text` stand in the table; a blank marks where a word begins and ends."""
    found = []
    for word in WORD.findall(text[: 4 * LETTERS])[: LETTERS // 4]:
        marked = f" {word.lower().replace('’', chr(39))[:30]} "
        for length in range(1, LONGEST_RUN + 1):
            for start in range(len(marked) - length + 1):
                found.append(zlib.crc32(marked[start : start + length].encode("utf-8", "replace")) % BUCKETS)
        found.append(zlib.crc32(marked.encode("utf-8", "replace")) % BUCKETS)
    return found


@cache
def weights() -> NDArray[np.int8]:
    """[BUCKETS, classes], in steps of SCALE."""
    with (files(__package__) / "tables" / "language.npy").open("rb") as file:
        return np.asarray(np.load(file, allow_pickle=False))
