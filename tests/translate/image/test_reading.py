"""Real models on rendered and on photographed signs."""

from __future__ import annotations

from collections.abc import Callable
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import pytest

from tightrope.runtime.clock import FakeClock
from tightrope_translate.image.pictures import Picture, read_picture
from tightrope_translate.image.reader import Reader
from tightrope_translate.image.translated import SignTranslator

from .conftest import SCENES, Playback

Render = Callable[..., Any]


@pytest.fixture
def signs(reader: Reader, playback: Playback) -> SignTranslator:
    return SignTranslator(reader, playback)  # type: ignore[arg-type]


def said(signs: SignTranslator, picture: Picture) -> list[str]:
    return [one.text for one in signs.translate(picture, "en", "de").paragraphs]


@pytest.mark.parametrize("kind", ["clean", "tilted", "turned", "dim", "faded"])
@pytest.mark.parametrize(("sign", "language"), [(17, "de"), (2, "en")])
def test_what_a_sign_says(signs: SignTranslator, render: Render, sign: int, language: str, kind: str) -> None:
    rendered = render(sign, language, kind)

    assert said(signs, rendered.picture) == list(rendered.paragraphs)


@pytest.mark.parametrize("kind", ["perspective", "blurred"])
def test_a_badly_harmed_sign_is_read_nearly(signs: SignTranslator, render: Render, kind: str) -> None:
    rendered = render(17, "de", kind)
    read = " ".join(said(signs, rendered.picture))

    assert SequenceMatcher(None, read, " ".join(rendered.paragraphs)).ratio() > 0.85


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_a_short_word_is_read_in_every_direction(signs: SignTranslator, render: Render, quarter: int) -> None:
    picture = np.ascontiguousarray(np.rot90(render(30, "de", "clean").picture, quarter))

    assert said(signs, picture) == ["Fundbüro"]


def test_lines_stand_where_they_were_rendered(reader: Reader, render: Render) -> None:
    rendered = render(6, "de", "tilted")
    for line in reader.read(rendered.picture):
        truth = rendered.corners[rendered.lines.index(line.text)]
        assert (line.box.x, line.box.y) == pytest.approx(truth.mean(0), abs=6)


def test_an_overlay_is_drawn_where_the_text_was(signs: SignTranslator, render: Render) -> None:
    rendered = render(30, "en", "clean")
    found = signs.translate(rendered.picture, "en", "de")

    changed = np.abs(found.drawn.astype(int) - rendered.picture).max(2) > 20
    left, top = rendered.corners.min((0, 1)).astype(int) - 40
    right, bottom = rendered.corners.max((0, 1)).astype(int) + 40
    assert found.paragraphs[0].translation == "Fundbüro"
    assert changed[top:bottom, left:right].sum() > 0.9 * changed.sum() > 0


def test_a_sign_in_ones_own_language_is_left_alone(signs: SignTranslator, render: Render) -> None:
    rendered = render(2, "de", "clean")
    found = signs.translate(rendered.picture, "auto", "de")

    assert found.paragraphs[0].translation == found.paragraphs[0].text
    assert (found.drawn == rendered.picture).all()


def test_a_picture_without_text(signs: SignTranslator) -> None:
    picture = np.full((300, 500, 3), 128, np.uint8)

    assert said(signs, picture) == []
    assert said(signs, picture[:1, :1]) == []


def test_the_record_names_every_stage_and_is_plain(reader: Reader, playback: Playback, render: Render) -> None:
    signs = SignTranslator(reader, playback, FakeClock())  # type: ignore[arg-type]
    record = signs.translate(render(30, "en", "clean").picture, "en", "de").to_dict()

    assert list(record["milliseconds"]) == [
        "enhance",
        "detect",
        "classify",
        "recognize",
        "look again",
        "group",
        "translate",
        "draw",
        "total",
    ]
    (only,) = record["paragraphs"]
    assert (only["text"], only["translation"], only["source"], only["sure"]) == (
        "Lost property",
        "Fundbüro",
        "en",
        True,
    )
    assert np.shape(only["lines"][0]["corners"]) == (4, 2)


def test_the_same_sign_is_translated_once(reader: Reader, playback: Playback, render: Render) -> None:
    signs = SignTranslator(reader, playback)  # type: ignore[arg-type]
    for _ in range(2):
        signs.translate(render(30, "en", "clean").picture, "en", "de")

    assert playback.asked == ["Lost property"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("scenetext01.jpg", ["NOTICE", "DOUBLE PARKING PROHIBITED AT ALL"]),
        ("scenetext02.jpg", ["Sports Centre", "Car Parks"]),
        ("scenetext05.jpg", ["NO PARKING"]),
    ],
)
def test_photographed_signs(signs: SignTranslator, name: str, expected: list[str]) -> None:
    if not (SCENES / name).exists():
        pytest.skip("real signs are in Debian's package opencv-doc")
    found = " | ".join(said(signs, read_picture(SCENES / name)))

    for text in expected:
        assert text in found
