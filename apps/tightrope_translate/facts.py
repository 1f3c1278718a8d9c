"""What a translation must not get wrong: the numbers and names of a sentence, and whether it says yes or no.

sentences = drawn("en", 200)                       # carriers that no training text has, filled at random
kept("It costs 3.50 euros.", "Es kostet 3,50 Euro.")  # True: the same groups of digits
negative("Das ist kein Problem.", "de")            # True
"""

from __future__ import annotations

import re
from random import Random

from tightrope_translate.templates import CITIES, LETTERS, NAMES

# Other words and other order than in `templates`, so that copying is tested and not the memory of a carrier.
CARRIERS = {
    "en": (
        "The dentist can see you at {t} on Monday.",
        "Our taxi is coming at {t}, so hurry up.",
        "Is the shop still open at {t}?",
        "The concert begins at {t} and ends at {u}.",
        "She woke up at {t} because of the noise.",
        "This jacket was {d} euros last week.",
        "I only have {d} euros with me.",
        "He gave the waiter {n} dollars.",
        "They sold their car for {k} euros.",
        "Please write down this number: {l}.",
        "The bus number {l} doesn't stop here.",
        "Our hotel is at {l} Main Street.",
        "The password is {l}.",
        "There were {n} children and {m} adults on the boat.",
        "My grandmother turned {n} yesterday.",
        "The bridge is {n} meters long.",
        "In {y} there was a big fire here.",
        "They got married in {y} in {c}.",
        "{w} works in a bank in {c}.",
        "Have you seen {w} today?",
        "I would like to speak to {w} {v}.",
        "{w} moved from {c} to {b} last year.",
        "We spent two weeks near {c}.",
        "I didn't know that {w} was ill.",
        "{w} bought {n} apples and {m} eggs.",
    ),
    "de": (
        "Der Zahnarzt hat am Montag um {t} Uhr Zeit für Sie.",
        "Unser Taxi kommt um {t} Uhr, also beeil dich.",
        "Ist das Geschäft um {t} Uhr noch offen?",
        "Das Konzert beginnt um {t} Uhr und endet um {u} Uhr.",
        "Sie wachte um {t} Uhr wegen des Lärms auf.",
        "Diese Jacke hat letzte Woche {d} Euro gekostet.",
        "Ich habe nur {d} Euro dabei.",
        "Er gab dem Kellner {n} Dollar.",
        "Sie haben ihr Auto für {k} Euro verkauft.",
        "Bitte schreiben Sie diese Nummer auf: {l}.",
        "Der Bus Nummer {l} hält hier nicht.",
        "Unser Hotel ist in der Hauptstraße {l}.",
        "Das Passwort ist {l}.",
        "Auf dem Boot waren {n} Kinder und {m} Erwachsene.",
        "Meine Oma ist gestern {n} geworden.",
        "Die Brücke ist {n} Meter lang.",
        "Im Jahr {y} gab es hier ein großes Feuer.",
        "Sie haben {y} in {c} geheiratet.",
        "{w} arbeitet bei einer Bank in {c}.",
        "Hast du heute {w} gesehen?",
        "Ich möchte mit {w} {v} sprechen.",
        "{w} ist letztes Jahr von {c} nach {b} gezogen.",
        "Wir haben zwei Wochen in der Nähe von {c} verbracht.",
        "Ich wusste nicht, dass {w} krank war.",
        "{w} hat {n} Äpfel und {m} Eier gekauft.",
    ),
}
NUMBER = re.compile(r"\d+")
NAME = re.compile(rf"\b({'|'.join(sorted({*NAMES, *CITIES}))})\b")
NEGATIVE = {
    "en": re.compile(r"\b(not|no|never|nothing|nobody|none|neither|nor|nowhere|without|cannot)\b|n[’']t\b", re.I),
    "de": re.compile(r"\b(nicht|nichts|nie|niemals|niemand\w*|kein\w*|weder|ohne|nirgend\w*)\b", re.I),
}


def drawn(language: str, count: int, seed: int = 1) -> list[str]:
    """`count` sentences in `language`, every carrier equally often."""
    rng, carriers = Random(seed), CARRIERS[language]
    sentences = []
    for index in range(count):
        carrier = carriers[index % len(carriers)]
        values = {letter: make(rng) for letter, make in LETTERS.items() if f"{{{letter}}}" in carrier}
        forms = {letter: v if isinstance(v, str) else v[language == "de"] for letter, v in values.items()}
        sentences.append(carrier.format_map(forms))
    return sentences


def kept(source: str, translation: str) -> bool:
    """Whether both have the same groups of digits (in any order and notation) and every name."""
    numbers = (sorted(NUMBER.findall(text)) for text in (source, translation))
    return next(numbers) == next(numbers) and all(name in translation for name in NAME.findall(source))


def negative(text: str, language: str) -> bool:
    """Whether a sentence has a word of negation."""
    return bool(NEGATIVE[language].search(text))
