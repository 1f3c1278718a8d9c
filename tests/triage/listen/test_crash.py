"""The process ends at each line that taking in, judging and sending execute, one after the other.

A child process counts the lines of the modules that make things durable and ends without a word at line n; then the
worklist is opened again and looked at. This stands for SIGKILL. That what was synced survives the power is up to the
disk; the order of the syncs is tested apart.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tightrope.runtime import FakeClock
from tightrope.runtime.lane import Job
from tightrope_triage.listen import ListenOptions, worklist
from tightrope_triage.listen.bounds import preamble
from tightrope_triage.listen.cases import Worklist
from tightrope_triage.listen.database import Database
from tightrope_triage.listen.reception import SUCCESS, Answer, Incoming, accept, adopt
from tightrope_triage.listen.runner import CaseRunner, open_runner
from tightrope_triage.listen.sender import forget_orphans
from tightrope_triage.listen.spool import Spool
from tightrope_triage.listen.worker import TryAgainError, Worker

from .objects import radiograph
from .standin import plain

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

DURABLE = {f"{name}.py" for name in ("cases", "database", "reception", "spool", "worker")}
SAID, KILLED = 7, 9

# All of them take a minute of disk syncs, so a quick run looks at some.
at_each_line = pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.verify), 11])


class Folder:
    """A worklist, opened as a listener does."""

    def __init__(self, path: Path) -> None:
        self.path, self.database = path, Database(path)
        self.cases = Worklist(self.database)
        self.received, self.outgoing = Spool(path / "received"), Spool(path / "outgoing")
        adopt(self.received, self.cases)
        forget_orphans(self.outgoing, self.cases.files()[1])

    def take(self) -> Answer:
        dataset = radiograph(1)
        who = str(dataset.SOPClassUID), str(dataset.SOPInstanceUID)
        encoded = _encoded(dataset)
        head = preamble(*who, str(dataset.file_meta.TransferSyntaxUID), "PEER")
        incoming = Incoming(self.received.draft(), head, 1 << 20)
        incoming.add(encoded[:100])
        incoming.add(encoded[100:])
        return accept(incoming, *who, self.received, self.cases, limit=5, arrived=lambda case: None)

    def judge(self) -> None:
        clock = FakeClock()
        worker = Worker(plain, self.received, self.outgoing, self.cases, say=print, sends=True, clock=clock)
        runner = open_runner(worker, ListenOptions(self.path), self.cases.waiting(), clock, None)
        runner.prepare()
        drain(runner)

    def end(self) -> None:
        self.database.close()


def drain(runner: CaseRunner) -> list[Any]:
    """Judge until nothing waits; the outcomes in order."""
    outcomes = []
    while isinstance(job := runner.begin(), Job):
        try:
            outcomes.append(runner.finish(job, runner.run(job)))
        except TryAgainError as error:
            outcomes.append(runner.fail(job, error))
    return outcomes


def _encoded(dataset: Any) -> bytes:
    from pynetdicom.dsutils import encode

    encoded = encode(dataset, is_implicit_vr=False, is_little_endian=True)
    assert encoded is not None
    return encoded


def killed_at(line: int, act: Callable[[], bool]) -> int:
    """Run `act` in a child that ends at this many lines: KILLED, or SAID if it came to its end with True."""
    child = os.fork()
    if child == 0:
        left = line

        def count(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal left
            if Path(frame.f_code.co_filename).parent.name != "listen":
                return None
            if event == "line" and Path(frame.f_code.co_filename).name in DURABLE:
                left -= 1
                if left < 0:
                    os._exit(KILLED)
            return count

        code = 1
        try:
            sys.settrace(count)
            code = SAID if act() else 1
        finally:
            sys.settrace(None)
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@at_each_line
def test_killed_at_each_line_of_taking_in(step: int, tmp_path: Path) -> None:
    def take() -> bool:
        return Folder(path).take() is SUCCESS

    line, ended = 0, KILLED
    while ended == KILLED:
        path = tmp_path / str(line)
        ended = killed_at(line, take)
        assert ended in {KILLED, SAID}
        folder = Folder(path)
        rows = worklist(path)
        files = sorted(item.name for item in folder.received.folder.iterdir())
        # A file for each row and no other; what was acknowledged has both.
        assert len(rows) == len(files) <= 1
        assert set(files) == folder.cases.files()[0]
        if ended == SAID:
            assert [row.state for row in rows] == ["WAITING"]
        assert folder.take() is SUCCESS
        assert len(worklist(path)) == 1
        folder.judge()
        assert [(row.state, row.probability) for row in worklist(path)] == [("ROUTINE", 0.1)]
        folder.end()
        line += step
    assert line > 100, "the child was hardly traced"


@at_each_line
def test_killed_at_each_line_of_judging(step: int, tmp_path: Path) -> None:
    def judge() -> bool:
        Folder(path).judge()
        return True

    line, ended = 0, KILLED
    while ended == KILLED:
        path = tmp_path / str(line)
        first = Folder(path)
        assert first.take() is SUCCESS
        first.end()
        ended = killed_at(line, judge)
        folder = Folder(path)
        (row,) = worklist(path)
        outgoing = {item.name for item in folder.outgoing.folder.iterdir()}
        # Result and outbox came together, or neither came; no file is left over.
        assert row.results == (row.result_s is not None) == len(outgoing)
        assert ended != SAID or row.result_s is not None
        folder.judge()
        (row,) = worklist(path)
        assert (row.state, row.results, len(folder.cases.due(attempts=1))) == ("ROUTINE", 1, 1)
        assert row.tries <= 2
        folder.end()
        line += step
    assert line > 100, "the child was hardly traced"


def test_nothing_is_answered_before_it_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path)
    steps: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def synced(descriptor: int) -> None:
        steps.append("sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        fsync(descriptor)

    def renamed(path: Path, target: Path) -> Path:
        steps.append("rename")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", renamed)
    with folder.database.transaction() as connection:
        settings = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    connection.set_trace_callback(lambda statement: steps.append(statement.split()[0]))
    assert folder.take() is SUCCESS
    connection.set_trace_callback(None)
    folder.end()
    assert settings == ["wal", 2]  # 2 is FULL: each commit is synced
    assert [step for step in steps if step not in {"SELECT", "BEGIN"}] == [
        "COMMIT",  # of the look
        "sync file",
        "rename",
        "sync folder",
        "INSERT",
        "COMMIT",
    ]
