"""Whole texts: what is between the sentences stays, and what is not to be translated is left alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tightrope.errors import ArtifactError, BadInputError
from tightrope_translate.engine import Engine
from tightrope_translate.segments import split
from tightrope_translate.vocabulary import Vocabulary

from .standins import UNSURE, Repeating, Scripted, StandInEngine, shipped_engine

ANSWERS = {
    "Where is the station?": "Wo ist der Bahnhof?",
    "I am tired.": "Ich bin müde.",
    "Wo ist der Bahnhof?": "Where is the station?",
    "The dog barks loudly.": ("Die Katze.", UNSURE),
}


@pytest.fixture
def engine(vocabulary: Vocabulary) -> Engine:
    return StandInEngine(Scripted(vocabulary, ANSWERS), vocabulary)


@pytest.fixture(scope="module")
def shipped() -> Engine:
    return shipped_engine()


def test_white_space_and_lists_stay(engine: Engine) -> None:
    text = "\n  - Where is the station?   I am tired.\n\n\t* I am tired.\r\n"
    result = engine.translate(text, "en", "de")
    assert result.text == "\n  - Wo ist der Bahnhof?   Ich bin müde.\n\n\t* Ich bin müde.\r\n"
    assert len(result.segments) == len(split(text))


def test_the_other_language_is_the_target(engine: Engine) -> None:
    there = engine.translate("Where is the station?", target="auto")
    back = engine.translate("Wo ist der Bahnhof?", target="auto")
    assert (there.source, there.target, there.text) == ("en", "de", "Wo ist der Bahnhof?")
    assert (back.source, back.target, back.text) == ("de", "en", "Where is the station?")


@pytest.mark.parametrize(
    "text",
    [
        "Das ist schon auf Deutsch geschrieben.",
        "12:30",
        "🙂 → ❤️",
        "東京駅",
        "import os; print(os.sep(1)[2])",
        "",
        " \n",
    ],
)
def test_what_is_not_to_be_translated(engine: Engine, text: str) -> None:
    result = engine.translate(text, target="de")
    assert (result.text, result.sure) == (text, True)


def test_a_third_language_comes_back_and_is_not_sure(engine: Engine) -> None:
    text = "Où est la gare ? Je voudrais une chambre pour deux nuits."
    result = engine.translate(text, target="de")
    assert (result.text, result.source, result.sure) == (text, "auto", False)


def test_a_sentence_in_the_target_language_between_others(engine: Engine) -> None:
    result = engine.translate("I am tired. Das habe ich dir doch schon gesagt. I am tired.", "en", "de")
    assert result.text == "Ich bin müde. Das habe ich dir doch schon gesagt. Ich bin müde."


def test_one_unsure_sentence_makes_the_text_unsure(engine: Engine) -> None:
    result = engine.translate("I am tired. The dog barks loudly.", "en", "de")
    assert [segment.sure for segment in result.segments] == [True, False]
    assert result.text.startswith("Ich bin müde. [nicht sicher: ")
    assert result.draft == "Ich bin müde. Die Katze."
    assert not result.sure


@settings(deadline=None)
@given(st.lists(st.text(max_size=80) | st.sampled_from([*ANSWERS, "Hello.\nOne, two."]), max_size=5))
@example(["ein ²m"])
def test_many_at_once_are_each_alone(vocabulary: Vocabulary, texts: list[str]) -> None:
    engine = StandInEngine(Repeating(), vocabulary)
    assert engine.translate_all(texts, target="de") == [engine.translate(text, target="de") for text in texts]


def test_languages_that_there_are_not(engine: Engine) -> None:
    with pytest.raises(BadInputError, match="no language 'fr'"):
        engine.translate("x", "en", "fr")
    with pytest.raises(BadInputError, match=r"no language 'ed' .*known: de, en|did you mean"):
        engine.translate("x", "ed", "de")


def test_models_are_loaded_when_they_are_needed(tmp_path: Path) -> None:
    engine = Engine.open(tmp_path)
    assert engine.translate("12:30", target="de").text == "12:30"
    with pytest.raises(ArtifactError, match="en-de-int8"):
        engine.translate("Where is the station?", target="de")


def test_lone_surrogates_do_no_harm(engine: Engine) -> None:
    assert engine.translate("\ud800 I am tired.", "en", "de").text == "? Ich bin müde."


def test_shipped_models_translate(shipped: Engine) -> None:
    assert "Bahnhof" in shipped.translate("Where is the station?").text
    assert "station" in shipped.translate("Wo ist der Bahnhof?", target="en").text
    result = shipped.translate("The train leaves at 7:45 from platform 12, but I don't have 12.50 euros.", "en", "de")
    assert not result.sure or all(number in result.text for number in ("7:45", "12", "12,50"))


def test_threads_share_an_engine(shipped: Engine) -> None:
    texts = [f"Room {number} costs {number + 40} euros." for number in range(40)]
    alone = [shipped.translate(text, "en", "de").text for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: shipped.translate(text, "en", "de").text, texts)) == alone


def test_alternatives_say_it_otherwise_and_keep_facts(shipped: Engine) -> None:
    text = "The train to Munich leaves at 7:45, not at 8.\n"
    found = shipped.alternatives(text, "auto", "de", 5)
    assert len(set(found)) == len(found) <= 5
    assert shipped.translate(text, "en", "de").text not in found
    assert found, "a beam finds several ways to say it"
    assert all("7:45" in other and "nicht" in other and other.endswith("\n") for other in found)
    assert all("8" in other or "acht" in other for other in found)
    assert shipped.alternatives("Where is the station?", "en", "de", 3)


@pytest.mark.parametrize(
    "text", ["", "12:30", "Exit", "Where is it? Over there.", "Wo ist der Bahnhof in dieser Stadt?"]
)
def test_of_these_there_are_no_alternatives(shipped: Engine, text: str) -> None:
    assert shipped.alternatives(text, "auto", "de", 3) == []
