"""Lag and flicker by the papers' formulas, and the typist who is replayed to measure them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope_translate.live import Live
from tightrope_translate.live.lag import erasure, lagging, settled_at
from tightrope_translate.live.typist import CHARACTERS_PER_S, PAUSE_S, Timed, replay

from .live_engines import Said, Shouting

WORDS = st.lists(st.sampled_from("abc"), max_size=5)


def test_erasure_counts_what_is_taken_back() -> None:
    assert erasure([["a"], ["a", "b"], ["a", "c", "d", "e"]]) == 0.25
    assert erasure([["a", "b"], [], ["a"]]) == 2
    assert erasure([["a"], ["a", "b"]]) == erasure([[]]) == 0


def test_a_word_settles_when_it_and_all_before_it_stay() -> None:
    assert settled_at([["a"], ["x", "b"], ["a", "b"], ["a", "b", "c"]]) == [2, 2, 3]
    assert settled_at([["a"], ["a"]]) == [0]


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_settled_words_are_never_shown_otherwise_again(shown: list[list[str]]) -> None:
    found = settled_at(shown)
    for position, update in enumerate(found):
        prefix = shown[-1][: position + 1]
        assert all(words[: position + 1] == prefix for words in shown[update:])
        assert update == 0 or shown[update - 1][: position + 1] != prefix
    assert found == sorted(found)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_average_lagging_of_wait_k_is_k(k: int) -> None:
    length = 10
    delays = [float(min(length, step + k)) for step in range(length)]
    assert lagging(delays, length, length) == pytest.approx(k)


def test_laal_does_not_reward_writing_too_much() -> None:
    delays = [2.0, 2.0, 2.0, 2.0, 4.0, 4.0]
    al, laal = lagging(delays, 4, len(delays)), lagging(delays, 4, max(len(delays), 4))
    assert al == laal == pytest.approx((8 - 4 / 6 * (0 + 1 + 2 + 3) + 4 - 4 / 6 * 4) / 5)
    short = [4.0, 4.0]
    assert lagging(short, 4, 2) == lagging(short, 4, 8) == 4, "all is written at the end"
    assert lagging([1.0, 4.0], 4, 2) == 1.5
    assert lagging([1.0, 4.0], 4, 8) == pytest.approx((1 + 4 - 0.5) / 2)
    assert lagging([], 4, 4) == 0


class Slow(Shouting):
    """Takes its time, and no longer when it is asked again."""

    def translate(self, text: str, source: str, target: str) -> Said:
        time.sleep(0.002)
        return super().translate(text, source, target)


def test_a_replayed_typist_waits_for_what_was_measured() -> None:
    text = "Where is it now?"
    timed = Timed(Slow())
    session = replay(text, Live(timed, "en", "de", mask=0, agree=1), timed)
    assert session.final == text.upper()
    assert session.shown[-1] == text.upper().split()
    assert session.erasure == 0
    assert len(session.waits_ms) == len(session.worked) == len(text)
    assert sum(session.worked) == len(["Where ", "Where is ", "Where is it ", text])
    assert all(wait >= 2 for wait, worked in zip(session.waits_ms, session.worked, strict=True) if worked)
    assert len(text) / CHARACTERS_PER_S + PAUSE_S <= session.at_s[-1]
    assert session.lag_words() == 1.0, "each word is there when the source's is complete"
    again = replay(text, Live(timed, "en", "de", mask=0, agree=1), timed)
    assert (again.shown, again.read) == (session.shown, session.read)


class Stuck:
    """A Timed that says every sentence took a second: five keys."""

    def __init__(self) -> None:
        self.engine, self.measured_s, self.waited_s = Shouting(), 0.0, 0.0

    def detect(self, text: str) -> list[tuple[str, float]]:
        return self.engine.detect(text)

    def translate(self, text: str, source: str, target: str) -> Said:
        self.measured_s += 1.0
        return self.engine.translate(text, source, target)


def test_keys_that_come_meanwhile_are_taken_together() -> None:
    stuck = Stuck()
    text = "a b c d e f g h."
    session = replay(text, Live(stuck, "en", "de", mask=0, agree=1), stuck)  # type: ignore[arg-type]
    assert session.final == text.upper()
    assert len(stuck.engine.asked) < len(text.split())
    assert len(session.waits_ms) == len(text)
    assert max(session.waits_ms) >= 1000
