"""The listener from start to stop.

>>> stop = threading.Event()
>>> listen(ListenOptions(Path("worklist")), judge, print, stop)     # until `stop` is set          # doctest: +SKIP
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
import warnings
from collections.abc import Callable, Iterator

from tightrope.errors import OutputError
from tightrope.runtime import Abstain, Emit, JsonLines, LiveRunner, Outcome, WallClock
from tightrope.runtime.trace import write_trace
from tightrope_triage.listen.cases import Case, Worklist
from tightrope_triage.listen.database import FILE, Database
from tightrope_triage.listen.judged import Judge, Judged
from tightrope_triage.listen.options import ListenOptions
from tightrope_triage.listen.reception import adopt
from tightrope_triage.listen.rows import printable
from tightrope_triage.listen.runner import CaseRunner, note, open_runner
from tightrope_triage.listen.sender import Sender, forget_orphans
from tightrope_triage.listen.server import Server
from tightrope_triage.listen.spool import Spool
from tightrope_triage.listen.worker import Worker

_LOOK_S = 0.2
_PRUNE_S = 3600.0


def listen(options: ListenOptions, judge: Judge, say: Callable[[str], None], stop: threading.Event) -> None:
    """Receive, judge, and send back until `stop` is set; then the case in hand is finished.

    At the end it is said how long results took, by the budget's limit, and what is left.

    Raises:
        OutputError: the port is taken, or the folder cannot be written.
        WorklistError: the worklist is damaged, of another version, or another listener works on it.
    """
    clock = WallClock()
    database = Database(options.folder)
    try:
        with _explained(options), warnings.catch_warnings(), _telemetry(options) as lines:
            # pydicom warns of each odd value that a peer sent; the verdict says what matters of it.
            warnings.filterwarnings("ignore", category=UserWarning, module="pydicom")
            worklist = Worklist(database, clock.now)
            received, outgoing = Spool(options.folder / "received"), Spool(options.folder / "outgoing")
            _recover(received, outgoing, worklist, say)
            worker = Worker(judge, received, outgoing, worklist, say, options.send_to is not None, clock)
            write = note(lines.write if lines else None, say)
            runner = open_runner(worker, options, worklist.waiting(), clock, write)
            _Service(options, say, worklist, received, outgoing).serve(runner, worker, stop)
            waiting, unsent = worklist.left()
            say(str(runner.telemetry.close(clock.now())))
        say(f"stopped; {waiting} wait to be judged, {unsent} results to be sent")
    finally:
        database.close()


class _Service:
    """What goes on beside judging: results are told and sent, old cases removed."""

    def __init__(
        self,
        options: ListenOptions,
        say: Callable[[str], None],
        worklist: Worklist,
        received: Spool,
        outgoing: Spool,
    ) -> None:
        self._options, self._say, self._worklist, self._received = options, say, worklist, received
        self._sender: Sender | None = None
        self._unpruned = False
        if options.send_to is not None:
            worklist.try_again()
            self._sender = Sender(options.aet, options.send_to, options.retry, outgoing, worklist, say)

    def serve(self, runner: CaseRunner, worker: Worker, stop: threading.Event) -> None:
        options, live = self._options, LiveRunner(runner)

        def arrived(case: Case) -> None:
            live.push(case, case.received)

        server = Server(options, self._received, self._worklist, arrived)
        with contextlib.ExitStack() as ending:
            # At the end the server stops first, then judge and sender finish what they have in hand.
            if self._sender is not None:
                ending.enter_context(_running(self._sender))
            ending.enter_context(live)
            ending.callback(worker.stop)
            ending.enter_context(server)
            self._say(f"listening as {options.aet} on {options.host}:{server.port}, worklist in {options.folder}")
            self._wait(live, stop)
        for outcome in live:
            self._tell(outcome)

    def _wait(self, live: LiveRunner[Case, Judged], stop: threading.Event) -> None:
        pruned = -_PRUNE_S
        while not stop.is_set():
            self._tell(live.pull(_LOOK_S))
            if self._sender is not None and not self._sender.is_alive():
                raise RuntimeError("a thread of the listener ended")
            days = self._options.keep_days
            if days is not None and time.monotonic() - pruned > _PRUNE_S and self._prune(days):
                pruned = time.monotonic()

    def _prune(self, days: float) -> bool:
        """Whether old cases could be removed: a disk that refuses is told of once, and asked again at the next look."""
        try:
            prune(days, self._received, self._worklist)
        except (OSError, sqlite3.Error) as error:
            if not self._unpruned:
                self._say(f"old cases cannot be removed: {error}; trying again")
            self._unpruned = True
            return False
        self._unpruned = False
        return True

    def _tell(self, outcome: Outcome[Judged] | None) -> None:
        if isinstance(outcome, Abstain):
            raise RuntimeError(f"a case got no result: {outcome.why}")
        if isinstance(outcome, Emit):
            self._say(_line(outcome.item, outcome.result))
            if self._sender is not None:
                self._sender.wake()


def _line(case: Case, judged: Judged) -> str:
    chance = "" if judged.probability is None else f" {judged.probability:.3f}"
    why = f": {' '.join(judged.reasons)}" if judged.reasons else ""
    return printable(f"{judged.state.value}{chance} {case.sop_instance_uid}{why}")


@contextlib.contextmanager
def _running(thread: Sender) -> Iterator[None]:
    thread.start()
    try:
        yield
    finally:
        thread.stop()
        thread.join()


@contextlib.contextmanager
def _telemetry(options: ListenOptions) -> Iterator[JsonLines | None]:
    """The file for what the runner does, and at the end its trace; None: none was asked for."""
    if options.telemetry is None:
        yield None
        return
    file = options.telemetry / time.strftime("listen-%Y%m%dT%H%M%S.jsonl")
    with JsonLines(file) as lines:
        yield lines
    write_trace(file, file.with_suffix(".trace.json"))


def prune(days: float, received: Spool, worklist: Worklist) -> None:
    """Remove cases finished longer ago, files first: a file without a row would be adopted as a new case."""
    old = worklist.old(days)
    for _, file in old:
        received.remove(file)
    worklist.forget([case for case, _ in old])


def _recover(received: Spool, outgoing: Spool, worklist: Worklist, say: Callable[[str], None]) -> None:
    adopted, removed = adopt(received, worklist)
    forget_orphans(outgoing, worklist.files()[1])
    waiting, unsent = worklist.left()
    if waiting or unsent or adopted or removed:
        say(
            f"going on where the last listener ended: {waiting} wait to be judged ({adopted} of them had no row), "
            f"{unsent} results to be sent, {removed} unusable files removed"
        )


@contextlib.contextmanager
def _explained(options: ListenOptions) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise OutputError(f"cannot use the worklist {options.folder / FILE}: {error}") from error
