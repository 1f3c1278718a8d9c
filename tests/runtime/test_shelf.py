"""What is loaded, in which order, and what is given up for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tightrope.runtime import Answer, Emit, FakeClock, Limits, Runner, Step
from tightrope.runtime.governor import Governor
from tightrope.runtime.policies import Choice, Fixed, Situation
from tightrope.runtime.shelf import ROUNDS, Shelf, resident_bytes

from .conftest import LIMITS, Bench, timed

MB = 1_000_000


class Memory:
    """A process of 100 MB in which each loaded rung takes what it says."""

    def __init__(self, sizes_mb: dict[str, int]) -> None:
        self.used = 100 * MB
        self.sizes = sizes_mb
        self.opened: list[str] = []
        self.clock = FakeClock()

    def __call__(self) -> int:
        return self.used

    def step(self, name: str, seconds: float, peak_mb: int) -> Step[Any, Any]:
        def load() -> Callable[[Any], Answer[Any]]:
            self.opened.append(name)
            self.used += self.sizes[name] * MB
            return timed(self.clock, seconds)

        return Step(name, load, seconds, peak_bytes=peak_mb * MB)

    def steps(self) -> list[Step[Any, Any]]:
        return [self.step(name, 0.01 * (4 - i), 100 + size) for i, (name, size) in enumerate(self.sizes.items())]


def shelf(memory: Memory, limit_mb: int | None) -> Shelf[Any, Any]:
    return Shelf(memory.steps(), memory.clock, limit_mb and limit_mb * MB, memory)


def test_without_a_limit_everything_is_loaded_and_warmed_in_turn() -> None:
    memory = Memory({"a": 50, "b": 30, "c": 10})
    full = shelf(memory, None)

    stocked = full.stock([2, 0, 1], "sample")

    assert memory.opened == ["c", "a", "b"]
    assert full.ready == (0, 1, 2)
    assert stocked.seconds == pytest.approx({0: 0.04, 1: 0.03, 2: 0.02})
    assert memory.clock.now() == pytest.approx((1 + ROUNDS) * 0.09)


def test_within_a_limit_the_most_urgent_are_loaded_and_others_given_up() -> None:
    memory = Memory({"a": 50, "b": 30, "c": 10})
    small = shelf(memory, 145)

    small.stock([1, 2, 0], "sample")
    assert small.ready == (1, 2)
    assert small.lacks([0, 2, 1])

    memory.sizes["a"] = 20
    small.stock([2, 1, 0], "sample")
    assert small.ready == (1, 2)
    small.stock([2, 0, 1], "sample")  # by its evidence 'a' takes 50, which is too much beside 'c'
    assert small.ready == (1, 2)


def test_where_there_is_no_room_at_all_the_most_urgent_one_is_loaded_still() -> None:
    memory = Memory({"a": 50, "b": 30})
    tiny = shelf(memory, 50)
    tiny.stock([1, 0], "sample")
    assert tiny.ready == (1,)
    assert not tiny.lacks([1, 0])


def test_the_current_rung_and_the_cheapest_come_first_then_the_neighbour_below() -> None:
    memory = Memory({"a": 10, "b": 10, "c": 10, "d": 10, "e": 10})

    class Second:
        def choose(self, situation: Situation) -> Choice:
            return Choice(1, "")

    governor = Governor(memory.steps(), Limits.every(1.0), Second(), memory.clock)
    governor.stock("sample")
    memory.opened.clear()
    governor.choose(1.0)
    for rung in range(5):
        governor.shelf.discard(rung)
    governor.stock("sample")
    assert memory.opened == ["b", "e", "c", "a", "d"]


def test_a_rung_that_cannot_be_loaded_at_the_beginning_is_an_error(bench: Bench) -> None:
    def broken() -> Any:
        raise ValueError("truncated")

    runner: Runner[Any, Any] = Runner([Step("a", broken, 0.01)], LIMITS, "sample", clock=bench.clock)
    with pytest.raises(ValueError, match="truncated"):
        runner.prepare()


def test_one_that_cannot_be_loaded_later_is_left_out_and_tried_again() -> None:
    bench = Bench(policy=Fixed(0))
    step = bench.runner.governor.shelf.steps[0]
    broken = [False]
    good = step.open

    def load() -> Any:
        if broken[0]:
            raise OSError("disk is gone")
        return good()

    object.__setattr__(step, "open", load)
    broken[0] = True
    bench.runner.governor.shelf.discard(0)

    outcome = bench.runner.push("x", bench.clock.now())

    assert isinstance(outcome, Emit)
    assert outcome.rung == "b"
    assert [(record["rung"], record["why"]) for record in bench.events("not loaded")] == [("a", "disk is gone")]
    assert not bench.runner.lacks
    broken[0] = False
    bench.clock.advance(100.0)
    outcome = bench.runner.push("y", bench.clock.now())
    assert isinstance(outcome, Emit)
    assert outcome.rung == "a"


def test_the_memory_of_this_process_is_that_of_a_python() -> None:
    assert resident_bytes() == 0 or resident_bytes() > 5 * MB
