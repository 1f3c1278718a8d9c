"""Sentences with a gap, in both languages, and what may fill the gap: numbers, times, prices, dates, names.

Everyday sentences seldom hold a number (one in ninety of the training texts does), so these are drawn in between. A
filling is one string, or two where English and German write it differently ('3.50' and '3,50').
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tightrope_translate.vocabulary import NUMBER_SLOTS

Value = str | tuple[str, str]


class Pair(NamedTuple):
    """One sentence in both languages."""

    english: str
    german: str


NAMES = tuple(
    """
    Anna Ben Clara David Emma Felix Greta Hanna Ivan Julia Karl Laura Martin Nina Oskar Paula Ricardo Sarah Tim
    Ursula Viktor Wanda Yuki Zoe Ahmed Fatima Olga Pierre Chloe Giulia Marco Linda Peter Kevin Susan Emily Oliver
    Sophie Leon Mia Noah Lena Jan Katrin Stefan Monika Jürgen Björn Anneliese Wolfgang Heike Dieter Brigitte Michael
    Robert William Elizabeth Jennifer Daniel Andrew Karen Brian Helen Mohamed Layla Sami Ziri Nguyen Chen Kim Park
    Kowalski Rossi Müller Schmidt Schneider Fischer Weber Wagner Becker Hoffmann Smith Johnson Brown Miller Taylor
    Wilson Garcia
    """.split()  # noqa: SIM905
)
CITIES = tuple(
    """
    Berlin Hamburg Paris London Madrid Chicago Boston Dublin Oslo Stockholm Zürich Salzburg Stuttgart Dortmund Bonn
    Amsterdam Barcelona Lyon Bordeaux Toronto Sydney Seattle Denver Osaka Seoul Nairobi Lima Oxford Manchester
    Potsdam Rostock Erfurt Mannheim Heidelberg Freiburg Innsbruck Graz Linz Utrecht Malmö Budapest Sofia
    """.split()  # noqa: SIM905
)
SYLLABLES = tuple(
    """
    ba be bo da de do fa fe fi ga go ha ho ja jo ka ke ki ko la le li lo lu ma me mi mo na ne ni no nu pa pe po ra
    re ri ro ru sa se si so ta te ti to va vi wa we wi za ber den dor fel gar hel ken lan mar nor per ran sel tin
    ver win
    """.split()  # noqa: SIM905
)
MONTHS = (
    ("January", "Januar"),
    ("February", "Februar"),
    ("March", "März"),
    ("April", "April"),
    ("May", "Mai"),
    ("June", "Juni"),
    ("July", "Juli"),
    ("August", "August"),
    ("September", "September"),
    ("October", "Oktober"),
    ("November", "November"),
    ("December", "Dezember"),
)


def number(rng: Random) -> str:
    """A count from 2 up, small ones more often."""
    return str(rng.randint(2, rng.choice((9, 30, 99, 999))))


def long_number(rng: Random) -> str:
    """A room, flight or telephone number: copied as it is."""
    return str(rng.randint(10, 10 ** rng.randint(2, 7)))


def time_of_day(rng: Random) -> str:
    """7:45, 07:45, 19:30."""
    hour, minute = rng.randint(0, 23), rng.choice((0, 15, 30, 45, rng.randint(0, 59)))
    return f"{hour:02}:{minute:02}" if rng.random() < 0.2 else f"{hour}:{minute:02}"


def decimal(rng: Random) -> tuple[str, str]:
    """3.50 in English, 3,50 in German."""
    whole, cents = rng.randint(0, rng.choice((9, 99, 999))), rng.randint(0, 99)
    return f"{whole}.{cents:02}", f"{whole},{cents:02}"


def thousands(rng: Random) -> tuple[str, str]:
    """12,500 in English, 12.500 in German."""
    text = f"{rng.randint(1, rng.choice((9, 99, 999)))},{rng.choice((0, 500, rng.randint(0, 999))):03}"
    return text, text.replace(",", ".")


def year(rng: Random) -> str:
    """1850 to 2050."""
    return str(rng.randint(1850, 2050))


def name(rng: Random) -> str:
    """A first or last name."""
    return rng.choice(NAMES)


def city(rng: Random) -> str:
    """A city that both languages spell alike."""
    return rng.choice(CITIES)


def code(rng: Random) -> str:
    """A flight, gate or order code."""
    return "".join(rng.choice("ABCDEFGHKLMNPRSTUVWXY") for _ in range(rng.randint(1, 2))) + str(rng.randint(1, 9999))


def month_day(rng: Random) -> tuple[str, str]:
    """March 3 in English, 3. März in German."""
    month, day = rng.randrange(12), rng.randint(1, 28)
    english, german = MONTHS[month]
    return f"{english} {day}", f"{day}. {german}"


LETTERS: dict[str, Callable[[Random], Value]] = {
    "n": number,
    "m": number,
    "l": long_number,
    "t": time_of_day,
    "u": time_of_day,
    "d": decimal,
    "k": thousands,
    "y": year,
    "w": name,
    "v": name,
    "c": city,
    "b": city,
    "x": code,
    "a": month_day,
}

AMOUNTS = "nmltudky"  # the letters that a number slot may stand for
SLOTTED = 0.4  # share of the numbers that are shown as slots

TEMPLATES = (
    ("It costs {d} euros.", "Es kostet {d} Euro."),
    ("That will be {d} euros, please.", "Das macht {d} Euro, bitte."),
    ("That's {n} euros.", "Das sind {n} Euro."),
    ("The ticket costs €{d}.", "Die Fahrkarte kostet {d} €."),
    ("The ticket costs {n} euros.", "Die Fahrkarte kostet {n} Euro."),
    ("I paid ${d} for it.", "Ich habe {d} $ dafür bezahlt."),
    ("I paid ${k} for it.", "Ich habe {k} $ dafür bezahlt."),
    ("The rent is €{k} a month.", "Die Miete beträgt {k} € im Monat."),
    ("Breakfast costs {d} euros per person.", "Das Frühstück kostet {d} Euro pro Person."),
    ("A room costs {n} euros a night.", "Ein Zimmer kostet {n} Euro pro Nacht."),
    ("Do you have change for {n} euros?", "Können Sie {n} Euro wechseln?"),
    ("He earns {k} dollars a year.", "Er verdient {k} Dollar im Jahr."),
    ("About {k} people live here.", "Hier leben etwa {k} Menschen."),
    ("The train leaves at {t}.", "Der Zug fährt um {t} Uhr ab."),
    ("The train arrives at {t}.", "Der Zug kommt um {t} Uhr an."),
    ("The train to {c} leaves at {t} from platform {n}.", "Der Zug nach {c} fährt um {t} Uhr von Gleis {n} ab."),
    ("The bus leaves at {t}.", "Der Bus fährt um {t} Uhr ab."),
    ("Breakfast is from {t} to {u}.", "Frühstück gibt es von {t} bis {u} Uhr."),
    ("We are open from {t} to {u}.", "Wir haben von {t} bis {u} Uhr geöffnet."),
    ("The museum closes at {t}.", "Das Museum schließt um {t} Uhr."),
    ("Please wake me up at {t}.", "Bitte wecken Sie mich um {t} Uhr."),
    ("Can we meet at {t}?", "Können wir uns um {t} Uhr treffen?"),
    ("It's {t}.", "Es ist {t} Uhr."),
    ("I have an appointment at {t}.", "Ich habe um {t} Uhr einen Termin."),
    ("My flight leaves at {t}.", "Mein Flug geht um {t} Uhr."),
    ("Flight {x} is {n} minutes late.", "Flug {x} hat {n} Minuten Verspätung."),
    ("Your gate is {x}.", "Ihr Flugsteig ist {x}."),
    ("The booking number is {l}.", "Die Buchungsnummer ist {l}."),
    ("My phone number is {l}.", "Meine Telefonnummer ist {l}."),
    ("Your room number is {l}.", "Ihre Zimmernummer ist {l}."),
    ("I'm in room {l}.", "Ich bin in Zimmer {l}."),
    ("Call {l}.", "Rufen Sie {l} an."),
    ("Platform {n}", "Gleis {n}"),
    ("Open: {t} - {u}", "Geöffnet: {t} - {u}"),
    ("Take line {n} to {c}.", "Nehmen Sie die Linie {n} nach {c}."),
    ("Get off after {n} stops.", "Steigen Sie nach {n} Haltestellen aus."),
    ("It's {n} kilometers to {c}.", "Bis {c} sind es {n} Kilometer."),
    ("It's about {n} minutes on foot.", "Zu Fuß sind es etwa {n} Minuten."),
    ("It's {d} kilometers from here.", "Es ist {d} Kilometer von hier."),
    ("A table for {n}, please.", "Einen Tisch für {n} Personen, bitte."),
    ("We'd like a room for {n} nights.", "Wir hätten gern ein Zimmer für {n} Nächte."),
    ("I need {n} tickets to {c}.", "Ich brauche {n} Fahrkarten nach {c}."),
    ("{n} tickets to {c}, please.", "{n} Fahrkarten nach {c}, bitte."),
    ("I'm {n} years old.", "Ich bin {n} Jahre alt."),
    ("{w} is {n} years old.", "{w} ist {n} Jahre alt."),
    ("My daughter is {n} years old.", "Meine Tochter ist {n} Jahre alt."),
    ("I was born in {y}.", "Ich bin {y} geboren."),
    ("{w} was born in {c} in {y}.", "{w} wurde {y} in {c} geboren."),
    ("The house was built in {y}.", "Das Haus wurde {y} gebaut."),
    ("The war ended in {y}.", "Der Krieg endete {y}."),
    ("I have lived in {c} since {y}.", "Ich wohne seit {y} in {c}."),
    ("The meeting is on {a}.", "Die Besprechung ist am {a}."),
    ("We arrive on {a}.", "Wir kommen am {a} an."),
    ("My birthday is {a}.", "Mein Geburtstag ist am {a}."),
    ("On {a}, {y}, I moved to {c}.", "Am {a} {y} bin ich nach {c} gezogen."),
    ("Take {n} tablets {m} times a day.", "Nehmen Sie {m}-mal täglich {n} Tabletten."),
    ("I have a fever of {d} degrees.", "Ich habe {d} Grad Fieber."),
    ("It's {n} degrees outside.", "Draußen sind es {n} Grad."),
    ("It weighs {d} kilograms.", "Es wiegt {d} Kilogramm."),
    ("{n} percent of them came.", "{n} Prozent von ihnen kamen."),
    ("Prices rose by {d}%.", "Die Preise stiegen um {d} %."),
    ("There is a {n}% discount.", "Es gibt {n} % Rabatt."),
    ("I have been waiting for {n} minutes.", "Ich warte seit {n} Minuten."),
    ("I'll be back in {n} minutes.", "Ich bin in {n} Minuten zurück."),
    ("It takes {n} hours to get to {c}.", "Man braucht {n} Stunden nach {c}."),
    ("See page {l}.", "Siehe Seite {l}."),
    ("Not {n}, but {m}.", "Nicht {n}, sondern {m}."),
    ("{n} plus {m}", "{n} plus {m}"),
    ("My name is {w}.", "Ich heiße {w}."),
    ("My name is {w} {v}.", "Mein Name ist {w} {v}."),
    ("Is {w} there?", "Ist {w} da?"),
    ("{w} doesn't live in {c} anymore.", "{w} wohnt nicht mehr in {c}."),
    ("I'm from {c}.", "Ich komme aus {c}."),
    ("I'd like to go to {c}.", "Ich möchte nach {c} fahren."),
    ("How do I get to {c}?", "Wie komme ich nach {c}?"),
    ("{w} and {v} are flying from {c} to {b}.", "{w} und {v} fliegen von {c} nach {b}."),
    ("Mr. {w} is not here.", "Herr {w} ist nicht hier."),
    ("Mrs. {w} will call you at {t}.", "Frau {w} ruft Sie um {t} Uhr an."),
    ("Send it to {l} {c}.", "Schicken Sie es nach {l} {c}."),
)


def templated(rng: Random) -> Pair:
    """A made-up sentence around a number, time, price, date or name."""
    english, german = rng.choice(TEMPLATES)
    values = {letter: make(rng) for letter, make in LETTERS.items() if f"{{{letter}" in english}
    if rng.random() < SLOTTED:
        values |= dict(zip((letter for letter in AMOUNTS if letter in values), NUMBER_SLOTS, strict=False))
    forms = [{name: v if isinstance(v, str) else v[side] for name, v in values.items()} for side in (0, 1)]
    return Pair(english.format_map(forms[0]), german.format_map(forms[1]))
