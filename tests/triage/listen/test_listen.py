"""The listener's life: start, poison, results, end, and what keeps it from starting."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pynetdicom import AE, build_context
from pynetdicom.association import Association
from rich.console import Console

from tightrope.errors import BadInputError, OutputError, TightropeError
from tightrope.runtime import Limits as RunLimits
from tightrope_triage.listen import (
    IsolatedJudge,
    Judge,
    Judged,
    ListenOptions,
    Node,
    Retry,
    Row,
    sender,
    service,
    summarize,
    to_json,
    to_table,
    worklist,
)
from tightrope_triage.listen.cases import TRIES
from tightrope_triage.listen.database import FILE, Database, WorklistError
from tightrope_triage.listen.isolated import JudgeBrokeError
from tightrope_triage.listen.rows import WAITING
from tightrope_triage.reading import Reading, State

from . import standin
from .conftest import Here
from .objects import radiograph, reading, result_uid, write, write_many
from .peers import Listener, free_port, storescu, wait_until
from .test_killed import Archive, archive
from .test_store import associate, rows_when_done, send

Start = Callable[..., Here]
__all__ = ["archive"]
HOUR = RunLimits.every(3600.0)


def test_poison_is_tried_three_times_and_blocks_nothing(listening: Start) -> None:
    here = listening(judge=standin.breaks)
    objects = [radiograph(1, patient="POISON1"), *(radiograph(n) for n in range(2, 6))]
    assert send(here.port, *objects) == [0x0000] * 5
    rows = rows_when_done(here.options.folder, 5)
    (bad,) = [row for row in rows if row.patient_id == "POISON1"]
    assert (bad.state, bad.tries) == ("CANNOT JUDGE", TRIES)
    assert "no luck" in bad.reasons[0]
    assert sum("the judge broke on" in line for line in here.lines) == TRIES


def test_poison_that_takes_the_process_with_it(process: Callable[..., Listener], tmp_path: Path) -> None:
    """Tries are counted before they are made, so they survive."""
    paths = [write(radiograph(1, patient="POISON1"), tmp_path / "1.dcm"), write(radiograph(2), tmp_path / "2.dcm")]
    listener = process("--judge", "slow")
    assert len(storescu(listener.port, paths)[0]) == 2
    listener.kill()
    listener = process("--judge", "dies")
    deaths = 0
    while any(row.state == WAITING for row in worklist(listener.folder)):
        if listener.process.poll() is not None:
            deaths += 1
            assert deaths <= TRIES
            listener = process("--judge", "dies")
        time.sleep(0.02)
    rows = {row.patient_id: row for row in worklist(listener.folder)}
    assert rows["POISON1"].state == "CANNOT JUDGE"
    assert "broke 3 times" in rows["POISON1"].reasons[0]
    assert rows["TEST0002"].state == "ROUTINE"


def test_what_cannot_be_read_is_not_tried_again(listening: Start) -> None:
    here = listening()
    empty = radiograph(1)
    del empty.PixelData
    assert send(here.port, empty) == [0x0000]
    (row,) = rows_when_done(here.options.folder, 1)
    assert (row.state, row.tries, row.reasons) == ("CANNOT JUDGE", 1, ("the object has no pixels",))


def test_an_isolated_judge_outlives_its_process(listening: Start) -> None:
    with IsolatedJudge(partial(open_judge, "dies"), seconds=60) as judge:
        here = listening(judge=judge)
        assert send(here.port, radiograph(1, patient="POISON1"), radiograph(2)) == [0x0000] * 2
        rows = {row.patient_id: row for row in rows_when_done(here.options.folder, 2)}
    assert rows["TEST0002"].state == "ROUTINE"
    assert "with code 9" in rows["POISON1"].reasons[0]


def test_an_isolated_judge_finishes_its_job_at_sigterm(tmp_path: Path) -> None:
    """A service manager sends it to every process; the listener ends this one when the job is done."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    path = write(radiograph(1), tmp_path / "a" / "b" / "1.dcm")
    with IsolatedJudge(partial(open_judge, "plain"), seconds=60) as judge:
        assert judge._process is not None
        process = judge._process
        os.kill(process.pid, signal.SIGTERM)
        time.sleep(0.2)
        assert judge(path).probability == 0.1
    assert not process.is_alive()


def test_an_isolated_judge_is_ended_when_it_takes_too_long(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    path = write(radiograph(1), tmp_path / "a" / "b" / "1.dcm")
    with IsolatedJudge(partial(open_judge, "held"), seconds=60) as judge:
        judge._seconds = 0.1
        with pytest.raises(JudgeBrokeError, match="longer than"):
            judge(path)
        judge._seconds = 60
        (tmp_path / "go").touch()
        assert judge(path).probability == 0.1
        with pytest.raises(TightropeError, match="no pixels"):
            judge(_without_pixels(path.parent))
    with pytest.raises(TightropeError, match="no such judge"):
        IsolatedJudge(partial(open_judge, "none"), seconds=60).__enter__()


def _without_pixels(folder: Path) -> Path:
    dataset = radiograph(3)
    del dataset.PixelData
    return write(dataset, folder / "3.dcm")


def open_judge(name: str) -> Judge:
    if name == "none":
        raise BadInputError("no such judge")
    judge: Judge = getattr(standin, name)
    return judge


def test_results_wait_for_their_node(listening: Start, archive: Archive) -> None:
    """The node is not there, then it is: each result comes once, and the worklist tells."""
    port = free_port()
    retry = Retry(attempts=1000, first_s=0.05, longest_s=0.1)
    here = listening(send_to=Node("LATE", "127.0.0.1", port), retry=retry)
    assert send(here.port, radiograph(1), radiograph(2)) == [0x0000] * 2
    wait_until(lambda: [row.failures > 0 for row in worklist(here.options.folder)] == [True] * 2)
    assert [row.sent for row in worklist(here.options.folder)] == [0, 0]
    assert "cannot be reached" in worklist(here.options.folder)[0].trouble
    assert len([line for line in here.lines if "cannot send" in line]) == 1
    here.end()
    assert here.lines[-1] == "stopped; 0 wait to be judged, 2 results to be sent"
    here = listening(send_to=Node.parse(archive.node), retry=retry)
    wait_until(lambda: all(row.sent == row.results == 1 for row in worklist(here.options.folder)))
    assert set(archive.got) == {result_uid(str(radiograph(n).SOPInstanceUID)) for n in (1, 2)}


def test_sending_is_given_up(listening: Start) -> None:
    here = listening(send_to=Node("NONE", "127.0.0.1", free_port()), retry=Retry(attempts=2, first_s=0.01))
    assert send(here.port, radiograph(1)) == [0x0000]
    wait_until(lambda: any("gave up" in line for line in here.lines))
    (row,) = worklist(here.options.folder)
    assert (row.sent, row.failures, row.state) == (0, 2, "ROUTINE")
    console = Console(width=200)
    with console.capture() as shown:
        console.print(to_table([row]))
    assert "0 of 1, 2 failed" in shown.get()


class _NoAddress(AE):
    def associate(self, *args: object, **options: object) -> Association:
        raise socket.gaierror(-2, "Name or service not known")


@pytest.mark.parametrize("entity", [AE, _NoAddress], ids=["a..b", "unknown"])
def test_a_node_without_an_address_counts_as_a_failure(
    listening: Start, monkeypatch: pytest.MonkeyPatch, entity: type[AE]
) -> None:
    monkeypatch.setattr(sender, "AE", entity)
    here = listening(send_to=Node("NONE", "a..b", 104), retry=Retry(attempts=2, first_s=0.01))
    assert send(here.port, radiograph(1)) == [0x0000]
    wait_until(lambda: any("gave up" in line for line in here.lines))
    (row,) = worklist(here.options.folder)
    assert (row.sent, row.failures) == (0, 2)
    assert "cannot be resolved" in row.trouble


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_the_job_in_hand(
    process: Callable[..., Listener], tmp_path: Path, number: signal.Signals
) -> None:
    listener = process("--judge", "slow")
    assert len(storescu(listener.port, write_many(tmp_path / "in", 20))[0]) == 20
    wait_until(lambda: any("ROUTINE" in line for line in listener.lines))
    assert listener.end(number) == 0
    rows = worklist(listener.folder)
    waiting = sum(row.state == WAITING for row in rows)
    assert 0 < waiting < 20
    assert listener.lines[-1] == f"stopped; {waiting} wait to be judged, 0 results to be sent"
    assert all(row.tries == 0 for row in rows if row.state == WAITING)


def test_after_the_database_was_lost_the_objects_are_judged_again(listening: Start) -> None:
    here = listening()
    assert send(here.port, radiograph(1), radiograph(2)) == [0x0000] * 2
    rows_when_done(here.options.folder, 2)
    here.end()
    for path in here.options.folder.glob(f"{FILE}*"):
        path.unlink()
    (here.options.folder / "received" / "ab.dcm").write_bytes(b"no object")
    (here.options.folder / "received" / "ab.part").write_bytes(b"begun")
    here = listening()
    rows = rows_when_done(here.options.folder, 2)
    assert {row.caller for row in rows} == {"SCU"}
    assert len(list((here.options.folder / "received").iterdir())) == 2
    assert any("2 of them had no row" in line and "1 unusable" in line for line in here.lines)


def test_old_cases_are_removed_and_their_results_still_known(listening: Start, archive: Archive) -> None:
    here = listening(send_to=Node.parse(archive.node))
    assert send(here.port, radiograph(1)) == [0x0000]
    wait_until(lambda: [row.sent for row in worklist(here.options.folder)] == [1])
    here.end()
    here = listening(keep_days=0.0)
    wait_until(lambda: worklist(here.options.folder) == [])
    assert list((here.options.folder / "received").iterdir()) == []
    result = standin.plain(write(radiograph(1), here.options.folder / "x.dcm")).results[0]
    association = associate(here.port, contexts=[build_context(result.SOPClassUID, result.file_meta.TransferSyntaxUID)])
    assert association.send_c_store(result).Status == 0x0000
    association.release()
    assert worklist(here.options.folder) == []


@pytest.mark.parametrize("error", [PermissionError("no permission"), sqlite3.OperationalError("disk I/O error")])
def test_old_cases_that_cannot_be_removed_end_nothing(
    listening: Start, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tries = []

    def refuses(*_: object) -> None:
        tries.append(len(tries))
        if len(tries) < 3:
            raise error

    monkeypatch.setattr(service, "prune", refuses)
    here = listening(keep_days=0.0)
    wait_until(lambda: len(tries) == 3)
    assert send(here.port, radiograph(1)) == [0x0000]
    rows_when_done(here.options.folder, 1)
    here.end()
    assert len(tries) == 3
    assert len([line for line in here.lines if f"cannot be removed: {error}" in line]) == 1


def test_a_result_that_cannot_be_encoded_is_a_broken_judge(listening: Start, archive: Archive) -> None:
    here = listening(judge=lambda path: Judged(None, "odd", (Dataset(),)), send_to=Node.parse(archive.node))
    assert send(here.port, radiograph(1)) == [0x0000]
    (row,) = rows_when_done(here.options.folder, 1)
    assert (row.state, row.tries, row.results) == ("CANNOT JUDGE", TRIES, 0)


def test_what_keeps_a_listener_from_starting(listening: Start, tmp_path: Path) -> None:
    here = listening()
    with pytest.raises(WorklistError, match="another listener works in"):
        listening()
    with pytest.raises(OutputError, match="choose another port"):
        listening(folder=tmp_path / "second", port=here.port)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot make"):
        listening(folder=tmp_path / "file" / "inside")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PRAGMA user_version = 3", "newer tightrope"),
        ("PRAGMA user_version = 0", "older tightrope"),
        ("PRAGMA application_id = 1", "no worklist of tightrope"),
    ],
)
def test_databases_of_others(tmp_path: Path, statement: str, message: str) -> None:
    Database(tmp_path).close()
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute(statement)
    connection.commit()
    connection.close()
    for use in (Database, worklist):
        with pytest.raises(WorklistError, match=message):
            use(tmp_path)


def test_damaged_databases(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="has no worklist"):
        worklist(tmp_path)
    (tmp_path / FILE).write_bytes(b"garbage " * 1000)
    for use in (Database, worklist):
        with pytest.raises(WorklistError, match="is damaged"):
            use(tmp_path)
    (tmp_path / FILE).unlink()
    Database(tmp_path).close()
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WorklistError, match="is damaged"):
        Database(tmp_path)


def test_reading_the_worklist_and_writing_it_do_not_wait_for_each_other(listening: Start) -> None:
    here = listening()
    folder = here.options.folder
    assert send(here.port, radiograph(1)) == [0x0000]
    writer = sqlite3.connect(folder / FILE, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert len(worklist(folder)) == 1  # while somebody writes
    writer.execute("ROLLBACK")
    reader = sqlite3.connect(f"{(folder / FILE).as_uri()}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM cases").fetchone()
    assert send(here.port, radiograph(2)) == [0x0000]  # while somebody reads
    reader.close()
    writer.close()


_rows = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["PRIORITY", "ROUTINE"]), st.floats(0, 1)),
        st.tuples(st.sampled_from(["CANNOT JUDGE", WAITING]), st.none()),
    )
)


@given(_rows)
def test_order_is_that_of_readings(states: list[tuple[str, float | None]]) -> None:
    dataset = radiograph(1)

    def row(number: int, state: str, probability: float | None) -> Row:
        return Row(str(number), "", "", state, probability, (), float(number), 0.0, None, 0, "", 0, 0, 0, "")

    def as_reading(row: Row) -> Reading:
        one = reading(dataset, row.probability or 0.0)
        return Reading(one.header, State(row.state), one.algorithm, one.point, probability=row.probability)

    ordered = sorted((row(n, *state) for n, state in enumerate(states)), key=Row.urgency)
    judged = [row for row in ordered if row.state != WAITING]
    assert judged == sorted(judged, key=lambda row: (as_reading(row).urgency(), row.received))
    order = [row.state for row in ordered]
    assert order == sorted(order, key=["PRIORITY", "CANNOT JUDGE", WAITING, "ROUTINE"].index)


def test_table_and_json(listening: Start) -> None:
    here = listening(judge=lambda path: Judged.refused("\x1b[31mred[/]"))
    assert send(here.port, radiograph(1)) == [0x0000]
    rows = rows_when_done(here.options.folder, 1)
    console = Console(width=250, force_terminal=False)
    with console.capture() as shown:
        console.print(to_table(rows))
    assert "\x1b" not in shown.get()
    assert "?[31mred[/]" in shown.get()
    assert "not for diagnostic use" in shown.get()
    (case,) = json.loads(to_json(rows, summarize(rows, HOUR)))["cases"]
    assert (case["state"], case["patient_id"]) == ("CANNOT JUDGE", "TEST0001")


@pytest.mark.parametrize("text", ["", "PACS", "PACS@host", "PACS@host:0", "PACS@host:70000", "@h:1", "A@:1", "Ä@h:1"])
def test_nodes_that_are_none(text: str) -> None:
    with pytest.raises(BadInputError):
        Node.parse(text)


def test_nodes_and_titles(tmp_path: Path) -> None:
    assert str(Node.parse("PACS@10.0.0.7:104")) == "PACS@10.0.0.7:104"
    assert Node.parse("A B@[::1]:1") == Node("A B", "::1", 1)
    for title in ("", "a\\b", "x" * 17, "a\nb"):
        with pytest.raises(BadInputError):
            ListenOptions(tmp_path, aet=title)
    assert ListenOptions(tmp_path).host == "127.0.0.1"
    assert [Retry(first_s=1, longest_s=10).wait_s(n) for n in (1, 2, 5, 500)] == [1, 2, 10, 10]
