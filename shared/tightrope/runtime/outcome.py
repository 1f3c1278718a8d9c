"""What a runner says to an input: Emit an answer, Wait, Revise an answer, or Abstain from one.

>>> match runner.push(frame, captured_at):                         # doctest: +SKIP
...     case Revise() | Emit() as answer: show(answer.result, answer.age_s, answer.rung, answer.state)
...     case Abstain() as nothing: note(nothing.reason, nothing.why)
...     case Wait(): pass
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from tightrope.runtime.pipeline import Answer
from tightrope.runtime.watchdog import State

Result = TypeVar("Result")


class Reason(str, Enum):
    """Why an input gets no answer."""

    order = "captured before an input that came earlier"
    full = "too many inputs wait"
    replaced = "a newer input took its place"
    expired = "too old to be current"
    unsure = "the answer is not sure"
    error = "the run raised an error"
    stuck = "the run was stuck and is abandoned"


class Superseded(Exception):  # noqa: N818 - no error: there is newer work
    """Raised by a pipeline that ends a run early because a newer input waits: the input counts as replaced."""


@dataclass(frozen=True)
class Emit(Answer[Result]):
    """An answer, how old it is and what made it. All times in seconds of the runner's clock.

    Attributes:
        result, times: what the pipeline gave, and the milliseconds of each of its stages.
        number: of the input, from 0 in the order of arrival.
        item: the input, as it was pushed.
        rung: name of the rung that made it.
        captured_at, started_at, finished_at: when the input was captured, its run began, and its answer was there.
        deadline_s: the age at which it had to be there.
        state: of the runner when it was there.
    """

    number: int
    item: Any
    rung: str
    captured_at: float
    started_at: float
    finished_at: float
    deadline_s: float
    state: State

    @property
    def age_s(self) -> float:
        """Age of the answer when it was there: from the capture of its input."""
        return self.finished_at - self.captured_at

    @property
    def met(self) -> bool:
        """Whether it was there before its deadline."""
        return self.age_s <= self.deadline_s

    def to_dict(self) -> dict[str, Any]:
        """All but input and result, as plain values; ages and stages in ms, instants in seconds."""
        return {
            "number": self.number,
            "rung": self.rung,
            "captured_at": self.captured_at,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "age_ms": self.age_s * 1e3,
            "met": self.met,
            "state": self.state.value,
            "stages_ms": self.times.to_dict(),
        }


@dataclass(frozen=True)
class Revise(Emit[Result]):
    """An answer that may change again, and takes the place of the one to input `revises`; -1: it is the first."""

    revises: int = -1


@dataclass(frozen=True)
class Wait:
    """The input waits or is being worked on; its answer comes later, unless its queue lets a newer one replace it."""

    number: int


@dataclass(frozen=True)
class Abstain:
    """No answer is given to this input. `why` is for a person; `result` is there where it is not sure."""

    number: int
    reason: Reason
    why: str
    result: Any = None


Outcome = Emit[Result] | Abstain | Wait
