"""The numbers that a sentence names, in digits or in words.

    values("I paid twenty-one dollars at 7:45.", "en")  # Counter({21: 1, 7: 1, 45: 1})
    values("Er ist einundzwanzig.", "de")               # Counter({21: 1})

Groups of digits count one by one, so that '3.50' and '3,50' name the same, and so do '7:45' and '7.45'; 'halb drei' and
'half past two' are 2:30, 'dreimal', 'dreijährig' and 'three' name 3. 'One' is left out, which mostly is an article or a
pronoun, and so is 0, the minutes of '9:00'.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

UNITS = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    "de": "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn",
}
TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
}
LARGE = {
    "en": {"hundred": 100, "thousand": 1000, "million": 10**6},
    "de": {"hundert": 100, "tausend": 1000, "million": 10**6, "millionen": 10**6},
}
DIGITS = re.compile(r"\d+")
THOUSANDS = re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))")
WORD = re.compile(r"[^\W\d_]+")
# What the numerals alone do not name: times of the clock, 'twice', 'beide'.
HALF = re.compile(r"\bhalb (\w+)", re.I)
PAST = re.compile(r"\b(?:a )?(half|quarter) (past|to|after|before) (\w+)|\b()viertel (nach|vor) (\w+)", re.I)
TIMES = re.compile(r"(\w{3,}?)(?:mal\b|(?:jährig|monatig|wöchig|tägig|stündig|minütig|stellig|köpfig)\w*)", re.I)
IDIOMS = {"en": {"twice": 2, "dozen": 12}, "de": {"dutzend": 12}}
# A two that need not be said.
PAIR = re.compile(r"\b(both|either|every other|couple|beide[nsr]?|sowohl|ebenso|paar)\b", re.I)
LEFT_OUT = (0, 1)


def values(text: str, language: str) -> Counter[int]:
    """How often each number is named."""
    if language == "de":
        text = HALF.sub(half, TIMES.sub(r"\1 ", text))
    text = PAST.sub(lambda match: past(match, language), text)
    found = Counter(int(group[:18]) for group in DIGITS.findall(THOUSANDS.sub("", text)))
    found.update(spoken(text, language))
    return Counter({value: count for value, count in found.items() if value not in LEFT_OUT})


def agree(source: str, translation: str, source_language: str, target_language: str) -> bool:
    """Whether both name the same numbers equally often, in any order."""
    ours, theirs = values(source, source_language), values(translation, target_language)
    if PAIR.search(source) or PAIR.search(translation):
        del ours[2], theirs[2]
    return ours == theirs


def spoken_times(text: str, language: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Where a time stands in words, and the same in digits: 'half past two', 'halb drei' -> '2:30'."""
    for match in PAST.finditer(text):
        yield match.span(), past(match, language)
    for match in HALF.finditer(text) if language == "de" else ():
        if half(match) != match[0]:
            yield match.span(), half(match)


def translated_numeral(word: str, source: str, target: str) -> str | None:
    """'seven' -> 'sieben', for the numerals that are one word in both languages; None: it is another word, or 'one'."""
    value = table(source).get(word.lower(), 0)
    if value <= 1 or value >= 100 or word.lower() in IDIOMS[source]:
        return None
    return next(name for name, number in table(target).items() if number == value)


def half(match: re.Match[str]) -> str:
    """'halb drei' -> '2:30'"""
    hour = hour_of(match[1], "de")
    return f"{(hour - 1) or 12}:30" if hour else match[0]


def past(match: re.Match[str], language: str) -> str:
    """'half past two' -> '2:30', 'quarter to three' -> '2:45', 'Viertel nach drei' -> '3:15'"""
    part, side, word = match.group(1, 2, 3) if match[3] else ("quarter", match[5], match[6])
    hour = hour_of(word, language)
    if not hour:
        return match[0]
    if side.lower() in ("past", "after", "nach"):
        return f"{hour}:{30 if part.lower() == 'half' else 15}"
    return f"{(hour - 1) or 12}:{30 if part.lower() == 'half' else 45}"


def hour_of(word: str, language: str) -> int:
    """1 to 12; 0 where it is no hour."""
    hour = int(word) if word.isdecimal() and len(word) < 3 else table(language).get(word.lower(), 0)
    return hour if 1 <= hour <= 12 else 0


def spoken(text: str, language: str) -> Counter[int]:
    """Numbers in words. English writes them as several words, German as one."""
    found: Counter[int] = Counter()
    run: list[int] = []  # the numerals of one number so far
    for word in [*WORD.findall(text.lower()), ""]:
        parts = numerals(word, language)
        if parts and (language == "en" or not run or word in LARGE["de"]):
            run += parts
        elif run and not (language == "en" and word == "and" and run[-1] >= 100):
            found[total(run)] += 1
            run = parts
    return found


@cache
def table(language: str) -> dict[str, int]:
    """Every single numeral."""
    units = {word: value for value, word in enumerate(UNITS[language].split())}
    tens = {word: 10 * value for value, word in enumerate(TENS[language].split(), 2)}
    if language == "de":
        units |= {"eins": 1, "zwo": 2}
        tens |= {"dreissig": 30}
    return units | tens | LARGE[language] | IDIOMS[language]


@cache
def german() -> re.Pattern[str]:
    """A German word that is nothing but numerals: 'zweihundertfünfundzwanzig'."""
    words = sorted(set(table("de")) - set(IDIOMS["de"]), key=len, reverse=True)
    return re.compile("|".join([*words, "und"]))


def numerals(word: str, language: str) -> list[int]:
    """The numerals that `word` is made of; none where it is another word."""
    known = table(language)
    if word in known:
        return [known[word]]
    if language != "de" or not 8 <= len(word) <= 60:
        return []
    parts = german().findall(word)
    if "".join(parts) != word or parts[0] == "und" or parts[-1] == "und":
        return []
    return [known[part] for part in parts if part != "und"]


def total(run: list[int]) -> int:
    """[2, 100, 5, 20] -> 225; [3, 1000, 4] -> 3004"""
    whole = part = 0
    for value in run:
        if value == 100:
            part = (part or 1) * 100
        elif value > 100:
            whole, part = whole + (part or 1) * value, 0
        else:
            part += value
    return whole + part
