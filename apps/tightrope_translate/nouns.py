"""Everyday nouns in sentences made for them, so that a network meets words that the training texts hardly have.

    noun = Noun("fitting room", "fitting rooms", "die Umkleidekabine", "Umkleidekabinen")
    noun.german_forms("klein")["einen"]  # "eine kleine Umkleidekabine"
    with_nouns(rng)                      # Pair("Where are the small keys?", "Wo sind die kleinen Schlüssel?")

tables/nouns.tsv: English singular and plural, German singular with its article, German plural; written for this
purpose. German forms follow the declension of nouns that add nothing in the singular but to the genitive, which the
templates avoid, and of adjectives (weak after 'der', mixed after 'ein', strong without an article).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from random import Random
from typing import NamedTuple

from tightrope_translate.templates import Pair

ADJECTIVES = (
    ("new", "neu"),
    ("old", "alt"),
    ("small", "klein"),
    ("big", "groß"),
    ("clean", "sauber"),
    ("dirty", "schmutzig"),
    ("cheap", "billig"),
    ("beautiful", "schön"),
    ("broken", "kaputt"),
    ("wrong", "falsch"),
    ("other", "ander"),
    ("red", "rot"),
    ("green", "grün"),
    ("white", "weiß"),
    ("heavy", "schwer"),
    ("good", "gut"),
)
QUALIFIED = 0.25  # share of the nouns that get an adjective
MIXED = {  # the article 'ein', and the adjective's ending behind it in the nominative and in the accusative, by gender
    "der": ("ein", "er", "en"),
    "die": ("eine", "e", "e"),
    "das": ("ein", "es", "es"),
}


class Noun(NamedTuple):
    """A noun in both languages, as a line of the table has it."""

    english: str
    english_plural: str
    german: str
    """With its article."""
    german_plural: str

    def english_forms(self, adjective: str = "") -> dict[str, str]:
        """The forms that the templates name: 'one', 'many', 'the', 'the_many' and 'a' key."""
        one, many = (f"{adjective} {word}".lstrip() for word in (self.english, self.english_plural))
        article = "an" if one.startswith("other ") else "an " if one[0] in "aeioAEIO" else "a "
        return {"one": one, "many": many, "the": f"the {one}", "the_many": f"the {many}", "a": f"{article}{one}"}

    def german_forms(self, adjective: str = "") -> dict[str, str]:
        """The forms that the templates name, each by the article that a masculine noun has in that case.

        'viele' is the plural without an article, 'weak' the plural behind one, 'bare' the noun alone. Behind 'k', 'm'
        and 's', 'ein' becomes the other words that are declined like it.
        """
        gender, noun = self.german.split(" ", 1)

        def qualified(ending: str, noun: str = noun) -> str:
            return f"{adjective}{ending} {noun}" if adjective else noun

        indefinite, nominative, accusative = MIXED[gender]
        weak = qualified("en", self.german_plural)
        return {
            "bare": qualified(nominative),
            "der": f"{gender} {qualified('e')}",
            "den": f"den {qualified('en')}" if gender == "der" else f"{gender} {qualified('e')}",
            "dem": f"{'der' if gender == 'die' else 'dem'} {qualified('en')}",
            "ein": f"{indefinite} {qualified(nominative)}",
            "einen": f"{'einen' if gender == 'der' else indefinite} {qualified(accusative)}",
            "einem": f"{'einer' if gender == 'die' else 'einem'} {qualified('en')}",
            "viele": qualified("e", self.german_plural),
            "weak": weak,
            "die": f"die {weak}",
        }


@cache
def nouns() -> tuple[Noun, ...]:
    """All nouns of the table."""
    text = (files(__package__) / "tables" / "nouns.tsv").read_text(encoding="utf-8")
    return tuple(Noun(*line.split("\t")) for line in text.splitlines())


def with_nouns(rng: Random) -> Pair:
    """A template filled with one or two nouns, some of them with an adjective."""
    chosen = rng.sample(nouns(), 2)
    adjectives = [rng.choice(ADJECTIVES) if rng.random() < QUALIFIED else ("", "") for _ in chosen]
    english = [noun.english_forms(ours) for noun, (ours, _) in zip(chosen, adjectives, strict=True)]
    german = [noun.german_forms(theirs) for noun, (_, theirs) in zip(chosen, adjectives, strict=True)]
    texts = (
        text.format(n=forms[0], m=forms[1])
        for text, forms in zip(rng.choice(TEMPLATES), (english, german), strict=True)
    )
    return Pair(*(text[0].upper() + text[1:] for text in texts))


TEMPLATES = (
    ("Where is {n[the]}?", "Wo ist {n[der]}?"),
    ("Where are {n[the_many]}?", "Wo sind {n[die]}?"),
    ("Where can I find {n[a]}?", "Wo finde ich {n[einen]}?"),
    ("Is there {n[a]} near here?", "Gibt es hier in der Nähe {n[einen]}?"),
    ("Are there any {n[many]} here?", "Gibt es hier {n[viele]}?"),
    ("I'm looking for {n[a]}.", "Ich suche {n[einen]}."),
    ("I'm looking for {n[the]}.", "Ich suche {n[den]}."),
    ("We need {n[a]}.", "Wir brauchen {n[einen]}."),
    ("I need {n[a]} and {m[a]}.", "Ich brauche {n[einen]} und {m[einen]}."),
    ("I don't need {n[a]}.", "Ich brauche k{n[einen]}."),
    ("Do you have {n[a]}?", "Haben Sie {n[einen]}?"),
    ("Do you have {n[many]}?", "Haben Sie {n[viele]}?"),
    ("Do you have {n[a]}?", "Hast du {n[einen]}?"),
    ("We don't have any {n[many]}.", "Wir haben keine {n[weak]}."),
    ("There is {n[a]} over there.", "Da drüben ist {n[ein]}."),
    ("There is no {n[one]} here.", "Hier gibt es k{n[einen]}."),
    ("Is that {n[a]} or {m[a]}?", "Ist das {n[ein]} oder {m[ein]}?"),
    ("That's not {n[a]}, that's {m[a]}.", "Das ist k{n[ein]}, das ist {m[ein]}."),
    ("This is my {n[one]}.", "Das ist m{n[ein]}."),
    ("I can't find my {n[one]}.", "Ich kann m{n[einen]} nicht finden."),
    ("I've lost my {n[one]}.", "Ich habe m{n[einen]} verloren."),
    ("Have you seen my {n[one]}?", "Haben Sie m{n[einen]} gesehen?"),
    ("He showed me his {n[one]}.", "Er zeigte mir s{n[einen]}."),
    ("How much does {n[the]} cost?", "Wie viel kostet {n[der]}?"),
    ("How much is {n[the]}?", "Was kostet {n[der]}?"),
    ("How much do {n[the_many]} cost?", "Wie viel kosten {n[die]}?"),
    ("I'd like {n[the]}, please.", "Ich hätte gern {n[den]}, bitte."),
    ("I'd like to buy {n[a]}.", "Ich möchte {n[einen]} kaufen."),
    ("She bought {n[a]} yesterday.", "Sie hat gestern {n[einen]} gekauft."),
    ("Could you show me {n[the]}?", "Könnten Sie mir {n[den]} zeigen?"),
    ("Please bring me {n[a]}.", "Bringen Sie mir bitte {n[einen]}."),
    ("Can I have {n[a]}?", "Kann ich {n[einen]} haben?"),
    ("What is {n[the]} called?", "Wie heißt {n[der]}?"),
    ("What does {n[the]} look like?", "Wie sieht {n[der]} aus?"),
    ("{n[the]} is not here.", "{n[der]} ist nicht hier."),
    ("{n[the]} is missing.", "{n[der]} fehlt."),
    ("{n[the]} is too expensive.", "{n[der]} ist zu teuer."),
    ("{n[the]} is behind {m[the]}.", "{n[der]} ist hinter {m[dem]}."),
    ("{n[the]} is next to {m[the]}.", "{n[der]} ist neben {m[dem]}."),
    ("{n[the]} is to the left of {m[the]}.", "{n[der]} ist links von {m[dem]}."),
    ("We are waiting in front of {n[the]}.", "Wir warten vor {n[dem]}."),
    ("What happened to {n[the]}?", "Was ist mit {n[dem]} passiert?"),
    ("I dreamed of {n[a]}.", "Ich habe von {n[einem]} geträumt."),
    ("{n[the]} and {m[the]}", "{n[der]} und {m[der]}"),
    ("{n[many]}", "{n[viele]}"),
    ("{n[one]}", "{n[bare]}"),
    ("I like {n[the]}.", "{n[der]} gefällt mir."),
    ("I don't like {n[the]}.", "{n[der]} gefällt mir nicht."),
    ("I've forgotten {n[the]}.", "Ich habe {n[den]} vergessen."),
    ("Someone stole my {n[one]}.", "Jemand hat m{n[einen]} gestohlen."),
    ("Something is wrong with {n[the]}.", "Mit {n[dem]} stimmt etwas nicht."),
    ("{n[the_many]} are new.", "{n[die]} sind neu."),
)
