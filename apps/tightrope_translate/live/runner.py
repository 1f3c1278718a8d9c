"""Live typing on the core's runner: a key is an input, and the newest one counts.

    live = Live(engine, "en", "de")
    runner = open_runner(live)
    runner.push(Keystroke("Where is the "), runner.clock.now())           # Revise: 'Wo' may change
    runner.push(Keystroke("Where is the station?"), runner.clock.now())   # Emit: 'Wo ist der Bahnhof?' is committed

Every outcome has an `Update` as its result. Emit: stable text was added. Revise: at most the tentative text changed.
Abstain: a sentence has ended that the engine is not sure of; its update says so too. A key whose successor came before
it was done counts as replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tightrope.runtime import (
    Answer,
    Clock,
    Limits,
    Runner,
    StageTimes,
    Step,
    Superseded,
    SystemClock,
    Telemetry,
    Tentative,
    Unsure,
)
from tightrope.runtime.policies import Fixed
from tightrope.runtime.telemetry import Record
from tightrope_translate.app import APP
from tightrope_translate.live.live import Live
from tightrope_translate.live.update import Update


@dataclass(frozen=True)
class Keystroke:
    """What a key leaves: all of the text so far.

    Attributes:
        settled: nothing more comes for now, as `Live.update` takes it.
        message: its number, for who has to tell which of a peer's messages was answered.
    """

    text: str
    settled: bool = False
    message: int = 0


TypingRunner = Runner[Keystroke, Update]
_EMPTY = Keystroke("")  # what rungs are warmed with: nothing is translated, and nothing changes


@cache
def default_limits() -> Limits:
    """Those of the budget's default profile: a key is to be answered within its latency."""
    return Limits.of(APP.budget().profile())


def open_runner(
    live: Live,
    limits: Limits | None = None,
    clock: Clock | None = None,
    write: Callable[[Record], None] | None = None,
    telemetry: Telemetry | None = None,
) -> TypingRunner:
    """A prepared runner on a typing session, which nobody else may update meanwhile.

    Args:
        limits: None: `default_limits()`.
        write: is told everything that happens but the text, as `Telemetry` records it.
        telemetry: of another session's runner, to be counted with it.
    """
    clock, limits = clock or SystemClock(), limits or default_limits()
    steps = [Step("translate", lambda: _translating(live, clock), limits.deadline_s)]
    telemetry = telemetry or Telemetry(steps, limits, clock.now(), write)
    runner = Runner(steps, limits, _EMPTY, Fixed(0), clock, telemetry)
    runner.prepare()
    return runner


def _translating(live: Live, clock: Clock) -> Callable[[Keystroke], Answer[Update]]:
    def run(key: Keystroke) -> Answer[Update]:
        doubts, began = live.doubts, clock.now()
        update = live.update(key.text, key.settled)
        if update is None:
            raise Superseded
        times = StageTimes(0.0, (clock.now() - began) * 1e3, 0.0)
        if live.doubts > doubts:
            return Unsure(update, times, "the engine is not sure of a sentence that has ended")
        return (Answer if update.stable else Tentative)(update, times)

    return run
