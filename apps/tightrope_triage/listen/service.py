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
from tightrope_triage.listen.cases import Worklist
from tightrope_triage.listen.database import FILE, Database
from tightrope_triage.listen.judged import Judge
from tightrope_triage.listen.options import ListenOptions
from tightrope_triage.listen.reception import adopt
from tightrope_triage.listen.sender import Sender, forget_orphans
from tightrope_triage.listen.server import Server
from tightrope_triage.listen.spool import Spool
from tightrope_triage.listen.worker import Worker

_LOOK_S = 0.5
_PRUNE_S = 3600.0


def listen(options: ListenOptions, judge: Judge, say: Callable[[str], None], stop: threading.Event) -> None:
    """Receive, judge, and send back until `stop` is set; then the job in hand is finished and what is left is said.

    Raises:
        OutputError: the port is taken, or the folder cannot be written.
        WorklistError: the worklist is damaged, of another version, or another listener works on it.
    """
    database = Database(options.folder)
    try:
        with _explained(options), warnings.catch_warnings():
            # pydicom warns of each odd value that a peer sent; the verdict says what matters of it.
            warnings.filterwarnings("ignore", category=UserWarning, module="pydicom")
            worklist = Worklist(database)
            received, outgoing = Spool(options.folder / "received"), Spool(options.folder / "outgoing")
            _recover(received, outgoing, worklist, say)
            _serve(options, judge, say, stop, worklist, received, outgoing)
            waiting, unsent = worklist.left()
        say(f"stopped; {waiting} wait to be judged, {unsent} results to be sent")
    finally:
        database.close()


def _serve(
    options: ListenOptions,
    judge: Judge,
    say: Callable[[str], None],
    stop: threading.Event,
    worklist: Worklist,
    received: Spool,
    outgoing: Spool,
) -> None:
    sender = None
    if options.send_to is not None:
        worklist.try_again()
        sender = Sender(options.aet, options.send_to, options.retry, outgoing, worklist, say)
    worker = Worker(judge, received, outgoing, worklist, say, None if sender is None else sender.wake)
    threads: list[Worker | Sender] = [worker] if sender is None else [worker, sender]
    server = Server(options, received, worklist, worker.wake)
    # At the end the server stops first, then the threads finish what they have in hand.
    with _running(threads), server:
        say(f"listening as {options.aet} on {options.host}:{server.port}, worklist in {options.folder}")
        _wait(options, stop, threads, worklist, received)


def _wait(
    options: ListenOptions, stop: threading.Event, threads: list[Worker | Sender], worklist: Worklist, received: Spool
) -> None:
    pruned = -_PRUNE_S
    while not stop.wait(_LOOK_S):
        if not all(thread.is_alive() for thread in threads):
            raise RuntimeError("a thread of the listener ended")
        if options.keep_days is not None and time.monotonic() - pruned > _PRUNE_S:
            prune(options.keep_days, received, worklist)
            pruned = time.monotonic()


@contextlib.contextmanager
def _running(threads: list[Worker | Sender]) -> Iterator[None]:
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.stop()
        for thread in threads:
            thread.join()


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
