"""Policies: which rung answers the next input. One that is fixed, one that knows the future, and the one that is used.

A policy of your own is a class with one method:

    class Cheapest:
        def choose(self, situation: Situation) -> Choice:
            return Choice(situation.ready[-1], "the cheapest there is")
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tightrope.runtime.forecast import Forecast


@dataclass(frozen=True)
class Situation:
    """What a policy knows when a run is about to begin.

    Attributes:
        ready: indices of the rungs that are loaded, ascending: best first. Never empty.
        slack_s: seconds until this input's deadline; negative if it has passed.
        now: seconds of the runner's clock.
        forecast: what each rung would take.
    """

    ready: tuple[int, ...]
    slack_s: float
    now: float
    forecast: Forecast

    def fits(self, rung: int, share: float = 1.0) -> bool:
        """Whether the rung is forecast to take no more than this share of the slack."""
        return self.forecast.seconds(rung) <= share * self.slack_s

    def best(self) -> int:
        """The best rung that fits; the cheapest if none does."""
        return next((rung for rung in self.ready if self.fits(rung)), self.ready[-1])


@dataclass(frozen=True)
class Choice:
    """A rung, and why it, for the record."""

    rung: int
    why: str


class Policy(Protocol):
    """Asked once before every run."""

    def choose(self, situation: Situation) -> Choice: ...


class Fixed:
    """Always the same rung, or the next cheaper one that is loaded."""

    def __init__(self, rung: int) -> None:
        self._rung = rung

    def choose(self, situation: Situation) -> Choice:
        rung = next((rung for rung in situation.ready if rung >= self._rung), situation.ready[-1])
        return Choice(rung, "fixed")


class Oracle:
    """The best rung that will hold the deadline, from times that only a replay knows: what no policy can better.

    Args:
        seconds: (rung, now) to the seconds that a run of it which begins now will take.
    """

    def __init__(self, seconds: Callable[[int, float], float]) -> None:
        self._seconds = seconds

    def choose(self, situation: Situation) -> Choice:
        times = {rung: self._seconds(rung, situation.now) for rung in situation.ready}
        fitting = (rung for rung in situation.ready if times[rung] <= situation.slack_s)
        return Choice(next(fitting, min(times, key=lambda rung: times[rung])), "foreseen")


class Hysteresis:
    """Down at once, up slowly, back from a stray at once: the default. docs/explanation/governor.md: why it settles.

    Down, as far as need be, as soon as the current rung is not forecast to hold the deadline. Up by one rung when the
    one above would have held it with a margin in each of `hold` runs in a row. A rung that then does not hold although
    the one below would have, within `trial` runs, has failed its trial: the next one waits twice as many runs. A stall
    that no rung would have survived says nothing against the rung that met it, unless it meets another one on its next
    trial: from there the way up is one step.

    A slow run may be a stray, and the next one tells, on the cheaper rung, where it costs no deadline: if the rung that
    was left would have held it with the margin, and all of its own runs but the slow one, and it was as quick as usual,
    it is taken again at once, for another trial. A rung that is on trial gets no such doubt.

    Args:
        margin: share of the slack that must be left by the forecast for a rung to be stepped up to.
        hold: runs in a row that the rung above would have held.
        longest: most runs that are ever waited for.
        trial: runs after which a rung has proved itself, and failures of it are forgotten.
    """

    def __init__(self, margin: float = 0.05, hold: int = 10, longest: int = 1280, trial: int = 100) -> None:
        self._margin, self._first_hold, self._longest, self._trial = margin, hold, longest, trial
        self._level: int | None = None
        self._climbed_from: int | None = None
        self._back_to: int | None = None
        self._doubted: int | None = None
        self._since = self._held = self._reach = 0
        self._holds: dict[int, int] = {}
        self._excused: set[int] = set()

    def choose(self, situation: Situation) -> Choice:
        level = self._present(situation)
        self._since += 1
        if self._since == self._trial and self._climbed_from is not None:
            self._holds.pop(level, None)
            self._excused.discard(level)
            self._climbed_from = None
        if not situation.fits(level):
            return self._down(situation, level)
        if self._since == 1 and self._doubted in situation.ready and self._was_stray(situation, self._doubted):
            return self._back(situation, level, self._doubted)
        return self._up_or_stay(situation, level)

    def _present(self, situation: Situation) -> int:
        """The current rung; the next cheaper one if it is not loaded any more; at the beginning the best that fits."""
        if self._level is None:
            self._move(situation.best())
        elif self._level not in situation.ready:
            self._move(next((rung for rung in situation.ready if rung > self._level), situation.ready[-1]))
        assert self._level is not None
        return self._level

    def _down(self, situation: Situation, level: int) -> Choice:
        lower = [rung for rung in situation.ready if rung > level]
        if not lower:
            self._held = 0
            return Choice(level, "nothing fits, and there is no cheaper rung")
        target = next((rung for rung in lower if situation.fits(rung)), None)
        on_trial = self._climbed_from is not None
        if on_trial:
            self._fail(situation, level)
        predicted = situation.forecast.seconds(level)
        self._move(lower[-1] if target is None else target)
        self._back_to = level if target is None else None
        self._doubted = None if on_trial else level
        left = f"{predicted * 1e3:.0f} ms forecast, {situation.slack_s * 1e3:.0f} ms left"
        return Choice(lower[-1] if target is None else target, f"down: {left}")

    def _fail(self, situation: Situation, level: int) -> None:
        """A trial has failed: the next one waits longer. The first stall until the rung proves itself is excused."""
        assert self._climbed_from is not None
        below = situation.forecast.usual_s[self._climbed_from] * situation.forecast.last
        if below <= situation.slack_s or level in self._excused:
            self._holds[level] = min(self._longest, 2 * self._holds.get(level, self._first_hold))
        else:
            self._excused.add(level)

    def _was_stray(self, situation: Situation, doubted: int) -> bool:
        """Whether the rung would have held the run after the slow one with the margin, and all of its own but that."""
        return situation.forecast.but_for_one(doubted) <= (1 - self._margin) * situation.slack_s

    def _back(self, situation: Situation, level: int, doubted: int) -> Choice:
        situation.forecast.forgive()
        self._move(doubted, climbed_from=level)
        return Choice(doubted, "back: one slow run was a stray")

    def _up_or_stay(self, situation: Situation, level: int) -> Choice:
        higher = [rung for rung in situation.ready if rung < level]
        if not higher:
            return Choice(level, "the best rung fits")
        best = higher[-1] if self._back_to is None else self._back_to
        holding = [rung for rung in higher if rung >= best and situation.fits(rung, 1 - self._margin)]
        # The best rung that would have held in every run of the row.
        self._reach = max(self._reach, holding[0]) if holding and self._held else (holding or [level])[0]
        self._held = self._held + 1 if holding else 0
        if self._held < self._holds.get(self._reach, self._first_hold):
            return Choice(level, "fits")
        held, target = self._held, self._reach
        self._move(target, climbed_from=level)
        return Choice(target, f"up: would have held {held} times in a row")

    def _move(self, rung: int, climbed_from: int | None = None) -> None:
        self._level, self._climbed_from = rung, climbed_from
        self._back_to = self._doubted = None
        self._since = self._held = self._reach = 0
