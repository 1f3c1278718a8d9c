"""What the network answers is not simply believed: numbers, negation, names and capitals are seen to."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tightrope.errors import ArtifactError
from tightrope_translate.checks import problems
from tightrope_translate.confidence import Confidence, calibration, fit_confidence, isotonic
from tightrope_translate.corpus import read_pairs
from tightrope_translate.forms import Form
from tightrope_translate.glossary import glossary_of
from tightrope_translate.hiding import hide
from tightrope_translate.negation import overturned
from tightrope_translate.numerals import agree, values
from tightrope_translate.translator import BATCH_TOKENS, Translator
from tightrope_translate.vocabulary import Vocabulary

from .standins import SURE, UNSURE, Repeating, Scripted, translator_of


def scripted(vocabulary: Vocabulary, answers: dict[str, str | tuple[str, float]]) -> tuple[Translator, Scripted]:
    graphs = Scripted(vocabulary, answers)
    return translator_of(graphs, vocabulary), graphs


def test_a_number_that_is_lost_is_asked_for_again_in_the_open(vocabulary: Vocabulary) -> None:
    translator, graphs = scripted(
        vocabulary,
        {"The train leaves at ⟦5⟧.": "Der Zug fährt ab.", "The train leaves at 7:45.": "Der Zug fährt um 7:45."},
    )
    one = translator.translate(["The train leaves at 7:45."])[0]
    assert (one.text, one.sure, one.words) == ("Der Zug fährt um 7:45.", True, ())
    assert graphs.asked[:2] == ["The train leaves at ⟦5⟧.", "The train leaves at 7:45."]


def test_a_number_that_stays_wrong_is_not_sure_however_likely_it_seems(vocabulary: Vocabulary) -> None:
    translator, _ = scripted(vocabulary, {"He has three dogs.": "Er hat vier Hunde."})
    one = translator.translate(["He has three dogs."])[0]
    assert one.confidence > 0.8
    assert not one.sure
    assert one.shown == "[nicht sicher: er · hat · drei · Hunde]"
    assert ("three", "drei") in one.words


def test_a_lost_negation_is_not_sure(vocabulary: Vocabulary) -> None:
    translator, _ = scripted(vocabulary, {"I am not tired.": "Ich bin müde."})
    assert "nicht" in translator.translate(["I am not tired."])[0].shown


def test_an_unlikely_answer_shows_words_instead(vocabulary: Vocabulary) -> None:
    translator, _ = scripted(vocabulary, {"Where is the station?": ("Der Hund bellt.", UNSURE)})
    one = translator.translate(["Where is the station?"])[0]
    assert one.text == "Der Hund bellt."
    assert one.shown == "[nicht sicher: wo · ist · die · Bahnhof]"


def test_a_single_known_word_needs_no_network(vocabulary: Vocabulary) -> None:
    translator, _ = scripted(vocabulary, {"Station": ("Ste", UNSURE)})
    assert translator.translate(["STATION!"])[0].shown == "BAHNHOF!"


@pytest.mark.parametrize(
    ("sign", "meaning"),
    [
        ("NO SMOKING!", "RAUCHEN VERBOTEN!"),
        ("→ Exit", "→ Ausgang"),
        ("mind the gap", "Vorsicht, Spalt"),
        ("Way out.", "Ausgang."),
    ],
)
def test_signs_are_known_by_heart(vocabulary: Vocabulary, sign: str, meaning: str) -> None:
    translator, graphs = scripted(vocabulary, {})
    one = translator.translate([sign])[0]
    assert (one.text, one.sure, graphs.asked) == (meaning, True, [])


def test_signs_read_back(vocabulary: Vocabulary) -> None:
    german = translator_of(Scripted(vocabulary, {}), vocabulary, "de", "en")
    signs = ["NOTAUSGANG", "Bitte nicht stören!", "Vorsicht Stufe", "AUSSER BETRIEB", "Ausgang"]
    found = [one.text for one in german.translate(signs)]
    assert found == ["EMERGENCY EXIT", "Do not disturb!", "Mind the step", "OUT OF ORDER", "Exit"]


def test_unknown_words_come_back_as_they_are(vocabulary: Vocabulary) -> None:
    translator, _ = scripted(
        vocabulary, {"I have a zarvelin.": ("Ich habe Zar.", UNSURE), "I have a ⟦1⟧.": ("Ich habe ein ⟦1⟧.", SURE)}
    )
    assert translator.translate(["I have a zarvelin."])[0].text == "Ich habe ein zarvelin."


def test_names_and_signs_go_around_the_network(vocabulary: Vocabulary) -> None:
    translator, graphs = scripted(vocabulary, {"I know ⟦1⟧ well.": "Ich kenne ⟦1⟧ gut."})
    one = translator.translate(["→ I know Siobhan Okonkwo well. 🙂"])[0]
    assert one.text == "→ Ich kenne Siobhan Okonkwo gut. 🙂"
    assert graphs.asked[0] == "I know ⟦1⟧ well."


def test_a_sign_in_capitals_is_read_as_a_sentence(vocabulary: Vocabulary) -> None:
    translator, _ = scripted(vocabulary, {"The station is closed!": "Der Bahnhof ist geschlossen!"})
    assert translator.translate(["THE STATION IS CLOSED!"])[0].text == "DER BAHNHOF IST GESCHLOSSEN!"


def test_repetition_is_not_sure(vocabulary: Vocabulary) -> None:
    translator, _ = scripted(vocabulary, {"Hello there": "und so und so und so weiter"})
    assert not translator.translate(["Hello there"])[0].sure


def test_order_and_repeats_are_kept_and_asked_once(vocabulary: Vocabulary) -> None:
    graphs = Repeating()
    translator = translator_of(graphs, vocabulary)
    sentences = [f"It costs {'very ' * (n % 7)}much." for n in range(200)]
    assert [one.text for one in translator.translate(sentences)] == sentences
    assert sum(rows for rows, _ in graphs.shapes) == 7


def test_batches_are_bounded_and_so_is_a_sentence(vocabulary: Vocabulary) -> None:
    graphs = Repeating()
    translator = translator_of(graphs, vocabulary)
    text = "We walked on, " * 400
    assert translator.translate([text, *(f"word {'x' * n}" for n in range(50))])[0].text == text
    assert all(rows * width <= BATCH_TOKENS or rows == 1 for rows, width in graphs.shapes)
    assert max(width for _, width in graphs.shapes) < BATCH_TOKENS


@settings(deadline=None)
@given(st.lists(st.text(max_size=300), max_size=5))
def test_any_strings_are_answered(vocabulary: Vocabulary, sentences: list[str]) -> None:
    found = translator_of(Repeating(), vocabulary).translate(sentences)
    assert len(found) == len(sentences)
    assert all(0 <= one.confidence <= 1 for one in found)


def test_what_is_no_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no translation model at"):
        Translator.load(tmp_path / "en-de-int8")
    with pytest.raises(ArtifactError, match="does not begin with en-de or de-en"):
        Translator.load(tmp_path)


@pytest.mark.parametrize(
    ("english", "german", "same"),
    [
        ("I paid twenty-one dollars.", "Ich habe einundzwanzig Dollar bezahlt.", True),
        ("It costs 12,500.75 euros.", "Es kostet 12.500,75 Euro.", True),
        ("Meet me at 2:30.", "Triff mich um halb drei.", True),
        ("Three times a day.", "Dreimal am Tag.", True),
        ("At 9:00 a.m.", "Um neun Uhr.", True),
        ("Both came.", "Beide kamen.", True),
        ("Two hundred and fifty people", "zweihundertfünfzig Leute", True),
        ("He is ninety.", "Er ist neunundneunzig.", False),
        ("Room 12", "Zimmer 21", False),
        ("I have dogs.", "Ich habe 7 Hunde.", False),
    ],
)
def test_numbers_agree(english: str, german: str, same: bool) -> None:
    assert agree(english, german, "en", "de") is same
    assert agree(german, english, "de", "en") is same


ONES = """
null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn
neunzehn
""".split()  # noqa: SIM905
TENS = "- - zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()  # noqa: SIM905


@given(st.integers(2, 999))
def test_german_numerals(number: int) -> None:
    hundreds, rest = divmod(number, 100)
    word = f"{ONES[hundreds]}hundert" if hundreds else ""
    if rest >= 20:
        word += (f"{ONES[rest % 10]}und" if rest % 10 else "") + TENS[rest // 10]
    elif rest:
        word += "eins" if rest == 1 else ONES[rest]
    assert values(f"Es sind {word} Leute.", "de") == {number: 1}


@pytest.mark.parametrize(
    ("english", "german", "wrong"),
    [
        ("That's no problem.", "Das ist ein Problem.", True),
        ("She is ill.", "Sie ist nicht krank.", True),
        ("I don't care.", "Das ist mir egal.", False),
        ("You're tired, aren't you?", "Du bist müde, oder?", False),
        ("He is unable to come.", "Er kann nicht kommen.", False),
        ("Don't go until he comes.", "Geh erst, wenn er kommt.", False),
    ],
)
def test_negation_is_kept(english: str, german: str, wrong: bool) -> None:
    assert overturned(english, german, "en", "de") is wrong
    assert overturned(german, english, "de", "en") is wrong


def test_checks_trust_human_translations(shared_data: Path) -> None:
    pairs = read_pairs(shared_data / "mt-en-de" / "tatoeba.test.tsv")
    blamed = [(e, g) for e, g in zip(pairs.english, pairs.german, strict=True) if problems(e, g, "en", "de")]
    assert len(blamed) < 0.015 * len(pairs)


@pytest.mark.parametrize(
    ("text", "language", "read"),
    [
        ("NICHT STÖREN", "de", "Nicht stören"),
        ("WC", "de", "WC"),
        ("The Train Leaves At Seven", "en", "The train leaves at seven"),
        ("ich suche ein zimmer in berlin", "de", "Ich suche ein Zimmer in Berlin"),
        ("It's 5:30 p.m.", "en", "It's 17:30."),
        ("At 12 a.m. or 12pm?", "en", "At 0:00 or 12:00?"),
        ("It's open from 5 to 7 p.m.", "en", "It's open from 17:00 to 19:00."),
        ("It's open 9:30-5 p.m.", "en", "It's open 9:30-17:00."),
        ("Come between 11 and 1 pm.", "en", "Come between 11:00 and 13:00."),
        ("Um 17 Uhr, um 8 Uhr 30, um 7 Uhr", "de", "Um 17:00 Uhr, um 8:30 Uhr, um 7 Uhr"),
    ],
)
def test_forms(text: str, language: str, read: str) -> None:
    assert Form.of(text, language, "de" if language == "en" else "en").text == read


@given(st.text(max_size=200), st.sampled_from(["en", "de"]))
def test_what_is_hidden_comes_back(text: str, language: str) -> None:
    hidden = hide(text, language, "de" if language == "en" else "en")
    restored = hidden.uncover(hidden.text)
    if "⟦" not in text and restored is not None:
        # Each language has its own points, and its own place for the sign of money.
        assert sorted(c for c in restored if c not in "., ") == sorted(c for c in text if c not in "., ")


def test_the_glossary_knows_words_and_takes_compounds_apart() -> None:
    german, english = glossary_of("de", "en"), glossary_of("en", "de")
    assert german.meaning("bahnhof") == "station"
    assert german.meaning("Hotelschlüssel") == "hotel key"
    assert german.meaning("Xyzzy") is None
    assert english.written("MONDAY") == "Monday"
    assert english.gloss("I can't pay 12.50 at {place}.").endswith("nicht · bezahlen · 12.50 · an · {place}")


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40))
def test_isotonic_is_the_nearest_rising_sequence(values: list[float]) -> None:
    found = isotonic(values, [1.0] * len(values))
    assert (np.diff(found) >= -1e-9).all()
    assert found.mean() == pytest.approx(np.mean(values), abs=1e-6)
    assert isotonic(found.tolist(), [1.0] * len(values)) == pytest.approx(found)


def test_confidence_is_what_was_measured() -> None:
    references = [f"Das ist Satz Nummer {n}." for n in range(300)]
    texts = [reference if n % 3 else "Ganz etwas anderes" for n, reference in enumerate(references)]
    scores = [-0.1 - n / 3000 if n % 3 else -2.0 - n / 3000 for n in range(300)]
    confidence = Confidence(**fit_confidence(scores, texts, references))
    assert confidence(-0.1) > 0.95
    assert confidence(-2.1) < confidence.sure_from
    assert not math.isnan(confidence(-99))


def test_calibration_is_the_distance_of_what_was_foretold() -> None:
    expected = np.linspace(0.3, 0.9, 200)
    measured = np.where(np.arange(200) % 2, expected + 0.1, expected - 0.1)

    assert calibration(expected, measured)["error"] == pytest.approx(0, abs=0.01)
    assert calibration(expected, expected - 0.2)["error"] == pytest.approx(0.2)
    assert calibration(expected, measured)["correlation"] > 0.8
    assert calibration([0.5, 0.5], [0.4, 0.8]) == {
        "error": pytest.approx(0.2),
        "correlation": 0.0,
        "groups": [[0.5, 0.4], [0.5, 0.8]],
    }
