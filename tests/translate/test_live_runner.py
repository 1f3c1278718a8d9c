"""Live typing on the core's runner, on a clock that only the engine moves: a sixteenth of a second for a sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tightrope.runtime import Abstain, Emit, FakeClock, Reason, Revise, Wait
from tightrope.runtime.lane import Job
from tightrope.runtime.telemetry import Record
from tightrope_translate.live import Live
from tightrope_translate.live.runner import Keystroke, TypingRunner, open_runner

from .live_engines import Said, Shouting

STEP_S = 0.0625


class Ticking(Shouting):
    """Takes its time, fails at 'fail', and calls `meanwhile` at every sentence."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self.meanwhile: Callable[[], object] = lambda: None

    def translate(self, text: str, source: str, target: str) -> Said:
        self._clock.advance(STEP_S)
        self.meanwhile()
        if text == "fail":
            raise RuntimeError("no luck")
        return super().translate(text, source, target)


class Typing:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.engine = Ticking(self.clock)
        self.live = Live(self.engine, "en", "de", mask=0, agree=1)
        self.records: list[Record] = []
        self.runner: TypingRunner = open_runner(self.live, clock=self.clock, write=self.records.append)

    def push(self, text: str, settled: bool = False) -> Emit[object] | Abstain | Wait:
        return self.runner.push(Keystroke(text, settled), self.clock.now())


@pytest.fixture
def typing() -> Typing:
    return Typing()


def test_what_is_committed_is_emitted_and_what_is_not_revises(typing: Typing) -> None:
    text = "One two. Three four."
    outcomes = [typing.push(text[: end + 1]) for end in range(len(text))]

    assert all(isinstance(outcome, Emit) for outcome in outcomes)
    committed = [place for place, outcome in enumerate(outcomes) if not isinstance(outcome, Revise)]
    assert committed == [7, 8, 19], "the end of a sentence, the space behind it, the end of the next"
    assert [outcome.revises for outcome in outcomes if isinstance(outcome, Revise)][:2] == [-1, 0]
    stable = ""
    for outcome in outcomes:
        stable = outcome.result.apply(stable)  # type: ignore[union-attr, attr-defined]
    assert stable == typing.live.stable == text.upper()
    ages = [outcome.age_s for outcome in outcomes if isinstance(outcome, Emit)]
    assert ages == [STEP_S if place in (3, 7, 14, 19) else 0.0 for place in range(len(text))], "at whole words only"

    summary = typing.runner.telemetry.close(typing.clock.now())
    assert (summary.inputs, summary.met, summary.lost) == (20, 20, {})
    assert summary.age_ms == {"p50": 0.0, "p90": 62.5, "p99": 62.5}
    assert "20 inputs in 0.2 s: 0% missed; age p50 0.0, p90 62.5, p99 62.5 ms; translate 100%" in str(summary)
    assert not any("One" in str(record) or "ONE" in str(record) for record in typing.records)


def test_keys_that_come_meanwhile_are_replaced_by_the_newest(typing: Typing) -> None:
    runner, clock = typing.runner, typing.clock
    runner.arrive(Keystroke("One "), clock.now())
    job = runner.begin()
    assert isinstance(job, Job)
    answer = runner.run(job)
    for text in ("One t", "One tw", "One two", "One two."):
        runner.arrive(Keystroke(text), clock.now() - STEP_S / 2)  # each while the first was translated
    first = runner.finish(job, answer)
    newest = runner.begin()
    assert isinstance(newest, Job)
    second = runner.finish(newest, runner.run(newest))

    assert isinstance(first, Revise)
    assert isinstance(second, Emit)
    assert (second.item.text, second.age_s) == ("One two.", 1.5 * STEP_S)
    counts = runner.counts
    assert (counts.arrived, counts.answered, counts.replaced) == (5, 2, 3)
    summary = runner.telemetry.summary(clock.now())
    assert (summary.met, summary.lost) == (2, {"replaced": 3})


def test_a_run_that_a_newer_key_ends_is_replaced_too(typing: Typing) -> None:
    typing.engine.meanwhile = typing.live.supersede
    assert isinstance(typing.push("One. Two. Three."), Wait)
    assert typing.engine.asked == ["One."]
    typing.engine.meanwhile = lambda: None
    assert isinstance(typing.push("One. Two."), Emit)
    assert (typing.runner.counts.replaced, typing.runner.counts.answered) == (1, 1)
    assert [record["number"] for record in typing.records if record["event"] == "replaced"] == [0]


def test_late_keys_miss_the_limit_of_the_budget(typing: Typing) -> None:
    late = typing.push("One. Two. Three. ")
    assert isinstance(late, Emit)
    assert (late.age_s, late.deadline_s, late.met) == (3 * STEP_S, 0.1, False)
    assert typing.push("One. Two. Three. F").met  # type: ignore[union-attr]
    assert typing.runner.telemetry.summary(typing.clock.now()).miss_rate == 0.5


def test_it_abstains_where_the_engine_is_not_sure_and_only_there(typing: Typing) -> None:
    unsure = typing.push("An xyzzy.")
    assert isinstance(unsure, Abstain)
    assert unsure.reason is Reason.unsure
    assert (unsure.result.stable, unsure.result.sure) == ("[2 words]", False)
    goes_on = typing.push("An xyzzy. Good ")
    assert isinstance(goes_on, Emit)
    assert not goes_on.result.sure, "of the text as a whole"  # type: ignore[attr-defined]
    failed = typing.push("fail", settled=True)
    assert isinstance(failed, Abstain)
    assert (failed.reason, failed.why) == (Reason.error, "translate: no luck")
    assert typing.runner.telemetry.summary(typing.clock.now()).lost == {"error": 1, "unsure": 1}
