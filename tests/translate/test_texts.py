"""Corpus, vocabulary and augmentation: what may be trained on, and that both sides of a pair stay translations."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope.errors import ArtifactError, BadInputError
from tightrope_translate import facts
from tightrope_translate.augment import KNOWN, augment, disturb
from tightrope_translate.corpus import LICENCES, Corpus, read_pairs, read_training
from tightrope_translate.templates import TEMPLATES, Pair, templated
from tightrope_translate.vocabulary import END, SLOTS, UNKNOWN, Vocabulary, fit

from .conftest import LINES, SMALL

PAIRS = (
    Pair("Tom's train leaves at 7:45.", "Toms Zug fährt um 7:45 Uhr."),
    Pair("Mary paid 12 dollars for 3 books.", "Maria bezahlte 12 Dollar für 3 Bücher."),
    Pair("Tom and John live in Boston.", "Tom und John leben in Boston."),
    Pair("He was born in 1987.", "Er wurde 1987 geboren."),
    Pair("Is that a promise?", "Ist das ein Versprechen?"),
)
ENGLISH_LONGEST = 300  # characters; an augmented sentence stays a sentence


def digits(text: str) -> list[str]:
    return sorted(re.findall(r"\d+", text.replace("⟦", "<").replace("⟧", ">")))


def test_share_alike_and_unlicensed_rows_are_left_out(corpus: Corpus) -> None:
    assert len(corpus) == LINES + 3
    assert "Find text" in corpus.english
    assert "Share alike" not in corpus.english
    assert not any("SA" in licence for licence in LICENCES)


def test_real_training_texts(shared_data: Path) -> None:
    folder = shared_data / "mt-en-de"
    corpus = read_training(folder)
    assert len(corpus) == 191_903
    held_out = {*read_pairs(folder / "tatoeba.dev.tsv").english, *read_pairs(folder / "tatoeba.test.tsv").english}
    everyday = [text for text, turns in zip(corpus.english, corpus.turns, strict=True) if turns == 1]
    assert not held_out & set(everyday)


def test_a_line_without_a_tab_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("one\teins\ntwo zwei\n", encoding="utf-8")
    with pytest.raises(BadInputError, match=r"pairs\.tsv:2 has no tab"):
        read_pairs(path)
    with pytest.raises(BadInputError, match="cannot read sentences"):
        read_pairs(tmp_path / "missing.tsv")


def test_vocabulary_is_the_same_every_time(corpus: Corpus, model: Path, vocabulary: Vocabulary) -> None:
    assert fit(corpus, SMALL) == model.read_bytes()
    assert len(vocabulary) == SMALL


@given(
    st.lists(st.sampled_from(["7", "10:05", "Zug", "naïve", "漢字", "a@b.de", "{name}", "%s", SLOTS[0], "Grüße,", "€"]))
)
def test_what_is_encoded_comes_back(vocabulary: Vocabulary, words: list[str]) -> None:
    text = " ".join(words)
    (numbers,) = vocabulary.encode([text])
    assert numbers[-1] == END
    assert UNKNOWN not in numbers
    assert vocabulary.decode([numbers]) == [text]


def test_digits_and_slots_stand_alone(vocabulary: Vocabulary) -> None:
    pieces = vocabulary.pieces.encode("1987 ⟦3⟧", out_type=str)
    assert [piece for piece in pieces if piece != "▁"] == ["1", "9", "8", "7", SLOTS[2]]


def test_no_vocabulary(tmp_path: Path) -> None:
    (tmp_path / "broken.model").write_bytes(b"not a model")
    for name in ("broken.model", "missing.model"):
        with pytest.raises(ArtifactError, match="is no vocabulary"):
            Vocabulary(tmp_path / name)


@given(st.sampled_from(PAIRS), st.integers(0, 2**32))
def test_augmented_sides_keep_the_same_facts(pair: Pair, seed: int) -> None:
    changed = augment(pair, Random(seed))
    assert changed == augment(pair, Random(seed))
    assert digits(changed.english) == digits(changed.german)
    for slot in SLOTS:
        assert changed.english.count(slot) == changed.german.count(slot)
    for english, german, _ in KNOWN:
        if english in pair.english:
            assert (english.lower() in changed.english.lower()) == (german.lower() in changed.german.lower())
    assert 0 < len(changed.english) < ENGLISH_LONGEST


def test_augmentation_does_each_of_its_things() -> None:
    rng = Random(0)
    changed = [augment(pair, rng) for pair in PAIRS for _ in range(400)]
    texts = [text for pair in changed for text in pair]
    assert any(text.isupper() for text in texts)
    assert any("Is That A Promise?" in text for text in texts)
    assert any(text.endswith("geboren") for text in texts)
    assert any(text.startswith(SLOTS[0]) for text in texts)
    assert len({pair.english for pair in changed}) > len(changed) / 4


@given(st.sampled_from([pair.german for pair in PAIRS]), st.integers(0, 2**32))
def test_a_disturbed_source_keeps_its_digits_and_most_letters(source: str, seed: int) -> None:
    disturbed = disturb(source, Random(seed))
    assert digits(disturbed) == digits(source)
    assert abs(len(disturbed) - len(source)) <= len(re.findall("[äöüß]", source)) + 1


@given(st.integers(0, 2**32))
def test_a_template_says_the_same_on_both_sides(seed: int) -> None:
    pair = templated(Random(seed))
    assert facts.kept(pair.english, pair.german), pair
    assert "{" not in pair.english + pair.german


def test_every_template_fills() -> None:
    rng = Random(0)
    openings = {english.split("{")[0].split()[0] for english, _ in TEMPLATES if not english.startswith("{")}
    drawn = {templated(rng).english.split()[0] for _ in range(4000)}
    assert openings <= drawn


@pytest.mark.parametrize("language", ["en", "de"])
def test_facts_are_drawn_alike_and_not_from_templates(language: str) -> None:
    sentences = facts.drawn(language, 50)
    assert sentences == facts.drawn(language, 50)
    assert all(facts.NUMBER.search(text) or facts.NAME.search(text) for text in sentences)
    assert not set(facts.CARRIERS[language]) & {text for pair in TEMPLATES for text in pair}


def test_facts_kept_and_lost() -> None:
    assert facts.kept("It costs 3.50 euros at 7:45.", "Um 7:45 Uhr kostet es 3,50 Euro.")
    assert not facts.kept("It leaves at 7:45.", "Es fährt um 755.")
    assert not facts.kept("Anna is in Berlin.", "Anna ist in Bern.")
    assert facts.negative("I don't know.", "en")
    assert facts.negative("Das ist kein Problem.", "de")
    assert not facts.negative("Das ist ein Problem.", "de")
