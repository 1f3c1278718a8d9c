"""What the numbers of a sentence count, as far as a mistake would mislead: money, time, length, weight, share.

    lost("The train is 10 minutes late.", "Der Zug hat 10 Stunden Verspätung.", "en", "de")  # ["minute"]
    lost("I paid €15.99.", "Ich habe 15,99 bezahlt.", "en", "de")                            # ["euro"]

Only a unit that stands beside a number is looked for, and only that it is there at all. The clock's words count too:
'half past three' and 'halb vier' are the same time, 'half past four' is not.
"""

from __future__ import annotations

import re

from tightrope_translate.numerals import halves, spoken

# Each with its words in English and in German, and what German writes behind a number.
UNITS = {
    "euro": (r"€|eur\b|euros?\b", r"€|eur\b|euro\b", "Euro"),
    "dollar": (r"\$|usd\b|dollars?\b|bucks?\b", r"\$|usd\b|dollars?\b", "Dollar"),
    "cent": (r"cents?\b", r"cents?\b", "Cent"),
    "percent": (r"%|per\s?cent\b", r"%|prozent\w*", "Prozent"),
    "degree": (r"°|degrees?\b", r"°|grad\b", "Grad"),
    "second": (r"seconds?\b", r"sekunden?\b|sek\b", "Sekunden"),
    "minute": (r"min(?:ute)?s?\b|min\b|\w+-minute\b", r"min\b|minuten?\b|minütig\w*", "Minuten"),
    "hour": (r"h\b|hours?\b|hrs?\b", r"h\b|stunden?\b|std\b|stündig\w*", "Stunden"),
    "day": (r"days?\b", r"tag(?:e|en|es)?\b|tägig\w*", "Tage"),
    "week": (r"weeks?\b|fortnight\b", r"wochen?\b|wöchig\w*", "Wochen"),
    "month": (r"months?\b", r"monat(?:e|en|s)?\b|monatig\w*", "Monate"),
    "year": (r"years?\b", r"jahr\w*|\w*jährig\w*", "Jahre"),
    "kilometer": (r"km\b|kilomet\w+|kph\b", r"km\b|kilometer\w*", "Kilometer"),
    "meter": (r"m\b|met(?:er|re)s?\b", r"m\b|metern?\b", "Meter"),
    "centimeter": (r"cm\b|centimet\w+", r"cm\b|zentimeter\w*", "Zentimeter"),
    "mile": (r"miles?\b|mph\b", r"meilen?\b", "Meilen"),
    "kilogram": (r"kg\b|kilos?\b|kilogram\w*", r"kg\b|kilo(?:s|gramm)?\b", "Kilogramm"),
    "gram": (r"g\b|grams?\b", r"g\b|gramm\b", "Gramm"),
    "liter": (r"l\b|lit(?:er|re)s?\b", r"l\b|litern?\b", "Liter"),
}
MINUS = re.compile(r"(?<![^\s(])[-−–]\d|\b(?:minus|below|unter|negativ\w*)\b", re.I)
FIGURE = re.compile(r"([0-9][0-9.,]*)(?:\s(?:thousand|tausend|million(?:en)?|billion|milliarden?)\b)?")
GAP = re.compile(r"\s?[-–]?\s?$")


def lost(source: str, translation: str, source_language: str, target_language: str) -> list[str]:
    """The units of numbers in `source` that `translation` does not name, or with other numbers, and 'minus'."""
    found = []
    for unit in UNITS:
        ours = counted(source, unit, source_language)
        if ours and not (
            named(translation, unit, target_language) and same(ours, counted(translation, unit, target_language))
        ):
            found.append(unit)
    below = re.search(r"\bminus \w|(?<![^\s(])[-−–]\d", source, re.I) is not None
    return [*found, "minus"] if below and not MINUS.search(translation) else found


def counted(text: str, unit: str, language: str) -> set[int]:
    """The numbers, without their points and commas, that stand before the unit, or behind a sign of money."""
    words, text = UNITS[unit][language == "de"], halves(text.lower(), language)
    ends = {match.end(): digits(match[1]) for match in FIGURE.finditer(text)}
    ends |= {
        number.end: number.value for number in spoken(FIGURE.sub(lambda match: "#" * len(match[0]), text), language)
    }
    found = set()
    for match in re.finditer(rf"(?:{words})", text):
        before = text[max(0, match.start() - 3) : match.start()]
        end = match.start() - len(before) + GAP.search(before).start()  # type: ignore[union-attr]  # it may be empty
        if end in ends:
            found.add(ends[end])
    return found | {digits(match[1]) for match in re.finditer(rf"(?:{words})(?<=[€$])\s?([0-9][0-9.,]*)", text)}


def digits(number: str) -> int:
    """'12,50' -> 1250"""
    return int("".join(character for character in number if character.isdecimal())[:18])


def same(ours: set[int], theirs: set[int]) -> bool:
    """Whether the same is counted, as far as the translation counts at all."""
    return not theirs or bool(ours & theirs) or max(ours) < 2


def named(text: str, unit: str, language: str) -> bool:
    """Whether the unit is there, with a number or without."""
    return re.search(rf"(?<![^\W\d_])(?:{UNITS[unit][language == 'de']})", text.lower()) is not None


def word(unit: str, language: str) -> str:
    """What is written behind a number in `language`."""
    return UNITS[unit][2] if language == "de" else f"{unit}s".replace("percents", "percent")
