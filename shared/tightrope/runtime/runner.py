"""The runner: owns the clock, the deadline and the queue; the governor picks the rung.

    runner = Runner(ladder.steps(open_detector), Limits.of(budget), sample=picture)
    runner.prepare()
    outcome = runner.push(frame, captured_at)     # runs the frame here and now: Emit, or Abstain

One state machine, three ways to drive it: `push` runs every input in the caller's thread; `LiveRunner` has a thread of
its own, so that inputs may come while one runs; `replay` moves a fake clock along recorded times. They call `arrive`,
`begin`, `finish`, `fail` and `abandon`, none of which waits, sleeps or locks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from tightrope.runtime.clock import Clock, SystemClock
from tightrope.runtime.governor import Governor
from tightrope.runtime.lane import Counts, Job, Lane
from tightrope.runtime.limits import Limits
from tightrope.runtime.outcome import Abstain, Emit, Outcome, Reason, Revise, Superseded, Wait
from tightrope.runtime.pipeline import Answer, Tentative, Unsure
from tightrope.runtime.policies import Hysteresis, Policy
from tightrope.runtime.queues import Queue
from tightrope.runtime.session import first_line
from tightrope.runtime.shelf import Step
from tightrope.runtime.telemetry import Telemetry
from tightrope.runtime.watchdog import FAULTS_IN_A_ROW, Health, State, Watchdog

Input = TypeVar("Input")
Result = TypeVar("Result")

_PATIENCE = 10
"""After so many times `stuck_s` a rung that could not be loaded is tried again."""


class Runner(Generic[Input, Result]):
    """A ladder at work under a deadline.

    Args:
        steps: the ladder, best first.
        limits: deadline, period, and when an answer is stale and a run is stuck.
        sample: an input to warm the rungs with.
        policy: picks the rung of every run; None: `Hysteresis()`.
        clock: where all times come from; capture times must come from the same one.
        telemetry: is told everything that happens; None: only the summary is kept.
        memory_bytes: limit of the process's resident memory; rungs beyond it are loaded only when they come near.
        queue: says which input is next and whether one may be lost; None: `Newest()`.
    """

    def __init__(
        self,
        steps: Sequence[Step[Input, Result]],
        limits: Limits,
        sample: Input,
        policy: Policy | None = None,
        clock: Clock | None = None,
        telemetry: Telemetry | None = None,
        memory_bytes: int | None = None,
        queue: Queue[Input] | None = None,
    ) -> None:
        if not steps:
            raise ValueError("a ladder needs at least one rung")
        self.limits = limits
        self.clock = clock or SystemClock()
        self.governor = Governor(steps, limits, policy or Hysteresis(), self.clock, memory_bytes)
        self.telemetry = telemetry or Telemetry(steps, limits, self.clock.now())
        self.lane: Lane[Input] = Lane(queue)
        self._watchdog = Watchdog(limits)
        self._sample = sample
        self._restock_at = float("-inf")
        self._unloadable: Exception | None = None
        self._shown = -1

    @property
    def counts(self) -> Counts:
        """Where all inputs went."""
        return self.lane.counts

    def prepare(self) -> None:
        """Load and warm the rungs that the memory allows, before the first input comes.

        Raises what a rung raises that cannot be loaded: at the beginning somebody is there to mend it.
        """
        self.restock()
        if self._unloadable:
            raise self._unloadable

    @property
    def lacks(self) -> bool:
        """Whether `restock` should be called: a rung that should be at hand is not, and it is worth trying."""
        return self.clock.now() >= self._restock_at and self.governor.lacks

    def restock(self) -> None:
        """Load and warm the rungs that are missing. This takes the time that it takes.

        One that cannot be loaded is tried again later; until then the others do its work.
        """
        began = self.clock.now()
        stocked = self.governor.stock(self._sample)
        now = self.clock.now()
        self._unloadable = next(iter(stocked.failures.values()), None)
        if self._unloadable:
            self._restock_at = now + _PATIENCE * self.limits.stuck_s
        self.telemetry.loaded(stocked, began, now)

    def push(self, item: Input, captured_at: float) -> Outcome[Result]:
        """Take an input and run what is next at once, in this thread: it, unless the queue has another that is due.

        Wait: no run may begin now, in the state FAILED, or the run failed and its input waits again.
        """
        outcome = self.arrive(item, captured_at)
        if self.lacks:
            self.restock()
        job = self.begin()
        if not isinstance(job, Job):
            return job or outcome
        try:
            answer = self.run(job)
        except Exception as error:
            return self.fail(job, error) or outcome
        return self.finish(job, answer) or outcome

    def announce(self, captured_at: float) -> None:
        """An input is there, and waits for something before it can arrive: what gives it has not fallen silent."""
        self._watchdog.arrived(self.clock.now(), captured_at)
        self.look()

    def arrive(self, item: Input, captured_at: float) -> Wait | Abstain:
        """An input comes. It waits, if the queue takes it, and perhaps in place of another."""
        now = self.clock.now()
        self._watchdog.arrived(now, captured_at)
        job, lost = self.lane.arrive(item, captured_at, now)
        if lost is not None and lost[0] is job:
            return self._abstain(job.number, lost[1], lost[1].value, now)
        self.telemetry.arrived(job, now)
        if lost is not None:
            self.telemetry.replaced(lost[0], job.number, now)
        self.look()
        return Wait(job.number)

    def begin(self) -> Job[Input] | Abstain | None:
        """Start what is next on the rung that the governor picks. None: nothing waits, or no run may begin now."""
        now = self.clock.now()
        waiting = self.lane.waiting
        if waiting is None or self.lane.running is not None:
            return None
        age = now - waiting.captured_at
        if age > self.limits.stale_s:
            self.lane.expire()
            return self._abstain(waiting.number, Reason.expired, f"it had waited until it was {age:.2f} s old", now)
        if not self.governor.shelf.ready or not self._watchdog.may_start(now):
            return None
        choice = self.governor.choose(self.limits.deadline_s - age)
        job = self.lane.start(choice.rung, self.governor.shelf.model(choice.rung), now)
        self.telemetry.started(job, choice.why, now)
        return job

    def run(self, job: Job[Input]) -> Answer[Result]:
        """The work itself: the only part that takes time, and may be called from any thread."""
        if job.model is None:
            raise ValueError("only what has begun can be run")
        answer: Answer[Result] = job.model(job.item)
        return answer

    def finish(self, job: Job[Input], answer: Answer[Result]) -> Emit[Result] | Abstain | None:
        """The run gave an answer. None: it had been abandoned; the answer is thrown away."""
        now = self.clock.now()
        if self.lane.running is not job:
            self._came_back(job, now)
            return None
        self.governor.observe(job.rung, now - job.started_at)
        age = now - job.captured_at
        if age > self.limits.stale_s:
            self.lane.settle(job, Reason.expired)
            return self._abstain(job.number, Reason.expired, f"its answer came when it was {age:.2f} s old", now)
        self._watchdog.answered(job.captured_at, now, job.rung)
        if isinstance(answer, Unsure):
            self.lane.settle(job, Reason.unsure)
            return self._abstain(job.number, Reason.unsure, answer.why, now, answer.result)
        self.lane.settle(job)
        emitted = self._emit(job, answer, now)
        self.telemetry.answered(emitted, now)
        return emitted

    def fail(self, job: Job[Input], error: Exception) -> Abstain | Wait | None:
        """The run raised an error. Wait: its input waits again. None: it had been abandoned, or was superseded."""
        now = self.clock.now()
        if self.lane.running is not job:
            self._came_back(job, now)
            return None
        if isinstance(error, Superseded):
            self.lane.settle(job, Reason.replaced)
            self.telemetry.replaced(job, self.counts.arrived - 1, now)
            return None
        why = f"{self._name(job)}: {first_line(error)}"
        if self._watchdog.fault(now, why) >= FAULTS_IN_A_ROW:
            self.governor.shelf.discard(job.rung)  # perhaps it is the session: the next one is new
        return self._unanswered(job, Reason.error, why, now)

    def overdue(self) -> bool:
        """Whether the run is stuck."""
        running = self.lane.running
        return running is not None and self.clock.now() - running.started_at > self.limits.stuck_s

    def abandon(self) -> Abstain | Wait | None:
        """Give up the run: its answer is not waited for, and its session is never used again.

        Wait: its input waits again. None: nothing runs.
        """
        now = self.clock.now()
        job = self.lane.running
        if job is None:
            return None
        self._watchdog.left_behind += 1
        self.telemetry.left_behind += 1
        taken = now - job.started_at
        why = f"{self._name(job)} gave no answer in {taken:.2f} s and is left behind"
        self._watchdog.fault(now, why)
        self.governor.observe(job.rung, taken)
        self.governor.shelf.discard(job.rung)
        return self._unanswered(job, Reason.stuck, why, now)

    def look(self) -> Health:
        """The state at this moment; a change of it goes into the telemetry."""
        health = self._watchdog.look(self.clock.now())
        self.telemetry.state(health)
        return health

    @property
    def state(self) -> State:
        return self.look().state

    def _emit(self, job: Job[Input], answer: Answer[Result], now: float) -> Emit[Result]:
        before, self._shown = self._shown, job.number
        plain = Emit(
            result=answer.result,
            times=answer.times,
            number=job.number,
            item=job.item,
            rung=self._name(job),
            captured_at=job.captured_at,
            started_at=job.started_at,
            finished_at=now,
            deadline_s=self.limits.deadline_s,
            state=self.look().state,
        )
        return Revise(**vars(plain), revises=before) if isinstance(answer, Tentative) else plain

    def _unanswered(self, job: Job[Input], reason: Reason, why: str, now: float) -> Abstain | Wait:
        """The run of `job` gave no answer: it waits again where the queue loses none."""
        if self.lane.retry(job):
            self.telemetry.waits_again(job, why, now)
            self.look()
            return Wait(job.number)
        self.lane.settle(job, reason)
        return self._abstain(job.number, reason, why, now)

    def _abstain(self, number: int, reason: Reason, why: str, now: float, result: Result | None = None) -> Abstain:
        abstained = Abstain(number, reason, why, result)
        self.telemetry.abstained(abstained, now)
        self.look()
        return abstained

    def _came_back(self, job: Job[Input], now: float) -> None:
        self._watchdog.left_behind -= 1
        self.telemetry.came_back(job, now)
        self.look()

    def _name(self, job: Job[Input]) -> str:
        return self.governor.steps[job.rung].name
