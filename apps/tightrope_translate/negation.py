"""Whether a translation still says no where its source does, and only there.

    overturned("That's no problem.", "Das ist ein Problem.", "en", "de")   # True
    overturned("I don't care.", "Das ist mir egal.", "en", "de")           # False: 'egal' carries it
    overturned("You're tired, aren't you?", "Du bist müde, oder?", "en", "de")  # False: a tag question denies nothing

`facts.negative` knows the plain words of negation. The words here deny in a softer way: one language says 'unable',
'dislike' or 'erst' where the other says 'not'. They were read off the training pairs in which just one side is
negative.
"""

from __future__ import annotations

import re

from tightrope_translate.facts import negative

SOFT = {
    "en": re.compile(
        r"""\b(
            un(?!der|til|cle|ion|ite|iver|ique|iform|fortunat)\w{4,} | non-?\w{4,} | im(?:possible|polite|patient)\w* |
            in(?:capable|expensive|visible|correct|secure|sufficient|ability|formal|soluble|edible)\w* |
            (?:ir|il)(?:relevant|responsible|regular|replaceable|legal|legible)\w* | \w{3,}less(?:ly)? |
            dis(?:like|agree|honest|obey|respect|satisf|approv|appear|connect|allow)\w* | refus\w* | den(?:y|ie)\w* |
            fail\w* | absent | absence | hardly | rarely | seldom | scarcely | barely | wrong | missing | miss |
            lack\w* | avoid\w* | prevent\w* | prohibit\w* | forbid\w* | forbade | hat(?:e|es|ed) | false | free |
            instead | rather | too | stop\w* | quit | ignor\w* | few | little | lest |
            aside | apart | reject\w* | declin\w* | empty | impossible | mis(?!take)\w{5,} | out\s+of | but |
            far\s+from | cease\w* | keep\w*\s.*from | kept\s.*from | doubt\w* | nah | nope
        )\b""",
        re.I | re.X,
    ),
    "de": re.compile(
        r"""\b(
            nein | nö | egal | erst | kaum | selten | nur | lediglich | ausschließlich | bloß | statt\w* | anstatt |
            un(?!d\b|s\b|ser|ter|gefähr|glaublich|fall|iver|iform|geheuer)\w{4,} | miss(?!ion)\w{3,} | nicht-\w+ |
            \w{3,}los(?:e[mnrs]?)? | \w{3,}frei(?:e[mnrs]?)? | frei | fehl\w* | falsch\w* | verbot\w* | verbiet\w* |
            weiger\w* | verweiger\w* | verhinder\w* | vermeid\w* | vermied\w* | verzicht\w* | ausgeschlossen | umsonst |
            ableh\w* | lehn\w* | abgelehnt | versag\w* | hass\w* | schweig\w* | schwieg\w* | vergeb\w* | doch | fern |
            wenig\w* | leer\w* | aufhör\w* | hör\w*\s.*auf | ignorier\w* | scheiter\w* | durchgefallen | daneben |
            unterlass\w* | im-?\w*mobil | in(?:stabil|korrekt|diskret|kompetent|akzeptabel)\w* | bezweif\w* | zweif\w* |
            verpass\w* | knapp\w* | irrelevant\w* | schief | ledig | verschieb\w* | von\s+wegen
        )\b""",
        re.I | re.X,
    ),
}
TAG = re.compile(
    r"""[,–-]\s*(?: \w+n['’]t\s\w+ | (?:do|does|did|is|are|was|were|have|has|had|can|could|will|would|should|am)\s\w+ |
        right | no | huh | oder(?:\s(?:nicht|etwa\snicht|doch))? | nicht(?:\s?wahr)? | gell | ne |
        stimmt['’]?s )\s*\?\s*$""",
    re.I | re.X,
)


def overturned(source: str, translation: str, source_language: str, target_language: str) -> bool:
    """Whether just one of the two is negative, and no softer word explains it."""
    source, translation = TAG.sub("?", source), TAG.sub("?", translation)
    denies, denied = negative(source, source_language), negative(translation, target_language)
    if denies == denied:
        return False
    if denies:
        return SOFT[target_language].search(translation) is None
    return SOFT[source_language].search(source) is None
