"""From frame to frame an overlay holds still, and follows what really moves."""

from __future__ import annotations

import numpy as np
import pytest

from tightrope_translate.image.boxes import Box
from tightrope_translate.image.ink import Colours
from tightrope_translate.image.layout import Paragraph, paragraphs_of
from tightrope_translate.image.lines import Line
from tightrope_translate.image.steady import PATIENCE, Steady

COLOURS = Colours((255, 255, 255), (0, 0, 0), (0, 0, 0), 0.2)


def sign(text: str, x: float, y: float = 100.0, confidence: float = 0.9) -> list[Paragraph]:
    return paragraphs_of([Line(text, confidence, Box(x, y, 200, 30, 0))], [COLOURS])


def test_jitter_is_smoothed() -> None:
    rng = np.random.default_rng(0)
    found = 300 + rng.uniform(-4, 4, 60)
    steady = Steady()

    shown = [steady.update(sign("Exit", x))[0].box.x for x in found]

    assert np.abs(np.diff(shown[5:])).mean() < 0.5 * np.abs(np.diff(found[5:])).mean()
    assert np.mean(shown[5:]) == pytest.approx(300, abs=2)


def test_a_real_move_is_followed_at_once() -> None:
    steady = Steady()
    steady.update(sign("Exit", 300))

    assert steady.update(sign("Exit", 330))[0].box.x == 330


def test_the_more_certain_reading_stays() -> None:
    steady = Steady()
    steady.update(sign("Lost property", 300, confidence=0.95))

    assert steady.update(sign("Losl property", 300, confidence=0.7))[0].text == "Lost property"
    assert steady.update(sign("Lost property!", 300, confidence=0.99))[0].text == "Lost property!"


def test_a_paragraph_that_is_missed_is_kept_for_a_while() -> None:
    steady = Steady()
    steady.update(sign("Exit", 300))

    counts = [len(steady.update([])) for _ in range(PATIENCE + 2)]

    assert counts == [1] * PATIENCE + [0, 0]


def test_another_text_in_the_same_place_replaces_it() -> None:
    steady = Steady()
    steady.update(sign("Exit", 300))

    assert [one.text for one in steady.update(sign("Platform 12", 300))] == ["Platform 12"]
