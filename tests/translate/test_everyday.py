"""The blind sets: everyday sentences that were written to be read, and are never trained on."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from tightrope_translate.forms import Form
from tightrope_translate.numerals import agree

from .standins import shipped_engine

FOLDER = Path(__file__).parent / "everyday"
DIRECTIONS = ("en-de", "de-en")
SETS = ("first", "second", "third")
DOMAINS = {"hotel", "food", "way", "emergency", "shopping", "smalltalk"}


def rows(name: str, direction: str) -> list[list[str]]:
    lines = (FOLDER / name / f"{direction}.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "domain\tsource\treference"
    return [line.split("\t") for line in lines[1:]]


def plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".!?")


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_hundred_sentences_over_all_domains(name: str, direction: str) -> None:
    found = rows(name, direction)
    assert len(found) == 100
    assert {len(row) for row in found} == {3}
    counts = Counter(domain for domain, _, _ in found)
    assert set(counts) == DOMAINS
    assert min(counts.values()) >= 15
    sides = [row[1:] if direction == "en-de" else row[:0:-1] for row in found]
    disagree = [pair for pair in sides if not agree(Form.of(pair[0], "en", "de").text, pair[1], "en", "de")]
    assert len(disagree) <= 3, disagree  # 'im siebten Monat' is seven months, 'zu dritt' three of us


def test_none_of_them_stands_in_the_training_texts(shared_data: Path) -> None:
    known = set()
    for file in (shared_data / "mt-en-de").glob("*.tsv"):
        for line in file.read_text(encoding="utf-8").splitlines():
            known.update(plain(text) for text in line.split("\t")[:2])
    for name, direction in product(SETS, DIRECTIONS):
        assert not [row for row in rows(name, direction) if plain(row[1]) in known or plain(row[2]) in known]


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_what_is_sure_has_its_numbers_and_most_is_sure(name: str, direction: str) -> None:
    source, target = direction.split("-")
    shipped = shipped_engine()
    sentences = [row[1] for row in rows(name, direction)]
    found = shipped.translator(source, target).translate(sentences)
    sure = [(sentence, one.text) for sentence, one in zip(sentences, found, strict=True) if one.sure]
    assert all(agree(Form.of(sentence, source, target).text, text, source, target) for sentence, text in sure)
    assert len(sure) >= 0.8 * len(sentences)
