"""Preprocess, session, postprocess; with the time that each stage took.

>>> pipeline = Pipeline(preprocess, session, postprocess)      # doctest: +SKIP
>>> answer = pipeline(image)                                   # doctest: +SKIP
>>> answer.result, answer.times.total_ms                       # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tightrope.runtime.clock import Clock, SystemClock
from tightrope.runtime.session import Array

Input = TypeVar("Input")
Context = TypeVar("Context")
Result = TypeVar("Result")


@dataclass(frozen=True)
class StageTimes:
    """Milliseconds that each stage of one run took, in the order of the stages."""

    preprocess_ms: float
    session_ms: float
    postprocess_ms: float

    @property
    def total_ms(self) -> float:
        return self.preprocess_ms + self.session_ms + self.postprocess_ms

    def to_dict(self) -> dict[str, float]:
        return {
            "preprocess_ms": self.preprocess_ms,
            "session_ms": self.session_ms,
            "postprocess_ms": self.postprocess_ms,
            "total_ms": self.total_ms,
        }


@dataclass(frozen=True)
class Answer(Generic[Result]):
    """A result and what it cost."""

    result: Result
    times: StageTimes


@dataclass(frozen=True)
class Tentative(Answer[Result]):
    """One that may change with the next input, as the translation of half a sentence does. A runner makes it Revise."""


@dataclass(frozen=True)
class Unsure(Answer[Result]):
    """One that is not to be relied on, and why. A runner abstains, and hands the result on as that."""

    why: str = ""


class Pipeline(Generic[Input, Context, Result]):
    """The one way from an input to a result.

    Args:
        preprocess: input -> (model-ready array, context that postprocess needs, such as a letterbox).
        session: array -> output arrays; a `Session`, or anything that is called like one.
        postprocess: (output arrays, context) -> result.
        clock: where the stage times come from.
    """

    def __init__(
        self,
        preprocess: Callable[[Input], tuple[Array, Context]],
        session: Callable[[Array], Sequence[Any]],
        postprocess: Callable[[Sequence[Any], Context], Result],
        clock: Clock | None = None,
    ) -> None:
        self.preprocess = preprocess
        self.session = session
        self.postprocess = postprocess
        self._now = (clock or SystemClock()).now

    def __call__(self, item: Input) -> Answer[Result]:
        start = self._now()
        array, context = self.preprocess(item)
        ready = self._now()
        outputs = self.session(array)
        inferred = self._now()
        result = self.postprocess(outputs, context)
        done = self._now()
        times = StageTimes((ready - start) * 1e3, (inferred - ready) * 1e3, (done - inferred) * 1e3)
        return Answer(result, times)
