"""No text breaks the engine, holds it up or fills the memory."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tightrope_translate.documents import FORMATS, translate_document
from tightrope_translate.engine import Engine
from tightrope_translate.live import Live
from tightrope_translate.vocabulary import Vocabulary

from .hostile import LONG, MANY, PATTERNS, Bounds, lines
from .standins import Repeating, StandInEngine, shipped_engine


def slowest(work: Callable[[str], object], pattern: str) -> float:
    """How many times longer twice the text takes, in CPU time; the least of three tries."""
    ratios = []
    for _ in range(3):
        spent = []
        for length in (LONG // 2, LONG):
            before = time.process_time()
            work((pattern * length)[:length])
            spent.append(time.process_time() - before)
        ratios.append(spent[1] / max(spent[0], 0.01))
    return min(ratios)


@settings(deadline=None)
@given(st.text(max_size=400), st.sampled_from(["auto", "en", "de"]), st.sampled_from(["auto", "en", "de"]))
def test_any_text_is_answered(vocabulary: Vocabulary, text: str, source: str, target: str) -> None:
    result = StandInEngine(Repeating(), vocabulary).translate(text, source, target)
    assert text == "" or result.text or not text.strip()


def test_hostile_lines_and_documents(vocabulary: Vocabulary) -> None:
    engine = StandInEngine(Repeating(), vocabulary)
    for line in lines(400):
        engine.translate(line, target="de")
    for kind in FORMATS:
        for line in lines(150, seed=1):
            translate_document(line, kind, lambda blocks: engine.translate_all(blocks, "en", "de"))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_time_grows_with_length_and_not_with_its_square(vocabulary: Vocabulary, pattern: str) -> None:
    engine = StandInEngine(Repeating(), vocabulary)
    assert slowest(lambda text: engine.translate(text, target="de"), pattern) < 3.5


@pytest.mark.verify
def test_many_lines_through_the_shipped_models() -> None:
    engine: Engine = shipped_engine()
    engine.translate("Wo ist es?", target="en")
    bounds = Bounds(lambda text: engine.translate(text, "en", "de"))
    for number, line in enumerate(lines(MANY)):
        result = engine.translate(line, target=("de", "en")[number % 2])
        assert len(result.text) <= 8 * len(line) + 200
        bounds.count(line)
    bounds.check()


@pytest.mark.verify
def test_many_lines_typed_into_one_live_session() -> None:
    engine: Engine = shipped_engine()
    live = Live(engine, "auto", "de")
    bounds = Bounds(lambda text: live.update(text, settled=True))
    for line in lines(MANY):
        stable = live.stable
        for text, settled in ((line[: len(line) // 2], False), (line, False), (line, True)):
            update = live.update(text, settled)
            assert update is not None
            stable = update.apply(stable)
            assert (stable, update.tentative) == (live.stable, live.tentative)
            assert len(live.text) <= 8 * len(text) + 200
            bounds.count(text)
    bounds.check()
