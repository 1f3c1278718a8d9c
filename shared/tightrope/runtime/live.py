"""A runner with a thread of its own: inputs may come while one runs, and a run that hangs is left behind.

    with LiveRunner(runner) as live:
        live.push(frame, captured_at)           # from the camera's thread, at once: Wait or Abstain
        for outcome in live:                    # from the thread that shows: Emit, Revise, Abstain
            ...

How many answers wait to be read is the queue's to say: with `Newest` the newest one, and one that nobody read before
the next came is counted as unread; with `KeepAll` all of them. A second thread looks twice a period for a run that
hangs and for the state. Python cannot end a thread: the one that hangs is marked, a new one takes its place, and what
it brings, if ever it comes back, is thrown away.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Generic, TypeVar

from tightrope.runtime.lane import Job
from tightrope.runtime.outcome import Abstain, Emit, Outcome, Wait
from tightrope.runtime.runner import Runner
from tightrope.runtime.watchdog import Health, State

Input = TypeVar("Input")
Result = TypeVar("Result")


class LiveRunner(Generic[Input, Result]):
    """Drives a `Runner` from threads.

    Args:
        runner: the state machine; nobody else may drive it meanwhile.
    """

    def __init__(self, runner: Runner[Input, Result]) -> None:
        self._runner = runner
        self._changed = threading.Condition()
        self._leave = threading.Event()
        self._closed = False
        self._unread: deque[Emit[Result] | Abstain] = deque()
        self._broken: BaseException | None = None
        self._worker: threading.Thread | None = None
        self._loader: threading.Thread | None = None
        self._tick = runner.limits.period_s / 2

    def __enter__(self) -> LiveRunner[Input, Result]:
        self._runner.prepare()
        with self._changed:
            self._hire()
        self._start(self._watch, "watchdog")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._end()
        # A run that has begun may end in its time; one that hangs is not waited for any longer than when it is watched.
        if self._worker is not None:
            patience = self._runner.limits.stuck_s
            self._worker.join(patience if math.isfinite(patience) else None)

    def push(self, item: Input, captured_at: float) -> Wait | Abstain:
        """Hand an input over; never waits for a run. Wait: its answer is to come."""
        with self._changed:
            outcome = self._runner.arrive(item, captured_at)
            self._changed.notify_all()
            return outcome

    def announce(self, captured_at: float) -> None:
        """An input is there that is to be pushed, when something has come that belongs to it."""
        with self._changed:
            self._runner.announce(captured_at)

    def pull(self, timeout: float | None = None) -> Outcome[Result] | None:
        """The first outcome that was not read yet; Wait when there is none in `timeout` seconds; None after the end.

        Raises what a thread of this runner died of, such as a full disk under the telemetry.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._unread or self._over(), timeout)
            if self._broken is not None:
                raise self._broken
            if self._unread:
                return self._unread.popleft()
            return None if self._over() else Wait(self._runner.counts.arrived - 1)

    def __iter__(self) -> Iterator[Emit[Result] | Abstain]:
        """Every outcome as it comes, until `close` and the answer to the last input."""
        while (outcome := self.pull()) is not None:
            if not isinstance(outcome, Wait):
                yield outcome

    def close(self) -> None:
        """No more inputs will come; the last one is still answered."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def health(self) -> Health:
        """The state now, since when, and why."""
        with self._changed:
            return self._runner.look()

    def _over(self) -> bool:
        return self._leave.is_set() or (self._closed and self._runner.lane.idle)

    def _end(self) -> None:
        """Let all threads go. The lock must be held."""
        self._leave.set()
        self._changed.notify_all()

    def _hire(self) -> None:
        """A new worker. The lock must be held, so that it is known as the worker before it looks for work."""
        self._worker = self._start(self._work, "runner")

    def _start(self, work: Callable[[], None], name: str) -> threading.Thread:
        def guarded() -> None:
            try:
                work()
            except BaseException as error:  # raised again where outcomes are pulled
                with self._changed:
                    self._broken = error
                    self._end()

        thread = threading.Thread(target=guarded, name=f"tightrope {name}", daemon=True)
        thread.start()
        return thread

    def _work(self) -> None:
        """Run what waits, one after the other, until a run of this thread is abandoned."""
        me = threading.current_thread()
        while (job := self._next_job(me)) is not None:
            try:
                answer = self._runner.run(job)
            except Exception as error:
                self._settle(self._runner.fail, job, error)
            else:
                self._settle(self._runner.finish, job, answer)

    def _next_job(self, me: threading.Thread) -> Job[Input] | None:
        """Wait until a run may begin. None: this thread is not needed any more."""
        with self._changed:
            while self._worker is me and not self._over():
                begun = self._runner.begin()
                if isinstance(begun, Job):
                    return begun
                self._post(begun)
                if begun is None:
                    self._changed.wait(self._tick)
        return None

    def _settle(self, end: Callable[..., Outcome[Result] | None], *of: Any) -> None:
        # In one go: who pulls must not find the lane empty before the last outcome can be read.
        with self._changed:
            self._post(end(*of))

    def _post(self, outcome: Outcome[Result] | None) -> None:
        """Let an outcome be read. Where all room is taken an answer replaces an older one; an abstention no answer."""
        if outcome is None or isinstance(outcome, Wait):
            return
        if len(self._unread) == self._runner.lane.queue.unread:
            if isinstance(self._unread[-1], Emit):
                if not isinstance(outcome, Emit):
                    return
                self._runner.telemetry.unread += 1
            self._unread.pop()
        self._unread.append(outcome)
        self._changed.notify_all()

    def _watch(self) -> None:
        while not self._leave.wait(self._tick):
            with self._changed:
                if self._over():
                    self._end()
                    return
                if self._runner.overdue():
                    abandoned = self._runner.abandon()
                    self._hire()
                    self._post(abandoned)
                if self._runner.look().state is State.FAILED and self._closed:
                    self._end()  # nothing that still waits will be answered in time
                if self._runner.lacks and not (self._loader and self._loader.is_alive()):
                    self._loader = self._start(self._runner.restock, "loader")
