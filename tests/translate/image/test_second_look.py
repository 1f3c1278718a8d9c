"""What is doubtful is read once more, enlarged; what is sure stays; and the time is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tightrope.runtime.clock import FakeClock
from tightrope_translate.image.boxes import Box
from tightrope_translate.image.lines import Line
from tightrope_translate.image.pictures import WORKING_SIDE, Picture, read_photograph, write_picture
from tightrope_translate.image.reader import Reader, readable
from tightrope_translate.image.second_look import MOST, SURE, SecondLook, patch

from .conftest import SCENES

PICTURE = np.full((200, 400, 3), 128, np.uint8)


class Second:
    """Stands in for the reader: reads the same in every piece, and takes its time."""

    def __init__(self, text: str, confidence: float, clock: FakeClock | None = None, seconds: float = 0.0) -> None:
        self._text, self._confidence, self._clock, self._seconds = text, confidence, clock, seconds
        self.asked = 0

    def line(self, picture: Picture, box: Box) -> Line:
        self.asked += 1
        if self._clock is not None:
            self._clock.advance(self._seconds)
        return Line(self._text, self._confidence, box)

    def look(self, picture: Picture) -> list[Line]:
        return []


def line(text: str, confidence: float, y: float = 100.0) -> Line:
    return Line(text, confidence, Box(200, y, 120, 20, 10))


def second(reader: Second, clock: FakeClock | None = None) -> SecondLook:
    return SecondLook(reader, clock)  # type: ignore[arg-type]


def test_what_is_sure_is_not_looked_at_again() -> None:
    lines, reader = [line("Exit", 0.99), line("Ticket office", SURE)], Second("Something else", 1.0)

    assert second(reader).look(lines, PICTURE) == lines
    assert reader.asked == 0


def test_the_surer_reading_wins_where_it_stood() -> None:
    (found,) = second(Second("Exit", 0.97)).look([line("Ex1t", 0.7)], PICTURE)

    assert (found.text, found.confidence) == ("Exit", 0.97)
    assert (found.box.x, found.box.y, found.box.angle) == pytest.approx((200, 100, 10), abs=0.5)
    assert (found.box.width, found.box.height) == pytest.approx((120, 20), abs=0.5)


@pytest.mark.parametrize(("text", "confidence"), [("Exlt", 0.6), ("E", 0.99), ("", 0.0)])
def test_a_reading_that_is_less_sure_or_lost_letters_does_not(text: str, confidence: float) -> None:
    assert second(Second(text, confidence)).look([line("Ex1t", 0.7)], PICTURE) == [line("Ex1t", 0.7)]


def test_no_look_begins_that_would_not_end_in_time() -> None:
    clock = FakeClock()
    reader = Second("Exit", 0.97, clock, seconds=0.2)
    lines = [line("Ex1t", 0.5 + 0.05 * k, 30.0 * k) for k in range(5)]

    found = second(reader, clock).look(lines, PICTURE, until=clock.now() + 0.5)

    assert reader.asked == 2  # a third would end after 0.6 s
    assert [one.text for one in found] == ["Exit", "Exit", "Ex1t", "Ex1t", "Ex1t"]  # the least certain first
    assert second(reader, clock).look(lines, PICTURE, until=clock.now()) == lines


def test_a_page_full_of_doubt_gets_only_so_many() -> None:
    reader = Second("Exit", 0.97)
    second(reader).look([line("Ex1t", 0.7, 9.0 * k) for k in range(MOST + 5)], PICTURE)

    assert reader.asked == MOST


def test_a_patch_shows_what_lies_in_the_box() -> None:
    picture = np.zeros((300, 400, 3), np.uint8)
    box = Box(200, 150, 100, 40, 30)
    cv2.fillPoly(picture, [np.round(box.corners()).astype(np.int32)], (255, 255, 255))

    for zoom in (0.5, 1.0, 3.0):
        inside = patch(picture, box, zoom)
        assert inside.shape == (40 * zoom, 100 * zoom, 3)
        assert inside.mean() > 240
    wide = patch(picture, replace(box, width=200, height=80), 2.0)
    assert 0.15 < (wide > 128).mean() < 0.35
    assert patch(picture, Box(-50, -50, 20, 20, 0), 2.0).max() == 0  # outside


def test_a_photograph_keeps_its_pixels_beside_the_picture(tmp_path: Path) -> None:
    large = np.zeros((3000, 4000, 3), np.uint8)
    large[1000:2000, :2000] = (10, 200, 30)
    for name, pixels in (("large.jpg", large), ("small.png", PICTURE)):
        write_picture(tmp_path / name, pixels)

    picture, photograph = read_photograph(tmp_path / "large.jpg")
    assert photograph.shape == (3000, 4000, 3)
    assert picture.shape == (WORKING_SIDE * 3 // 4, WORKING_SIDE, 3)
    assert np.abs(picture[700, 300].astype(int) - (10, 200, 30)).max() < 5
    small, same = read_photograph(tmp_path / "small.png")
    assert small is same


@pytest.mark.verify
@pytest.mark.parametrize(("sign", "language", "text"), [(0, "en", "NO PARKING"), (2, "en", "Please do not")])
def test_small_letters_are_read_better(
    reader: Reader, render: Callable[..., Any], sign: int, language: str, text: str
) -> None:
    picture = render(sign, language, "small").picture
    first = reader.look(picture)
    again = SecondLook(reader).look(first, picture)

    assert text not in [one.text for one in readable(first)]
    assert text in [one.text for one in readable(again)]


@pytest.mark.verify
def test_a_photographed_sign_is_read_better(reader: Reader) -> None:
    if not (SCENES / "scenetext06.jpg").exists():
        pytest.skip("real signs are in Debian's package opencv-doc")
    picture, photograph = read_photograph(SCENES / "scenetext06.jpg")
    first = reader.look(picture)

    assert "PRIORY" not in [one.text for one in readable(first)]
    assert "PRIORY" in [one.text for one in readable(SecondLook(reader).look(first, picture, photograph))]
