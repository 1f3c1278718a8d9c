"""Spans that must not be translated are hidden and come back exactly, or the caller is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope_translate.slots import converted, cover
from tightrope_translate.vocabulary import SLOTS


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("Send {name} €12.50 by 7:45.", "Send ⟦1⟧ ⟦5⟧ by ⟦6⟧."),
        ("See https://example.org/a_b?q=1, please.", "See ⟦1⟧, please."),
        ("Write to anna.b@example.com.", "Write to ⟦1⟧."),
        ("<b>Stop</b> at %s or %1$s", "⟦1⟧Stop⟦2⟧ at ⟦3⟧ or ⟦4⟧"),
        ("I have 2 dogs and 12 cats.", "I have 2 dogs and ⟦5⟧ cats."),
        ("Run `make 10` in 1987.", "Run ⟦1⟧ in ⟦5⟧."),
        ("A 100% chance, room B12", "A ⟦5⟧% chance, room B12"),
    ],
)
def test_what_is_hidden(text: str, covered: str) -> None:
    found = cover(text, "en", "en")
    assert found.text == covered
    assert found.uncover(covered) == text


def test_a_lost_or_doubled_slot_is_told() -> None:
    covered = cover("The train leaves at 7:45 from track 12.", "en", "de")
    assert covered.uncover("Der Zug fährt um ⟦5⟧ Uhr von Gleis ⟦6⟧ ab.") == "Der Zug fährt um 7:45 Uhr von Gleis 12 ab."
    assert covered.uncover("Um ⟦6⟧, ⟦5⟧") == "Um 12, 7:45"
    for wrong in ("Der Zug fährt um ⟦5⟧ Uhr.", "⟦5⟧ ⟦6⟧ ⟦5⟧", "⟦5⟧ ⟦7⟧", "nichts"):
        assert covered.uncover(wrong) is None


@pytest.mark.parametrize(
    ("english", "german"),
    [("3.50", "3,50"), ("12,500", "12.500"), ("1,234,567.89", "1.234.567,89"), ("7:45", "7:45"), ("1987", "1987")],
)
def test_numbers_are_written_as_the_language_does(english: str, german: str) -> None:
    assert converted(english, "en", "de") == german
    assert converted(german, "de", "en") == english
    assert converted(english, "en", "en") == english


@pytest.mark.parametrize("other", ["24.12.2024", "1.2.3", "12,50,3"])
def test_dates_and_versions_stay(other: str) -> None:
    assert converted(other, "en", "de") == other


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["{a}", "12", "3.5", "a@b.de", *SLOTS[:2], "<i>", "x"])).map(" ".join)
)
def test_any_text_comes_back(text: str) -> None:
    covered = cover(text, "de", "de")
    assert sum(covered.text.count(slot) for slot in SLOTS) >= len(covered.spans)
    restored = covered.uncover(covered.text)
    assert restored == text or any(text.count(slot) > 1 for slot in SLOTS)
