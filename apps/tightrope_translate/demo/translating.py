"""The functions behind the tab's events. Each takes the person's Session and Typing; none keeps anything itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from tightrope.demo.cockpit import Cockpit
from tightrope.demo.pictures import Upload
from tightrope.demo.session import Session
from tightrope.errors import BadInputError
from tightrope.runtime.clock import SystemClock
from tightrope.runtime.limits import Limits
from tightrope.runtime.pipeline import StageTimes
from tightrope_translate.demo.timed import TimedEngine, engine
from tightrope_translate.demo.typing_session import DIRECTIONS, Typing
from tightrope_translate.image.pictures import Picture, read_photograph
from tightrope_translate.image.reader import Reader
from tightrope_translate.image.translated import SignTranslator
from tightrope_translate.speech.recognizer import open_recognizer
from tightrope_translate.speech.sound import RATE, read_sound
from tightrope_translate.speech.spoken import SpeechTranslator, Utterance
from tightrope_translate.speech.voice import open_voice

MAX_SPEECH_S = 60


class Translating:
    """On one cockpit. What translates gives (typing, translation, timer, bar)."""

    def __init__(self, cockpit: Cockpit) -> None:
        self._cockpit = cockpit
        self._clock = SystemClock()

    def type(self, text: str, direction: str, typing: Typing | None, session: Session) -> tuple[Any, ...]:
        with self._cockpit.running(session):
            typing = self._typing(direction, typing, session)
            times = typing.type(text)
        self._count(times, session)
        return typing, typing.html(), gr.Timer(active=True), self._cockpit.bar_of(session)

    def pause(self, typing: Typing | None, session: Session) -> tuple[Any, ...]:
        if typing is None or typing.settled:
            return typing, gr.skip(), gr.Timer(active=False), gr.skip()
        with self._cockpit.running(session):
            times = typing.pause()
        if times is None:
            return typing, gr.skip(), gr.skip(), gr.skip()
        self._count(times, session)
        return typing, typing.html(), gr.Timer(active=False), self._cockpit.bar_of(session)

    def photo(self, upload: Upload | None, direction: str, session: Session) -> tuple[Any, str]:
        if upload is None:
            return None, ""
        signs = _signs(self._engine(session), self._cockpit.budget(session).threads)
        picture, photograph = _decoded(upload)
        with self._cockpit.turn():
            found = signs.translate(picture, *DIRECTIONS[direction], photograph=photograph)
        rows = "".join(f"<tr><td>{escape(one.text)}</td><td>{escape(one.shown)}</td></tr>" for one in found.paragraphs)
        times = ", ".join(f"{stage} {spent:.0f} ms" for stage, spent in found.milliseconds.items())
        return found.drawn, f'<div class="scroll"><table>{rows}</table></div><p class="tr-soft">{escape(times)}</p>'

    def speech(self, path: str | None, direction: str, session: Session) -> Iterator[str]:
        """A row an utterance, as they are done."""
        if path is None:
            yield ""
            return
        source, target = DIRECTIONS[direction]
        if source == "auto":
            raise BadInputError("choose the direction first: which language is spoken is not guessed")
        speech = _speech(self._engine(session), source, self._cockpit.budget(session).threads)
        samples = read_sound(Path(path))[: MAX_SPEECH_S * RATE]
        rows, heard = "", speech.translate(samples, source, target)
        while (one := self._next(heard)) is not None:
            doubt = "" if one.sure else ' <span class="tr-soft">(not sure)</span>'
            said, meant = escape(one.text), escape(one.translation)
            rows += f"<tr><td>{one.start:.1f} s</td><td>{said}</td><td>{meant}{doubt}</td></tr>"
            yield f'<div class="scroll"><table>{rows}</table></div>'
        if not rows:
            yield "<p>No speech was found in it.</p>"

    def _next(self, heard: Iterator[Utterance]) -> Utterance | None:
        """The next utterance: recognizer and engine are everybody's, and serve one at a time."""
        with self._cockpit.turn():
            return next(heard, None)

    def _typing(self, direction: str, typing: Typing | None, session: Session) -> Typing:
        """The one at hand, or a new one where rung or direction are others."""
        chosen = self._engine(session)
        if typing is None or typing.engine is not chosen or typing.direction != direction:
            return Typing(chosen, direction, Limits.of(self._cockpit.budget(session)), self._clock)
        return typing

    def _engine(self, session: Session) -> TimedEngine:
        return engine(self._cockpit.artifact(session).path, self._cockpit.budget(session).threads)

    def _count(self, times: StageTimes, session: Session) -> None:
        """Only what asked the network counts: most keys end no word, and would make the figures look better."""
        if times.session_ms:
            session.meter.add(times, self._cockpit.budget(session).latency_ms)


def _decoded(upload: Upload) -> tuple[Picture, Picture]:
    """As it is worked on, and as it was taken. Raises BadInputError if it is no picture, damaged, or too large."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(upload.name).name
        path.write_bytes(upload.data)
        return read_photograph(path)


@lru_cache(maxsize=2)
def _speech(chosen: TimedEngine, source: str, threads: int) -> SpeechTranslator:
    return SpeechTranslator(open_voice(), open_recognizer(source, threads=threads), chosen)


@lru_cache(maxsize=4)
def _signs(chosen: TimedEngine, threads: int) -> SignTranslator:
    return SignTranslator(Reader.load(threads=threads), chosen)
