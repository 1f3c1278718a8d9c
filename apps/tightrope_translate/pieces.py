"""What of a sentence the network is given: pieces no longer than it has learned to read, and only what has words.

pieces("A short one.")            # ["A short one."]
"".join(pieces(text)) == text     # for every text
core(" → Exit 🙂")                 # (" → ", "Exit", " 🙂")
translatable("12:30 🙂 ...")       # False
"""

from __future__ import annotations

import re

from tightrope_translate.slots import TEXT

LONGEST = 220  # characters; some 50 tokens
LONGEST_WORD = 60  # characters; what is longer is no word
ENOUGH = 1000  # characters tell whether a text has words
FEWEST = 60  # characters that a piece should have, so that it is a clause

CLAUSE = re.compile(r"[,;:–—)]\s+|\s+(?=(?:und|oder|aber|denn|weil|dass|and|or|but|because|that|which)\s)")
SPACE = re.compile(r"\s+")
# What neither language is written with: emoji, arrows, other scripts.
FOREIGN = r"(?:[^\W\d_a-zA-ZÀ-ÖØ-öø-ÿĀ-ſ]|[^\w\s!-~¡-¿–—‘’‚“”„…‹›€′″⟦⟧])"
EDGE = re.compile(rf"\s|{FOREIGN}")
LETTERS = re.compile(r"[^\W\d_]")
LATIN = re.compile(r"[a-zA-ZÀ-ÖØ-öø-ÿĀ-ſ]")
WORD = re.compile(rf"(?<![^\W_])[a-zA-ZÀ-ÖØ-öø-ÿ][a-zA-ZÀ-ÖØ-öø-ÿ'’-]{{0,{LONGEST_WORD}}}(?![^\W_])")
CODE = re.compile(r"[{}<>;=|\\]|\w\(|\)\.|::|->|=>|\w_\w|^\s*(?:#!|//|/\*)|^(?:import|from|def|class|return)\s")


def core(text: str) -> tuple[str, str, str]:
    """What stands before the words, the words, and what stands behind them: white space, emoji, other scripts."""
    start, end = 0, len(text)
    while start < end and EDGE.match(text[start]):
        start += 1
    while start < end and EDGE.match(text[end - 1]):
        end -= 1
    return text[:start], text[start:end], text[end:]


def translatable(text: str) -> bool:
    """Whether there are words to translate: not in numbers, emoji, other scripts, code or one endless word."""
    text = TEXT.sub(" ", text[:ENOUGH])
    found = WORD.search(text)
    if found is None or (len(found[0]) == 1 and len(text.split()) == 1 and found[0] != "I"):
        return False
    if 2 * len(LATIN.findall(text)) < len(LETTERS.findall(text)):
        return False
    return len(CODE.findall(text)) <= 2 + len(text.split()) // 3


def pieces(text: str) -> list[str]:
    """`text` cut where a clause ends, else between words, so that every piece but an endless word is short enough."""
    found = []
    while len(text) > LONGEST:
        cut = place(text)
        found.append(text[:cut])
        text = text[cut:]
    return [*found, text] if text else found


def place(text: str) -> int:
    """Where to cut: behind the last clause that fits, else behind the last word, else behind the first."""
    for pattern, fewest in ((CLAUSE, FEWEST), (SPACE, 1)):
        ends = [match.end() for match in pattern.finditer(text, fewest, LONGEST)]
        if ends:
            return ends[-1]
    first = SPACE.search(text, LONGEST)
    return first.end() if first else len(text)
