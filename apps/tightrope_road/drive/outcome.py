"""What a drive gives, whichever clock it runs by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tightrope.runtime import Abstain, Emit, Health, State
from tightrope.runtime.outcome import Reason
from tightrope_road.drive.follower import Follower
from tightrope_road.drive.moment import Moment
from tightrope_road.drive.scene import Notice, Scene
from tightrope_road.drive.timeline import Timeline

_MOST = 40  # pictures that wait for what becomes of them
Told = Scene | Notice
Tell = Callable[[Told], bool]
"""Takes what there is to tell; False: nobody wants more."""


@dataclass
class Reporter:
    """Turns the runner's outcomes into scenes in the order of the pictures, and changes of the state into notices.

    Args:
        follower: makes the scenes.
        tell: takes them.
        timeline: of the log and the runner.
    """

    follower: Follower
    tell: Tell
    timeline: Timeline
    wanted: bool = True
    _pending: dict[int, Moment] = field(default_factory=dict)
    _state: State | None = None
    _health: Health = field(default_factory=lambda: Health(State.OK, 0.0, ""))

    def arrived(self, number: int, moment: Moment) -> None:
        """The runner took a moment, and calls it by this number.

        Where no run may begin, each picture replaces the one before, and the runner tells nothing.
        """
        self._pending[number] = moment
        if len(self._pending) > _MOST:
            self._settle_before(number - _MOST // 2, self._health)

    def outcome(self, outcome: Emit[Any] | Abstain, health: Health) -> None:
        """The runner has an answer, or knows that there is none."""
        if isinstance(outcome, Emit) and outcome.number not in self._pending:
            why = f"the answer to {outcome.item.shot.name} came when it had been given up"
            self._say(Notice(self.timeline.now(), health.state, why))
        elif isinstance(outcome, Emit):
            self._settle_before(outcome.number, health)
            self._pending.pop(outcome.number, None)
            self._say(self.follower.answered(outcome, health))
        elif (moment := self._pending.pop(outcome.number, None)) is not None:
            if outcome.reason is Reason.order:
                self._say(Notice(self.timeline.now(), health.state, f"{moment.shot.name}: {outcome.why}"))
            else:
                self._settle_before(outcome.number, health)
                self._say(self.follower.unanswered(moment, outcome.why, health))

    def health(self, health: Health) -> None:
        """How the runner stands at this moment; a change is told, and what is lost is forgotten."""
        self._health = health
        if health.state is self._state:
            return
        if health.state in (State.STALE, State.FAILED):
            self.follower.lost()
        if self._state is not None or health.state is not State.OK:
            self._say(Notice(self.timeline.now(), health.state, health.why))
        self._state = health.state

    def end(self) -> None:
        """Nothing more comes: what has no answer now gets none."""
        self._settle_before(max(self._pending, default=0) + 1, self._health, "the drive has ended")

    def _settle_before(self, number: int, health: Health, why: str = "a newer picture took its place") -> None:
        """Pictures before this one that nothing was told about were replaced by newer ones."""
        for earlier in sorted(key for key in self._pending if key < number):
            moment = self._pending.pop(earlier)
            self._say(self.follower.unanswered(moment, why, health))

    def _say(self, told: Told) -> None:
        self.wanted = self.tell(told) and self.wanted
