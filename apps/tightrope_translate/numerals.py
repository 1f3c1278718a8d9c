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
from typing import NamedTuple

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
HALF = re.compile(r"\b(halb|dreiviertel) (\w+)", re.I)
PAST = re.compile(r"\b(?:a )?(half|quarter) (past|to|after|before) (\w+)|\b()viertel (nach|vor) (\w+)", re.I)
TIMES = re.compile(r"(\w{3,}?)(?:mal\b|(?:jährig|monatig|wöchig|tägig|stündig|minütig|stellig|köpfig)\w*)", re.I)
GROUPS = {"dritt": "drei", "viert": "vier", "fünft": "fünf", "sechst": "sechs", "siebt": "sieben", "neunt": "neun"}
GROUP = re.compile(rf"\bzu ({'|'.join(GROUPS)})\b", re.I)
AND_A_HALF = {
    "en": re.compile(r"\b(?:(?P<one>an? \w+)|(?P<word>\w+))[ -]and[ -]a[ -]half\b", re.I),
    "de": re.compile(r"\b(?P<one>anderthalb|eineinhalb)(?=e?[nrsm]?\b)|\b(?P<word>\w{3,}?)(?:und)?einhalb\b", re.I),
}
# Numerals that count nothing.
IDLE = re.compile(
    r"\b(?:gib|gebt|gebe|geben sie) acht\b|\bacht (?:geben|gegeben)\b|\btausend dank\b"
    r"|\b(?:in|außer) acht(?=\s*(?:[.,!?]|$)| (?:zu |ge)?(?:nehmen|nommen|lassen)\b)"
    r"|\bthanks a (?:million|thousand)\b|\ba (?:million|thousand) thanks\b",
    re.I,
)
IDIOMS = {"en": {"twice": 2, "dozen": 12}, "de": {"dutzend": 12}}
# A two that need not be said.
PAIR = re.compile(r"\b(both|either|every other|couple|beide[nsr]?|sowohl|ebenso|paar|zu zweit)\b", re.I)
LEFT_OUT = (0, 1)


def values(text: str, language: str) -> Counter[int]:
    """How often each number is named."""
    text = halves(IDLE.sub(" ", text), language)
    if language == "de":
        text = HALF.sub(half, TIMES.sub(r"\1 ", GROUP.sub(group, text)))
    text = PAST.sub(lambda match: past(match, language), text)
    found = Counter(int(group[:18]) for group in DIGITS.findall(THOUSANDS.sub("", text)))
    found.update(number.value for number in spoken(text, language))
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


def halves(text: str, language: str) -> str:
    """'two and a half' and 'zweieinhalb' -> '2.5', 'an hour and a half' -> '1.5 hour', 'anderthalb' -> '1.5'."""

    def digits(match: re.Match[str]) -> str:
        if match["one"]:
            return " ".join(["1.5", *match["one"].split()[1:]])
        word = match["word"]
        value = int(word) if word.isdecimal() and len(word) < 3 else table(language).get(word.lower(), 0)
        return f"{value}.5" if 1 <= value < 100 else match[0]

    return AND_A_HALF[language].sub(digits, text)


def group(match: re.Match[str]) -> str:
    """'zu dritt' -> 'zu drei'"""
    return f"zu {GROUPS[match[1].lower()]}"


def translated_numeral(word: str, source: str, target: str) -> str | None:
    """'seven' -> 'sieben', for the numerals that are one word in both languages; None: it is another word, or 'one'."""
    value = table(source).get(word.lower(), 0)
    if value <= 1 or value >= 100 or word.lower() in IDIOMS[source]:
        return None
    return next(name for name, number in table(target).items() if number == value)


def half(match: re.Match[str]) -> str:
    """'halb drei' -> '2:30', 'dreiviertel drei' -> '2:45'"""
    hour = hour_of(match[2], "de")
    return f"{(hour - 1) or 12}:{30 if match[1].lower() == 'halb' else 45}" if hour else match[0]


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


class Spoken(NamedTuple):
    """A number in words, and where it stands."""

    value: int
    start: int
    end: int


def spoken(text: str, language: str) -> Iterator[Spoken]:
    """Numbers in words. English writes them as several words, German as one."""
    run: list[int] = []  # the numerals of one number so far
    start = end = last = 0
    text = text.lower()
    for match in WORD.finditer(text):
        parts = numerals(match[0], language)
        beside = text[last : match.start()].strip() in ("", "-")
        last = match.end()
        if run and beside and goes_on(run, parts, match[0], language):
            run += parts
        elif run and beside and language == "en" and match[0] == "and" and run[-1] >= 100:
            continue
        else:
            if run:
                yield Spoken(total(run), start, end)
            run, start = parts, match.start()
        end = last
    if run:
        yield Spoken(total(run), start, end)


def goes_on(run: list[int], parts: list[int], word: str, language: str) -> bool:
    """Whether a numeral belongs to the number before it: 'twenty one' and 'nineteen ninety' do, 'seven thirty' not."""
    if not parts or language == "de":
        return bool(parts) and word in LARGE["de"]
    if word in IDIOMS["en"]:
        return False
    tens = run[-1] in range(20, 100, 10) and parts[0] < 10
    year = len(run) == 1 and 13 <= run[0] <= 20 and 60 <= parts[0] < 100
    return tens or year or run[-1] >= 100 or parts[0] >= 100


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
    """[2, 100, 5, 20] -> 225; [3, 1000, 4] -> 3004; [19, 90, 5] -> 1995"""
    whole = part = 0
    if len(run) > 1 and 13 <= run[0] <= 20 and 60 <= run[1] < 100:
        run = [run[0], 100, *run[1:]]
    for value in run:
        if value == 100:
            part = (part or 1) * 100
        elif value > 100:
            whole, part = whole + (part or 1) * value, 0
        else:
            part += value
    return whole + part
