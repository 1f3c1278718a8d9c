"""The phrase book and the nouns that a network is trained on: well formed, rightly declined, and never tested on."""

from __future__ import annotations

import re
from collections import Counter
from itertools import product
from math import ceil
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope_translate.batches import Batches, Choice
from tightrope_translate.corpus import Corpus, read_phrase_book
from tightrope_translate.nouns import TEMPLATES, Noun, nouns, with_nouns
from tightrope_translate.vocabulary import Vocabulary

from .test_everyday import DIRECTIONS, SETS, rows

KEY = Noun("key", "keys", "der Schlüssel", "Schlüssel")
ROOM = Noun("old town", "old towns", "die Altstadt", "Altstädte")
BED = Noun("bed", "beds", "das Bett", "Betten")
NEAR = 0.6  # of the words of two sentences together that both have


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


def test_no_sentence_is_near_one_of_the_blind_set() -> None:
    book = read_phrase_book()
    assert len(book) > 4000
    blind = [
        words(text)
        for name, direction in product(SETS, DIRECTIONS)
        for row in rows(name, direction)
        for text in row[1:3]
    ]
    having: dict[str, list[int]] = {}
    for index, theirs in enumerate(blind):
        for word in theirs:
            having.setdefault(word, []).append(index)

    def near(text: str) -> bool:
        ours = words(text)
        # What is near has so many of our words that it has one at least of the few that fewest sentences have.
        few = len(ours) - ceil(NEAR * len(ours)) + 1
        rarest = sorted(ours, key=lambda word: len(having.get(word, ())))[:few]
        candidates = {index for word in rarest for index in having.get(word, ())}
        return any(len(ours & blind[index]) >= NEAR * len(ours | blind[index]) for index in candidates)

    assert all(near(row[1]) for row in rows("first", "en-de"))

    assert [text for text in (*book.english, *book.german) if near(text)] == []


def test_the_phrase_book_has_no_line_twice_and_no_loose_ends() -> None:
    book = read_phrase_book()
    assert max(Counter(text.lower() for text in book.english).values()) == 1
    for text in (*book.english, *book.german):
        assert text == text.strip()
        assert "\t" not in text
        assert len(text.split()) <= 20


def test_every_noun_has_its_article_and_no_bracket() -> None:
    for noun in nouns():
        assert noun.german.split(" ", 1)[0] in ("der", "die", "das"), noun
        assert all(re.fullmatch(r"[\w\-’'. ]+", text) for text in noun), noun


@pytest.mark.parametrize(
    ("noun", "forms"),
    [
        (KEY, "der kleine Schlüssel|den kleinen Schlüssel|dem kleinen Schlüssel|ein kleiner Schlüssel|"
              "einen kleinen Schlüssel|einem kleinen Schlüssel|die kleinen Schlüssel"),
        (ROOM, "die kleine Altstadt|die kleine Altstadt|der kleinen Altstadt|eine kleine Altstadt|"
               "eine kleine Altstadt|einer kleinen Altstadt|die kleinen Altstädte"),
        (BED, "das kleine Bett|das kleine Bett|dem kleinen Bett|ein kleines Bett|"
              "ein kleines Bett|einem kleinen Bett|die kleinen Betten"),
    ],
)  # fmt: skip
def test_declension(noun: Noun, forms: str) -> None:
    found = noun.german_forms("klein")
    assert "|".join(found[name] for name in ("der", "den", "dem", "ein", "einen", "einem", "die")) == forms
    plain = noun.german_forms()
    assert found["den"].split()[::2] == plain["den"].split()


def test_the_english_article() -> None:
    assert KEY.english_forms()["a"] == "a key"
    assert ROOM.english_forms()["a"] == "an old town"
    assert KEY.english_forms("old")["a"] == "an old key"
    assert KEY.english_forms("other")["a"] == "another key"


@given(st.integers(0, 2**32))
def test_a_sentence_around_nouns_is_filled_on_both_sides(seed: int) -> None:
    pair = with_nouns(Random(seed))
    assert pair == with_nouns(Random(seed))
    for text in pair:
        assert "{" not in text
        assert text[0] == text[0].upper()
        assert "  " not in text
    assert ("?" in pair.english) == ("?" in pair.german)


def test_every_template_can_be_drawn() -> None:
    rng = Random(0)
    endings = {english.rsplit("]}", 1)[-1] for english, _ in TEMPLATES}
    drawn = [with_nouns(rng).english for _ in range(4000)]
    assert all(any(text.endswith(ending) for text in drawn) for ending in endings)


def test_batches_hold_made_up_sentences_when_asked(corpus: Corpus, vocabulary: Vocabulary) -> None:
    known = {*corpus.english, *corpus.german}
    plain, mixed = (Batches(corpus, vocabulary, Choice("en-de", nouns=share)) for share in (0.0, 0.5))
    english = {noun.english for noun in nouns()}

    def made(stream: Batches) -> int:
        rng = Random(1)
        pairs = [stream.pair(index % len(corpus), rng) for index in range(400)]
        return sum(
            pair.english not in known and any(noun in pair.english.lower() for noun in english) for pair in pairs
        )

    assert made(mixed) > made(plain) + 100
