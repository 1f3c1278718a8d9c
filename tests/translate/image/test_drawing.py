"""Colours are found, old letters go, new ones stand in their place, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tightrope_translate.image.boxes import Box
from tightrope_translate.image.drawing import draw
from tightrope_translate.image.fonts import LEADING, fitted, font
from tightrope_translate.image.ink import colours_of
from tightrope_translate.image.layout import Paragraph, paragraphs_of
from tightrope_translate.image.lines import Line
from tightrope_translate.image.pictures import Picture

GROUND, INK = (40, 110, 0), (235, 250, 255)


def board(text: str = "Exit here") -> tuple[Picture, Box]:
    """A green board with white letters in the middle of a blue picture, and the box of its line."""
    image = Image.new("RGB", (400, 200), (30, 60, 200))
    pen = ImageDraw.Draw(image)
    pen.rectangle((40, 40, 360, 160), fill=GROUND[::-1])
    pen.text((200, 100), text, font=font(40, True), fill=INK[::-1], anchor="mm")
    width = font(40, True).getlength(text)
    return np.ascontiguousarray(np.asarray(image)[..., ::-1]), Box(200, 100, width + 16, 54, 0)


def paragraph(picture: Picture, box: Box) -> Paragraph:
    return paragraphs_of([Line("Exit here", 0.9, box)], [colours_of(picture, box)])[0]


def test_colours_of_ground_and_ink() -> None:
    picture, box = board()
    colours = colours_of(picture, box)

    assert colours.ground == pytest.approx(GROUND, abs=6)
    assert colours.ink == pytest.approx(INK, abs=12)
    assert 0.1 < colours.coverage < 0.5


def test_a_frame_around_the_sign_is_not_its_ground() -> None:
    picture, box = board()
    picture[:70] = picture[130:] = (0, 255, 255)

    assert colours_of(picture, box).ground == pytest.approx(GROUND, abs=6)


def test_old_letters_are_gone_and_the_rest_is_as_it_was() -> None:
    picture, box = board()
    drawn = draw(picture, [(paragraph(picture, box), "")])

    inside = drawn[75:126, 80:320].astype(int)
    assert np.abs(inside - GROUND).max() < 40
    assert np.abs(inside - GROUND).mean() < 4
    assert (drawn[:60] == picture[:60]).all()
    assert (drawn[140:] == picture[140:]).all()


def test_new_letters_have_the_colour_of_the_old() -> None:
    picture, box = board()
    drawn = draw(picture, [(paragraph(picture, box), "Ausgang")])

    inked = np.abs(drawn[75:126, 80:320].astype(int) - INK).max(2) < 30
    assert 0.05 < inked.mean() < 0.5
    assert (drawn != draw(picture, [(paragraph(picture, box), "Eingang")])).any()


@given(
    box=st.builds(
        Box,
        x=st.floats(-300, 700),
        y=st.floats(-300, 500),
        width=st.floats(1, 900),
        height=st.floats(1, 300),
        angle=st.floats(-180, 180),
    ),
    text=st.text(max_size=60),
)
@settings(max_examples=60, deadline=None)
def test_any_text_in_any_box_can_be_drawn(box: Box, text: str) -> None:
    picture, _ = board()
    drawn = draw(picture, [(paragraph(picture, box), text)])

    assert drawn.shape == picture.shape


@given(
    text=st.text("abc defgh ijk", min_size=1, max_size=80).filter(str.strip),
    width=st.floats(60, 500),
    height=st.floats(12, 200),
)
@settings(deadline=None)
def test_fitted_text_fits_and_is_complete(text: str, width: float, height: float) -> None:
    face, lines = fitted(text, width, height, 60, bold=False)

    assert " ".join(lines).split() == text.split()
    if face.size > 1:
        assert len(lines) * face.size * LEADING <= height
        assert all(face.getlength(line) <= width for line in lines)


def test_the_font_has_the_letters_of_both_languages() -> None:
    missing = font(40, False).getmask("\U0010ffff").getbbox()
    blank = bytes(font(40, False).getmask("\U0010ffff"))
    for bold in (False, True):
        for letter in "ÄÖÜäöüßẞéèàçñ€£„“”‚‘’–—…«»°½":
            if letter == "ẞ":
                continue
            mask = font(40, bold).getmask(letter)
            assert mask.getbbox() is not None
            assert bytes(mask) != blank or mask.getbbox() != missing, letter
