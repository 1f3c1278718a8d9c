"""A text while it is typed: one Typing a browser, never shared."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from tightrope.runtime import Abstain, Clock, Emit, Limits, Reason, StageTimes
from tightrope_translate.demo.timed import TimedEngine
from tightrope_translate.live import Live
from tightrope_translate.live.live import PAUSE_S
from tightrope_translate.live.runner import Keystroke, TypingRunner, open_runner

DIRECTIONS = {
    "English to German": ("en", "de"),
    "German to English": ("de", "en"),
    "whatever it is, to German": ("auto", "de"),
    "whatever it is, to English": ("auto", "en"),
}
MAX_LETTERS = 5000


@dataclass
class Typing:
    """What was typed last, and its translation, made by the core's runner.

    Attributes:
        engine, direction: with what it is translated; a key of DIRECTIONS.
        limits, clock: of the runner: a key is to be answered within the deadline.
        trouble: what broke; empty where nothing did.
        settled: whether the last update knew that nothing more came.
        written, taken_back: words that were shown, and those of them that were replaced later.
    """

    engine: TimedEngine
    direction: str
    limits: Limits
    clock: Clock
    live: Live = field(init=False)
    runner: TypingRunner = field(init=False)
    text: str = ""
    typed_at: float = 0.0
    settled: bool = True
    sure: bool = True
    trouble: str = ""
    written: int = 0
    taken_back: int = 0

    def __post_init__(self) -> None:
        self.live = Live(self.engine, *DIRECTIONS[self.direction])
        self.runner = open_runner(self.live, self.limits, self.clock)

    def type(self, text: str) -> StageTimes:
        """More was typed, or less: `text` is all of it."""
        grown, self.text = text.startswith(self.text), text[:MAX_LETTERS]
        self.typed_at, self.settled = self.clock.now(), False
        return self._update(grown)

    def pause(self) -> StageTimes | None:
        """The person may have stopped. None: not for long enough, or it was known already."""
        if self.settled or self.clock.now() - self.typed_at < PAUSE_S:
            return None
        self.settled = True
        return self._update(grown=True)

    def html(self) -> str:
        """The translation; what may still change is set apart by its look, by an underline, and by its title."""
        tentative = f'<span class="tr-tentative" title="may still change">{escape(self.live.tentative)}</span>'
        doubt = (
            ""
            if self.sure
            else '<p class="tr-soft">Parts of it are not sure: words in brackets are only looked up.</p>'
        )
        if self.trouble:
            doubt += f'<p class="tr-soft">{escape(self.trouble)}</p>'
        return (
            f'<div class="tr-translation" lang="{DIRECTIONS[self.direction][1]}"><span role="status">'
            f"{escape(self.live.stable)}</span>{tentative if self.live.tentative else ''}</div>{doubt}"
            f'<p class="tr-soft">{self._erasure()} {self._deadlines()}</p>'
        )

    def _update(self, grown: bool) -> StageTimes:
        """`grown`: nothing was deleted, so what is replaced now was taken back."""
        before = self.live.text.split()
        key = Keystroke(self.text, self.settled)
        answer = self.engine.timed(lambda: self.runner.push(key, self.clock.now()))
        after = self.live.text.split()
        kept = next((place for place, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), None)
        kept = min(len(before), len(after)) if kept is None else kept
        self.written += len(after) - kept
        self.taken_back += (len(before) - kept) * grown
        outcome = answer.result
        self.trouble = outcome.why if isinstance(outcome, Abstain) and outcome.reason is Reason.error else ""
        if isinstance(outcome, Emit | Abstain) and outcome.result is not None:
            self.sure = outcome.result.sure
        return answer.times

    def _erasure(self) -> str:
        """Normalized erasure (Arivazhagan et al. 2020), of this session's words."""
        if not self.written:
            return "Underlined words may still change."
        kept = max(1, self.written - self.taken_back)
        return (
            f"Underlined words may still change. Words taken back: {self.taken_back} of {self.written} "
            f"(erasure {self.taken_back / kept:.2f})."
        )

    def _deadlines(self) -> str:
        """What the runner counted."""
        counts = self.runner.telemetry
        limit = round(self.limits.deadline_s * 1e3)
        return f"Keys answered within {limit} ms: {counts.met} of {counts.inputs}." if counts.inputs else ""
