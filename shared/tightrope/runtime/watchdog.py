"""The watchdog: what state a run is in, and since when and why.

    OK        the newest answer is current, was in time, and comes from the best rung
    DEGRADED  the newest answer is current, but was late, comes from a lower rung or after a gap; or the next input or
              its answer is overdue
    STALE     there is no current answer: the newest one is older than `Limits.stale_s`
    FAILED    that has lasted for `failed_s`, or runs fail one after the other, or too many hang

>>> watchdog = Watchdog(Limits.every(0.05))
>>> watchdog.arrived(0.0)
>>> watchdog.answered(captured_at=0.0, now=0.02, rung=0)
>>> [watchdog.look(now).state.value for now in (0.03, 0.08, 0.16)]
['OK', 'DEGRADED', 'STALE']

Pure: who drives it says what time it is. A camera that goes silent and an inference that hangs look alike from the
outside, so both make the answer stale; `why` tells them apart.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum

from tightrope.runtime.limits import Limits

FAULTS_IN_A_ROW = 3
LEFT_BEHIND = 2
"""So many abandoned runs may hang at a time: each keeps a thread and a session's memory."""
_OWED = 64
"""Inputs without an answer that are remembered; long before there are so many the state is worse than DEGRADED."""
_TICK_S = 1e-6
"""Times are sums of floats: an answer that comes at its deadline is in time, whatever the last digit says."""


class State(str, Enum):
    """How much the newest answer is worth."""

    OK = "OK"
    DEGRADED = "DEGRADED"
    STALE = "STALE"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Health:
    """A state, the time since when it lasts (seconds of the runner's clock), and the reason in words."""

    state: State
    since: float
    why: str


@dataclass(frozen=True)
class _Shown:
    captured_at: float
    age_s: float
    rung: int


@dataclass(frozen=True)
class _Gap:
    """Nothing came for so long before the input that was captured then."""

    captured_at: float
    seconds: float


class Watchdog:
    """Told what happens, asked how it stands."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._first: float | None = None
        self._newest = float("-inf")
        self._captured = float("-inf")
        self._gap: _Gap | None = None
        self._owed: deque[float] = deque(maxlen=_OWED)
        self._shown: _Shown | None = None
        self._faults = 0
        self._fault = ""
        self._retry_at = float("-inf")
        self._health = Health(State.OK, float("-inf"), "nothing has come yet")
        self.left_behind = 0

    def arrived(self, now: float, captured_at: float | None = None) -> None:
        """An input came; None: it was captured now. One that is no newer than what came before changes nothing."""
        captured_at = now if captured_at is None else captured_at
        if self._first is None:
            self._first = now
        elif captured_at <= self._captured:
            return
        elif now - self._newest > self._limits.overdue_s:
            self._gap = _Gap(captured_at, now - self._newest)
        self._newest, self._captured = now, captured_at
        if math.isfinite(self._limits.overdue_s):
            self._owed.append(captured_at)

    def answered(self, captured_at: float, now: float, rung: int) -> None:
        """An answer was given, from rung 0 (the best) or a lower one. It ends every row of faults."""
        self._shown = _Shown(captured_at, now - captured_at, rung)
        while self._owed and self._owed[0] <= captured_at:
            self._owed.popleft()
        if self._gap and captured_at > self._gap.captured_at:
            self._gap = None
        self._faults = 0
        self._retry_at = float("-inf")

    def fault(self, now: float, why: str) -> int:
        """A run raised an error or was abandoned. Returns how many of them came in a row.

        After several in a row the next one is put off, by `stuck_s` at first and twice as long after each further one,
        up to `longest_pause_s`.
        """
        self._faults += 1
        self._fault = why
        if self._faults >= FAULTS_IN_A_ROW:
            pause = self._limits.stuck_s * 2 ** min(self._faults - FAULTS_IN_A_ROW, 20)
            self._retry_at = now + min(pause, self._limits.longest_pause_s)
        return self._faults

    def may_start(self, now: float) -> bool:
        """Whether a run may begin: not while too many hang, nor in the pause after faults in a row."""
        return self.left_behind < LEFT_BEHIND and now >= self._retry_at

    def look(self, now: float) -> Health:
        """The state at this moment; `since` stays while the state does."""
        state, why = self._judge(now)
        since = self._health.since if state is self._health.state else now
        self._health = Health(state, since, why)
        return self._health

    def _judge(self, now: float) -> tuple[State, str]:
        if self._first is None:
            return State.OK, "nothing has come yet"
        if why := self._why_failed():
            return State.FAILED, why
        age = now - (self._shown.captured_at if self._shown else self._first)
        if age > self._limits.stale_s:
            state = State.FAILED if age > self._limits.failed_s else State.STALE
            return state, self._why_stale(age, now)
        if why := self._why_overdue(now) or (self._why_degraded(self._shown) if self._shown else ""):
            return State.DEGRADED, why
        return State.OK, "answers come in time from the best rung" if self._shown else "the first answer is on its way"

    def _why_failed(self) -> str:
        if self.left_behind >= LEFT_BEHIND:
            return f"{self.left_behind} runs hang; the next begins when one of them comes back"
        if self._faults >= FAULTS_IN_A_ROW:
            return f"{self._faults} runs failed in a row, the last one: {self._fault}"
        return ""

    def _why_overdue(self, now: float) -> str:
        """What should have come by now, and has not."""
        if now - self._newest > self._limits.overdue_s:
            return self._why_silent(now)
        late = now - self._owed[0] - self._limits.deadline_s if self._owed else 0.0
        return f"an answer is {late * 1e3:.1f} ms overdue" if late > _TICK_S else ""

    def _why_degraded(self, shown: _Shown) -> str:
        if shown.age_s > self._limits.deadline_s:
            return f"the last answer was {(shown.age_s - self._limits.deadline_s) * 1e3:.1f} ms late"
        if self._gap:
            return f"an input came {self._gap.seconds:.2f} s after the one before it"
        return f"answers come from rung {shown.rung}, not from the best" if shown.rung else ""

    def _why_stale(self, age: float, now: float) -> str:
        if now - self._newest > self._limits.stale_s:
            return self._why_silent(now)
        if self._shown is None:
            return f"inputs come, and after {age:.2f} s there is no answer yet"
        return f"inputs come, and the newest answer is {age:.2f} s old"

    def _why_silent(self, now: float) -> str:
        return f"no input has come for {now - self._newest:.2f} s"
