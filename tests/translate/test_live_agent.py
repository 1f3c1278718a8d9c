"""What is written stays: live translation for SimulEval's protocol, and SimulEval itself where it is installed."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope_translate.live.streaming import Streaming

from .live_engines import Scripted, Shouting

WORDS = ("Where", "is", "the", "old", "station?", "I", "am", "late.")


def streamed(stream: Streaming, words: tuple[str, ...] | list[str]) -> list[list[str]]:
    return [stream.push(word, last=place + 1 == len(words)) for place, word in enumerate(words)]


def test_words_are_written_when_translations_have_agreed() -> None:
    written = streamed(Streaming(Shouting(), "en", "de", mask=1, agree=1), WORDS)

    assert [word for each in written for word in each] == [word.upper() for word in WORDS]
    assert written[:3] == [[], ["WHERE"], ["IS"]], "once two translations agree on it"
    assert written[4][-1] == "STATION?", "the end of a sentence holds nothing back"


def test_what_was_written_stays_when_the_end_says_otherwise() -> None:
    table = {"a": "one", "a b": "one two", "a b c": "one two three", "a b c d": "one two three", "a b c d.": "1 2 3 4"}
    written = streamed(Streaming(Scripted(table), "en", "de", mask=0, agree=1), ["a", "b", "c", "d."])

    assert [word for each in written for word in each] == ["one", "two", "3", "4"]


@given(st.lists(st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=8), max_size=12))
def test_all_is_written_once_and_in_order(words: list[str]) -> None:
    engine = Shouting()
    stream = Streaming(engine, "en", "de")
    written = [word for each in streamed(stream, words) for word in each]

    assert written == engine.translate(" ".join(words), "en", "de").text.split()


def options(**chosen: Any) -> Namespace:
    from tightrope_translate.live.simuleval_agent import LiveAgent

    parser = ArgumentParser()
    LiveAgent.add_args(parser)
    return Namespace(**{**vars(parser.parse_args([])), **chosen})


def test_the_agent_speaks_the_protocol_of_simuleval() -> None:
    pytest.importorskip("simuleval")
    from simuleval.data.segments import EmptySegment, TextSegment

    from tightrope_translate.live.simuleval_agent import LiveAgent

    agent = LiveAgent(options(agree=1), Shouting())
    for _ in range(2):  # the second sentence begins anew
        agent.reset()
        answers = [
            agent.pushpop(TextSegment(index=place, content=word, finished=place + 1 == len(WORDS)))
            for place, word in enumerate(WORDS)
        ]
        assert answers[0].is_empty, "it asks for more"
        assert " ".join(one.content for one in answers if not one.is_empty).split() == [w.upper() for w in WORDS]
        assert [one.finished for one in answers] == [False] * (len(WORDS) - 1) + [True]
    agent.reset()
    assert agent.pushpop(EmptySegment(finished=True)).finished, "a source without words ends too"


def test_simuleval_evaluates_the_shipped_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("simuleval")
    from simuleval.cli import main

    from .standins import shipped_engine

    shipped_engine()  # skips where there is none
    texts = {
        "en": "Where is the station?\nI have lost my passport.\n",
        "de": "Wo ist der Bahnhof?\nIch habe meinen Pass verloren.\n",
    }
    for language, lines in texts.items():
        (tmp_path / language).write_text(lines, encoding="utf-8")
    asked = {
        "--agent-class": "tightrope_translate.live.simuleval_agent.LiveAgent",
        "--source": tmp_path / "en",
        "--target": tmp_path / "de",
        "--output": tmp_path / "out",
        "--eval-latency-unit": "word",
        "--quality-metrics": "BLEU",
    }
    arguments = [str(part) for pair in asked.items() for part in pair]
    monkeypatch.setattr(sys, "argv", ["simuleval", *arguments, "--latency-metrics", "LAAL", "AL", "--no-progress-bar"])
    main()

    found = [json.loads(line) for line in (tmp_path / "out" / "instances.log").read_text().splitlines()]
    assert found[0]["prediction"] == "Wo ist der Bahnhof?"
    assert all(delay <= 5 for one in found for delay in one["delays"])
