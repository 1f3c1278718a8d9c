"""Lines that break translators: every script, controls, mark-up in shreds, endless words, nothing at all."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from random import Random

import psutil

LONG = 50_000
# Ten thousand take ten minutes through a server or into a live session: asked for by name.
MANY = int(os.environ.get("TIGHTROPE_HOSTILE_LINES", "1000"))
SHREDS = (
    "<b>",
    "</",
    "<",
    ">",
    "&amp;",
    "&#x",
    "<!--",
    "-->",
    "<script>",
    "]]>",
    "{name}",
    "%s",
    "%",
    "⟦1⟧",
    "⟦",
    "`",
    "\\",
)
SCRIPTS = ((0x590, 0x6FF), (0x4E00, 0x9FFF), (0x400, 0x52F), (0x0E00, 0x0E7F), (0x1F300, 0x1FAFF), (0x900, 0x97F))
PATTERNS = (
    *(
        "a",
        "ab",
        "Straße",
        ".",
        "<b>",
        "<",
        "9",
        "9.",
        "é",
        "🙂",
        "a@b.",
        "東",
        "-",
        "\n- ",
        "A",
        "a-",
        "'",
        "⟦",
        "n't",
    ),
    *("a ", "Ab ", "a, ", "a. ", "7 ", "Dr. ", "<b> ", "{a} "),
)
WORDS = "the not no is where 7:45 12,500.75 €3 Dr. z.B. nicht kein wo der I'm don't Tom OK a.m. 3. und".split()  # noqa: SIM905


def anything(rng: Random) -> str:
    """Any code points, lone surrogates among them."""
    return "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randrange(60)))


def scripts(rng: Random) -> str:
    low, high = rng.choice(SCRIPTS)
    return "".join(chr(rng.randrange(low, high)) for _ in range(rng.randrange(80)))


def right_to_left(rng: Random) -> str:
    return "\u202e" + scripts(rng) + " where is it? \u202c\u200f" + scripts(rng)


def controls(rng: Random) -> str:
    return "".join(
        rng.choice(("a", " ", "hello", chr(rng.randrange(32)), "\x7f", "\u200b", "\ufeff")) for _ in range(40)
    )


def shreds(rng: Random) -> str:
    return "".join(rng.choice((*SHREDS, "word ", "12")) for _ in range(rng.randrange(40)))


def words(rng: Random) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(rng.randrange(60)))


def repeated(rng: Random) -> str:
    return rng.choice(
        ("ha", "very ", "9 ", "?!", "und so weiter ", "a, ", "NO ", "é", ". ", "\n", "1. ")
    ) * rng.randrange(200)


def empty(rng: Random) -> str:
    return rng.choice(("", " ", "\t", "\n\n", "\u3000", "\x00"))


KINDS: tuple[Callable[[Random], str], ...] = (
    anything, scripts, right_to_left, controls, shreds, words, repeated, empty
)  # fmt: skip


def endless() -> tuple[str, ...]:
    """Lines of LONG characters that something in them makes hard: no space, one sign, nested signs."""
    return tuple((pattern * LONG)[:LONG] for pattern in PATTERNS)


def lines(count: int, seed: int = 0) -> Iterator[str]:
    """`count` lines, always the same ones; the endless ones come once."""
    rng = Random(seed)
    long = endless()
    yield from long[:count]
    for _ in range(count - len(long)):
        yield rng.choice(KINDS)(rng)


EVERYDAY = "Where is the station? I have lost my passport. " * 40
GROWTH_MB = 150
SLOWER = 100  # times what a character of everyday text takes: a line is answered again and again where it is doubtful
AROUND = 20  # characters, what a line takes whatever is in it


class Bounds:
    """What hostile lines may take of time and memory: CPU time of this process, compared with everyday text."""

    def __init__(self, translate: Callable[[str], object]) -> None:
        translate("Where is it? Wo ist es?")  # this loads
        before = time.process_time()
        translate(EVERYDAY)
        self._rate = (time.process_time() - before) / len(EVERYDAY)
        self._memory, self._start, self._characters = psutil.Process().memory_info().rss, time.process_time(), 0

    def count(self, text: str) -> None:
        """A line was answered."""
        self._characters += len(text) + AROUND

    def check(self) -> None:
        """Fails where all lines together took more than they may."""
        grown = (psutil.Process().memory_info().rss - self._memory) / 2**20
        assert grown < GROWTH_MB, f"{grown:.0f} MB more"
        times = (time.process_time() - self._start) / (self._rate * self._characters)
        assert times < SLOWER, f"a character takes {times:.0f} times what one of everyday text does"
