"""Lines become rows, paragraphs and items of lists, in the order in which one reads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tightrope_translate.image.boxes import Box
from tightrope_translate.image.ink import Colours
from tightrope_translate.image.layout import continues, joined, paragraphs_of
from tightrope_translate.image.lines import Line

WHITE = Colours((255, 255, 255), (0, 0, 0), (0, 0, 0), 0.2)
RED = Colours((0, 0, 200), (255, 255, 255), (255, 255, 255), 0.2)


def line(text: str, left: float, middle: float, height: float = 20, turn: float = 0) -> Line:
    """A line of text, 10 pixels a letter, on a page that is turned about (300, 300)."""
    width = 10.0 * len(text)
    x, y = left + width / 2 - 300, middle - 300
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return Line(text, 0.9, Box(300 + cos * x - sin * y, 300 + sin * x + cos * y, width, height, turn))


def texts(lines: list[Line], colours: list[Colours] | None = None) -> list[str]:
    return [one.text for one in paragraphs_of(lines, colours or [WHITE] * len(lines))]


@settings(deadline=None)
@given(st.permutations(range(5)), st.floats(-170, 170))
def test_a_sign_is_read_in_order_however_it_is_found_and_turned(order: list[int], turn: float) -> None:
    sign = [
        line("Opening hours", 100, 100, 30, turn),
        line("Monday to", 100, 160, 20, turn),
        line("Friday", 200, 160, 20, turn),
        line("from 8:30", 100, 182, 20, turn),
        line("Closed on Sundays", 100, 240, 20, turn),
    ]

    assert texts([sign[k] for k in order]) == ["Opening hours", "Monday to Friday from 8:30", "Closed on Sundays"]


def test_columns_are_read_one_after_the_other() -> None:
    left = [line("Please keep", 50, 100 + 22 * k) if k == 0 else line("off the grass", 50, 122) for k in range(2)]
    right = [line("Bitte nicht auf", 400, 100), line("den Rasen treten", 400, 122)]

    assert texts([right[1], left[0], right[0], left[1]]) == [
        "Please keep off the grass",
        "Bitte nicht auf den Rasen treten",
    ]


def test_a_change_of_ground_or_size_ends_a_paragraph() -> None:
    assert texts([line("NOTICE", 50, 100), line("DO NOT ENTER", 50, 122)], [RED, WHITE]) == ["NOTICE", "DO NOT ENTER"]
    assert texts([line("Sale of the", 50, 100, 20), line("year", 50, 130, 34)]) == ["Sale of the", "year"]


def test_items_of_a_list_stay_apart_and_keep_to_the_left() -> None:
    found = paragraphs_of(
        [line("Sports Centre", 50, 100), line("Car Parks", 50, 122), line("Wivenhoe Park", 50, 144)], [WHITE] * 3
    )

    assert [one.text for one in found] == ["Sports Centre", "Car Parks", "Wivenhoe Park"]
    assert not any(one.centred for one in found)


@pytest.mark.parametrize(
    ("text", "following", "expected"),
    [
        ("Please do not", "feed the animals.", True),
        ("NO", "PARKING", True),
        ("Bitte verlassen Sie Ihr", "Zimmer bis 11 Uhr.", True),
        ("Exit", "Toilets", False),
        ("Apple cake 4,50 €", "Fried fish", False),
        ("Damen,", "Herren", True),
    ],
)
def test_whether_a_line_goes_on(text: str, following: str, expected: bool) -> None:
    assert continues(text, following) is expected


def test_a_broken_word_is_made_whole() -> None:
    assert (
        joined(["Bitte Fuß-", "gänger beachten,", "Ein- und", "Ausfahrt"])
        == "Bitte Fußgänger beachten, Ein- und Ausfahrt"
    )
    assert joined(["Ein-", "und Ausfahrt"]) == "Ein- und Ausfahrt"


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.text("abc ", min_size=1, max_size=9).filter(str.strip), st.floats(0, 600), st.floats(0, 600)),
        max_size=12,
    )
)
def test_no_line_is_lost_or_read_twice(places: list[tuple[str, float, float]]) -> None:
    lines = [line(f"{text}{k}", x, y) for k, (text, x, y) in enumerate(places)]
    found = paragraphs_of(lines, [WHITE] * len(lines))

    pieces = [piece.text for one in found for row in one.rows for piece, _ in row.pieces]
    assert sorted(pieces) == sorted(one.text for one in lines)
