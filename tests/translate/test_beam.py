"""A beam finds what the likeliest word at every step misses, however sentences are batched."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tightrope_translate.beam import beam
from tightrope_translate.constrained import MOST, constrained
from tightrope_translate.graphs import END, Wanted, Written

WORDS = np.array([END, 3, 5, 8])


class Chain:
    """A network whose next word depends on the last one and on the sentence: `table` [sentences, last, next]."""

    memory = ("sentence",)

    def __init__(self, table: NDArray[np.float64]) -> None:
        self.table = table
        self.step = self

    def read(self, source: NDArray[np.int64], tags: NDArray[np.int64]) -> dict[str, Any]:
        state = np.zeros((1, len(source), 1), np.float32)
        return {"tokens": tags, "words": WORDS, "state": state, "sentence": source[:, :1]}

    def run(self, feeds: dict[str, Any]) -> list[Any]:
        last = np.searchsorted(WORDS, feeds["tokens"]) % len(WORDS)
        return [self.table[feeds["sentence"][:, 0], last].astype(np.float32), feeds["state"] + 1]


def score(table: NDArray[np.float64], sentence: int, tokens: list[int]) -> float:
    last, total = 0, 0.0
    for token in [*tokens, END]:
        chosen = int(np.searchsorted(WORDS, token))
        total += float(np.log(np.float32(table[sentence, last, chosen])))
        last = chosen
    return total / (len(tokens) + 1)


def search(table: NDArray[np.float64], sentences: list[int], width: int) -> list[Written]:
    source = np.array([[sentence, 0] for sentence in sentences])
    return beam(Chain(table), source, np.full(len(sentences), END), width)  # type: ignore[arg-type]


def test_the_first_word_need_not_be_the_likeliest() -> None:
    table = np.full((1, 4, 4), 0.01)
    table[0, 0] = (0.01, 0.55, 0.43, 0.01)  # greedily word 3 comes first
    table[0, 1] = (0.25, 0.25, 0.25, 0.25)  # after which nothing is likely
    table[0, 2] = (0.97, 0.01, 0.01, 0.01)  # after 5 it ends for sure
    (found,) = search(table, [0], 3)
    assert found.tokens == [5]
    assert found.score == pytest.approx((np.log(0.43) + np.log(0.97)) / 2, abs=1e-5)
    assert [3] in [other.tokens for other in found.others]


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_scores_are_those_of_the_words_and_batches_change_nothing(seed: int, width: int) -> None:
    table = np.random.default_rng(seed).dirichlet(np.full(4, 0.5), (3, 4)).clip(1e-4)
    together = search(table, [0, 1, 2], width)
    for sentence, found in enumerate(together):
        (alone,) = search(table, [sentence], width)
        assert found.tokens == alone.tokens
        for one in (found, *found.others):
            assert one.score == pytest.approx(score(table, sentence, one.tokens), abs=1e-4)
        assert all(other.score <= found.score for other in found.others)


def test_a_wide_beam_finds_the_best_of_all() -> None:
    table = np.random.default_rng(5).dirichlet(np.full(4, 0.5), (1, 4)).clip(1e-4)
    every = [list(tokens) for length in range(4) for tokens in product(WORDS[1:].tolist(), repeat=length)]
    best = max(score(table, 0, tokens) for tokens in every)
    assert search(table, [0], 4)[0].score >= best - 1e-4


def asked(table: NDArray[np.float64], wanted: Wanted, width: int = 4) -> Written | None:
    return constrained(Chain(table), np.array([[0, 0, 0]]), np.array([END]), wanted, width)  # type: ignore[arg-type]


def has(tokens: list[int], phrase: list[int]) -> bool:
    return any(tokens[place : place + len(phrase)] == phrase for place in range(len(tokens)))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.lists(st.lists(st.sampled_from([3, 5, 8]), min_size=1, max_size=2), max_size=3))
def test_what_is_asked_for_is_there(seed: int, phrases: list[list[int]]) -> None:
    table = np.random.default_rng(seed).dirichlet(np.full(4, 0.5), (1, 4)).clip(1e-4)
    found = asked(table, Wanted(phrases))
    if not phrases:
        assert found is None
        return
    assert found is not None
    assert all(has(found.tokens, phrase) for phrase in phrases)
    assert found.score == pytest.approx(score(table, 0, found.tokens), abs=1e-4)


def test_the_likeliest_place_is_found() -> None:
    table = np.full((1, 4, 4), 0.01)
    table[0, 0] = (0.02, 0.9, 0.04, 0.04)
    table[0, 1] = (0.9, 0.02, 0.04, 0.04)  # freely it would be 3 and the end
    table[0, 3] = (0.02, 0.02, 0.9, 0.06)
    table[0, 2] = (0.9, 0.02, 0.04, 0.04)
    found = asked(table, Wanted([[8, 5]]))
    assert found is not None
    assert found.tokens in ([3, 8, 5], [8, 5])
    alone = asked(table, Wanted([[8, 5]], only_there={5, 3}))
    assert alone is not None
    assert alone.tokens == [8, 5]


def test_a_phrase_stands_where_it_may() -> None:
    table = np.full((1, 4, 4), 0.25)
    table[0, 0] = (0.01, 0.97, 0.01, 0.01)
    found = asked(table, Wanted([[5]], not_after={3}, inside=[8]))
    assert found is not None
    assert not has(found.tokens, [3, 5])
    assert not has(found.tokens, [5, 8])


def test_too_much_is_not_asked_for() -> None:
    table = np.full((1, 4, 4), 0.25)
    assert asked(table, Wanted([[5]] * (MOST + 1))) is None
