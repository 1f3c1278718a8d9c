"""The core's runner on the worklist: which case is judged next, and how long its result took.

>>> runner = open_runner(worker, options, waiting=worklist.waiting(), clock=clock, write=None)
>>> runner.push(case, case.received)                     # judges the case that is due      # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tightrope.errors import OutputError
from tightrope.runtime import Answer, Clock, KeepAll, Limits, Runner, StageTimes, State, Step, Telemetry
from tightrope.runtime.policies import Fixed
from tightrope.runtime.telemetry import Record
from tightrope_triage.listen.cases import Case
from tightrope_triage.listen.judged import Judged
from tightrope_triage.listen.options import ListenOptions

CaseRunner = Runner[Case, Judged]

PATIENCE_S = 600.0
"""An urgent case goes before others that came up to so many seconds before it; an older one it does not overtake."""

_SAMPLE = Case(0, "", "", 0.0, "", 0)


def open_runner(
    worker: Callable[[Case], Answer[Judged]],
    options: ListenOptions,
    waiting: Sequence[Case],
    clock: Clock,
    write: Callable[[Record], None] | None,
) -> CaseRunner:
    """A runner that judges the cases that wait, then what comes: none is lost, the urgent ones go first.

    Args:
        worker: a case to its committed result.
        waiting: cases of a listener that ended before.
        clock: the worklist's.
        write: is told everything that happens, as `Telemetry` records it.
    """
    limits = Limits.of(options.budget)
    steps = [Step(options.model, lambda: _warmed(worker), limits.deadline_s)]
    # The worklist takes no more than its limit, so this queue never has to refuse a case that was acknowledged.
    queue = KeepAll(max(options.limits.waiting, len(waiting)), rank, PATIENCE_S)
    telemetry = Telemetry(steps, limits, clock.now(), write)
    runner = Runner(steps, limits, _SAMPLE, Fixed(0), clock, telemetry, queue=queue)
    for case in waiting:
        runner.arrive(case, case.received)
    return runner


def rank(case: Case) -> int:
    """0 for an urgent case, 1 for others, and one more for each try that a listener did not survive."""
    return (0 if case.urgent else 1) + case.tries


def note(write: Callable[[Record], None] | None, say: Callable[[str], None]) -> Callable[[Record], None]:
    """Passes records on until the disk refuses one, and says when the runner fails and when it works again."""
    states = [State.OK.value]

    def noted(record: Record) -> None:
        nonlocal write
        if record["event"] == "state":
            if State.FAILED.value in (states[-1], record["state"]):
                say(f"{record['state']}: {record['why']}")
            states[:] = [record["state"]]
        if write is not None:
            try:
                write(record)
            except OutputError as error:  # no reason to judge no more
                write = None
                say(f"{error}; the telemetry ends here")

    return noted


def _warmed(worker: Callable[[Case], Answer[Judged]]) -> Callable[[Case], Answer[Judged]]:
    """The worker, but for the sample that rungs are warmed with: the judge sees to that itself."""

    def run(case: Case) -> Answer[Judged]:
        return Answer(Judged.refused("a sample"), StageTimes(0.0, 0.0, 0.0)) if case is _SAMPLE else worker(case)

    return run
