"""Changes to a training pair that teach what the texts alone do not: to copy, and to bear how people write.

    english, german = augment(Pair("I saw Tom at 2:30.", "Ich sah Tom um 2:30 Uhr."), rng)
    source = disturb(english, rng)  # the source alone: typos, lower case, 'ae' for 'ä'

Both sides alike: another name for a name, other digits for a number, a slot or a placeholder for a name, capitals, no
final point. About one pair in four comes out changed. Everything follows from `rng`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from tightrope_translate.templates import CITIES, NAMES, SLOTTED, SYLLABLES, Pair
from tightrope_translate.vocabulary import NUMBER_SLOTS, TEXT_SLOTS

# A name of the training texts, English and German, and whether it is a place.
KNOWN = (("Tom", "Tom", False), ("Mary", "Maria", False), ("John", "John", False), ("Boston", "Boston", True))
TIME = re.compile(r"(?<!\d)\d{1,2}:\d\d(?!\d)")
NUMBER = re.compile(r"\d+")
AMOUNT = re.compile(r"\d+(?:[.,:]\d+)*")  # 12, 7:45, 3.50, 12,500


def augment(pair: Pair, rng: Random) -> Pair:
    """`pair`, perhaps changed on both sides alike."""
    if any(name in pair.english for name, _, _ in KNOWN):
        pair = rename(pair, rng)
    if rng.random() < 0.7:
        pair = renumber(pair, rng)
    chance = rng.random()
    for rate, change in CHANGES:
        if chance < rate:
            return change(pair, rng)
        chance -= rate
    return pair


def rename(pair: Pair, rng: Random, rate: float = 0.35) -> Pair:
    """Give persons and places that both sides name (equally often) other names, a placeholder or a slot."""
    free = list(TEXT_SLOTS)
    for english, german, place in KNOWN:
        ours, theirs = re.compile(rf"\b{english}\b(?=('s)?)"), re.compile(rf"\b{german}(s?)\b")
        if rng.random() < rate and 0 < len(ours.findall(pair.english)) == len(theirs.findall(pair.german)):
            name = new_name(place, free, rng)
            escaped = name.replace("\\", r"\\")
            pair = Pair(ours.sub(escaped, pair.english), theirs.sub(rf"{escaped}\1", pair.german))
    return pair


def new_name(place: bool, free: list[str], rng: Random) -> str:
    """Mostly a name; else a slot (taken from `free`), a placeholder as programs use them, or an address."""
    chance = rng.random()
    if chance < 0.12:
        return free.pop(0)
    if chance < 0.16:
        return rng.choice(("{name}", "%s", "{0}", "%1$s", "{user}", "<b>Tom</b>", "@tom", "$1"))
    made = "".join(rng.choice(SYLLABLES) for _ in range(rng.choice((2, 2, 3)))).capitalize()
    if chance < 0.19:
        return rng.choice((f"{made.lower()}@example.{rng.choice(('com', 'org', 'de'))}", f"www.{made.lower()}.de"))
    if chance < 0.40:
        return made
    return rng.choice(CITIES if place else NAMES)


def renumber(pair: Pair, rng: Random) -> Pair:
    """Other digits, or slots, for the numbers that stand alike, in the same order, on both sides."""
    numbers = NUMBER.findall(pair.english)
    if not numbers or numbers != NUMBER.findall(pair.german):
        return pair
    if rng.random() < SLOTTED:
        return slotted(pair)
    if TIME.findall(pair.english) == TIME.findall(pair.german) != []:
        times = {old: f"{rng.randint(0, 23)}:{rng.randint(0, 59):02}" for old in TIME.findall(pair.english)}
        return Pair(*(TIME.sub(lambda m: times[m[0]], text) for text in pair))
    fresh = {old: old if len(old) == 1 and rng.random() < 0.5 else digits(len(old), rng) for old in numbers}
    return Pair(*(NUMBER.sub(lambda m: fresh[m[0]], text) for text in pair))


def slotted(pair: Pair) -> Pair:
    """A slot for each number, where both sides have as many and no more than there are slots."""
    amounts = [AMOUNT.findall(text) for text in pair]
    if len(amounts[0]) != len(amounts[1]) or len(amounts[0]) > len(NUMBER_SLOTS):
        return pair
    return Pair(numbered(pair.english), numbered(pair.german))


def numbered(text: str) -> str:
    """A slot for each amount, in order."""
    free = iter(NUMBER_SLOTS)
    return AMOUNT.sub(lambda _: next(free), text)


def digits(length: int, rng: Random) -> str:
    """A number of `length` digits, the first of which is not 0."""
    return str(rng.randint(10 ** (length - 1) + (length == 1), 10**length - 1))


def upper(pair: Pair, rng: Random) -> Pair:
    """All capitals, as on signs ('ß' stays, as it mostly does)."""
    return Pair(pair.english.upper(), pair.german.replace("ß", "\0").upper().replace("\0", "ß"))


def title(pair: Pair, rng: Random) -> Pair:
    """A Capital For Every Word."""
    return Pair(*(re.sub(r"(?<![\w'’])[^\W\d_]", lambda m: m[0].upper(), text) for text in pair))


def strip_point(pair: Pair, rng: Random) -> Pair:
    """No full stop or exclamation mark at the end, as in headings and hasty typing."""
    return Pair(*(text.rstrip(".!") or text for text in pair)) if not pair.english.endswith("..") else pair


def wrap(pair: Pair, rng: Random) -> Pair:
    """Slots before or behind the sentence: tags around it, or an address after it."""
    first, second = rng.sample(TEXT_SLOTS, 2)
    before, after = rng.choice((("", f" {first}"), (f"{first} ", ""), (first, second), ("", first)))
    return Pair(*(f"{before}{text}{after}" for text in pair))


# Share of the pairs, and what is done to them on both sides.
CHANGES: tuple[tuple[float, Callable[[Pair, Random], Pair]], ...] = (
    (0.015, upper),
    (0.015, title),
    (0.04, strip_point),
    (0.02, wrap),
)


def disturb(source: str, rng: Random) -> str:
    """The source as a hasty person writes it, in one case of ten."""
    chance = rng.random()
    if chance < 0.03:
        return typo(source, rng)
    if chance < 0.06:
        return source.lower()
    if chance < 0.075:
        return source.rstrip(".!?") or source
    if chance < 0.09:
        return re.sub("[äöüß]", lambda m: {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}[m[0]], source)
    if chance < 0.10:
        return source.replace("'", "’")
    return source


def typo(source: str, rng: Random) -> str:
    """One letter dropped, doubled, exchanged with the next or mistaken, inside a word of four letters or more."""
    words = list(re.finditer(r"[^\W\d_]{4,}", source))
    if not words:
        return source
    word = rng.choice(words)
    at = rng.randrange(word.start() + 1, word.end() - 1)
    here, following = source[at], source[at + 1]
    new = rng.choice((following, here * 2 + following, following + here, rng.choice("etaoinsrhdlu") + following))
    return source[:at] + new + source[at + 2 :]
