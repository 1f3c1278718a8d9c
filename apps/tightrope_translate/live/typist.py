"""A typist who is replayed on a fake clock: each update costs what the engine took when it was measured.

    timed = Timed(engine)
    session = replay("Where is the station?", Live(timed, "en", "de"), timed)
    session.shown, session.read, session.at_s, session.waits_ms

A sentence is measured once, and its time is used again: sessions with other settings differ in nothing else.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tightrope.runtime.clock import FakeClock
from tightrope_translate.live.lag import erasure, lagging, settled_at
from tightrope_translate.live.live import PAUSE_S, Live, TextEngine, Translated
from tightrope_translate.live.steady import Words

CHARACTERS_PER_S = 5.0


class Timed:
    """An engine that remembers what it answered and how long it took."""

    def __init__(self, engine: TextEngine) -> None:
        self._engine = engine
        self._known: dict[tuple[str, str, str], tuple[Translated, float]] = {}
        self.measured_s = self.waited_s = 0.0
        """Of all calls so far: what they took when they were measured, and what they took now."""

    def detect(self, text: str) -> list[tuple[str, float]]:
        return self._engine.detect(text)

    def translate(self, text: str, source: str, target: str) -> Translated:
        started = time.perf_counter()
        key = text, source, target
        if key not in self._known:
            self._known[key] = self._engine.translate(text, source, target), time.perf_counter() - started
        result, seconds = self._known[key]
        self.measured_s += seconds
        self.waited_s += time.perf_counter() - started
        return result


@dataclass
class Session:
    """One text, typed to its end."""

    source: str
    final: str = ""
    shown: list[Words] = field(default_factory=list)
    """The words on the screen after each update."""
    read: list[int] = field(default_factory=list)
    """Words of the source that were begun by then."""
    at_s: list[float] = field(default_factory=list)
    """When that update was there, seconds from the first key."""
    waits_ms: list[float] = field(default_factory=list)
    """From each key to the update that has it, milliseconds."""
    worked: list[bool] = field(default_factory=list)
    """Whether that update had to translate anything."""

    @property
    def erasure(self) -> float:
        return erasure(self.shown)

    def lag_words(self, reference: int = 0) -> float:
        """Average lagging in words of the source; with the length of a reference, length-adaptive."""
        delays = [float(self.read[index]) for index in settled_at(self.shown)]
        return lagging(delays, len(self.source.split()), max(len(self.shown[-1]), reference))

    def lag_s(self, reference: int = 0) -> float:
        """The same in seconds, computation included."""
        delays = [self.at_s[index] for index in settled_at(self.shown)]
        return lagging(delays, len(self.source) / CHARACTERS_PER_S, max(len(self.shown[-1]), reference))


def replay(text: str, live: Live, timed: Timed) -> Session:
    """Type `text`; keys that come while an update is computed are taken together by the next."""
    session, clock = Session(text), FakeClock()
    arrivals = [(index + 1) / CHARACTERS_PER_S for index in range(len(text))]
    begin = 0
    while begin < len(text):
        clock.advance(max(0.0, arrivals[begin] - clock.now()))
        end = begin + 1
        while end < len(text) and arrivals[end] <= clock.now():
            end += 1
        worked = update(live, text[:end], False, timed, clock)
        record(session, live, clock, end)
        session.waits_ms += [1000 * (clock.now() - arrival) for arrival in arrivals[begin:end]]
        session.worked += [worked] * (end - begin)
        begin = end
    clock.advance(PAUSE_S)
    update(live, text, True, timed, clock)
    record(session, live, clock, len(text))
    session.final = live.text
    return session


def update(live: Live, text: str, settled: bool, timed: Timed, clock: FakeClock) -> bool:
    """One update, and the clock moved by what it took; whether it translated anything."""
    measured, waited, started = timed.measured_s, timed.waited_s, time.perf_counter()
    live.update(text, settled)
    around = time.perf_counter() - started - (timed.waited_s - waited)
    clock.advance(around + timed.measured_s - measured)
    return timed.measured_s > measured


def record(session: Session, live: Live, clock: FakeClock, typed: int) -> None:
    session.shown.append(live.text.split())
    session.read.append(len(session.source[:typed].split()))
    session.at_s.append(clock.now())
