"""Many studies at once, on a clock that only the judge moves: who is judged first, how late, and that none is lost.

A judgement takes a sixteenth of a second, or whole seconds, so that all times are exact.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tightrope.runtime import Emit, FakeClock, Limits, Wait
from tightrope.runtime.telemetry import Record
from tightrope_triage.listen import Judged, ListenOptions, summarize, worklist
from tightrope_triage.listen.cases import TRIES, Arrival, Case, Worklist
from tightrope_triage.listen.database import FILE, Database, WorklistError
from tightrope_triage.listen.identity import Identity
from tightrope_triage.listen.runner import PATIENCE_S, open_runner
from tightrope_triage.listen.spool import Spool
from tightrope_triage.listen.worker import Worker

from .conftest import Here
from .objects import radiograph, reading, uid, write
from .test_crash import drain
from .test_store import rows_when_done, send

STEP_S = 0.0625
BURST = 200


class Bench:
    """A listener without its network: the worklist on disk, the worker, the runner."""

    def __init__(self, folder: Path, seconds: float = STEP_S) -> None:
        self.clock, self.folder, self.seconds = FakeClock(), folder, seconds
        self.database = Database(folder)
        self.cases = Worklist(self.database, self.clock.now)
        self.received, outgoing = Spool(folder / "received"), Spool(folder / "outgoing")
        self.records: list[Record] = []
        self.said: list[str] = []
        self.options = ListenOptions(folder)
        worker = Worker(self.judge, self.received, outgoing, self.cases, self.said.append, False, self.clock)
        waiting = self.cases.waiting()
        self.runner = open_runner(worker, self.options, waiting, self.clock, self.records.append)
        self.runner.prepare()

    def judge(self, path: Path) -> Judged:
        """Suspicious are the patients whose id begins with ILL; breaks on POISON."""
        self.clock.advance(self.seconds)
        patient = path.read_text()
        if patient.startswith("POISON"):
            raise RuntimeError("no luck")
        return Judged(reading(radiograph(0, patient=patient), 0.9 if patient.startswith("ILL") else 0.1))

    def arrive(self, number: int, patient: str = "", urgent: str = "") -> Case:
        """A study comes in, and its row is committed."""
        name = f"{number:04d}.dcm"
        (self.received.folder / name).write_text(patient)
        identity = Identity(uid("image", number), "1.2", "1.3", "1.4", patient, "", "1.5", "PEER", urgent)
        case = self.cases.admit(Arrival(identity, str(number), name), limit=BURST)
        assert isinstance(case, Case)
        assert isinstance(self.runner.arrive(case, case.received), Wait)
        return case


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def judged(outcomes: list[Any]) -> list[Case]:
    assert all(isinstance(outcome, Emit) for outcome in outcomes)
    return [outcome.item for outcome in outcomes]


def test_of_a_burst_the_urgent_are_judged_first_then_in_the_order_of_arrival(bench: Bench) -> None:
    came = [bench.arrive(n, f"P{n}", urgent="STAT" if n % 20 == 19 else "") for n in range(BURST)]

    outcomes = drain(bench.runner)

    urgent = [case for case in came if case.urgent]
    assert len(urgent) == 10
    assert judged(outcomes) == [*urgent, *(case for case in came if not case.urgent)]
    assert [outcome.age_s for outcome in outcomes] == [STEP_S * (place + 1) for place in range(BURST)]
    summary = bench.runner.telemetry.close(bench.clock.now())
    # The 4th is there after the budget's 250 ms; the nearest ranks of 200 are the 100th, the 180th and the 198th.
    assert (summary.inputs, summary.met, summary.late, summary.lost) == (BURST, 4, BURST - 4, {})
    assert summary.age_ms == {"p50": 6250.0, "p90": 11250.0, "p99": 12375.0}
    assert summary.rung_s == {"judge": STEP_S * BURST}
    assert "98% missed (196 late); age p50 6250.0, p90 11250.0, p99 12375.0 ms; judge 100%" in str(summary)

    rows = worklist(bench.folder, bench.clock.now)
    assert len({row.sop_instance_uid for row in rows}) == BURST
    assert {row.tries for row in rows} == {1}
    durable = summarize(rows, Limits.of(bench.options.budget))
    assert (durable.inputs, durable.met, durable.age_ms) == (BURST, 4, summary.age_ms)


def test_nothing_waits_for_ever_behind_what_is_urgent(tmp_path: Path) -> None:
    bench = Bench(tmp_path, seconds=16.0)
    patient = bench.arrive(0, "PATIENT")
    order = []
    for number in range(1, 60):
        bench.arrive(number, f"U{number}", urgent="HIGH")  # one more as soon as one is judged
        job = bench.runner.begin()
        outcome = bench.runner.finish(job, bench.runner.run(job))  # type: ignore[arg-type]
        assert isinstance(outcome, Emit)
        order.append(outcome)

    (answer,) = [outcome for outcome in order if outcome.item == patient]
    assert order.index(answer) > 30
    assert PATIENCE_S < answer.started_at <= PATIENCE_S + 16.0
    assert answer.met is False


def test_a_case_that_breaks_the_judge_waits_again_and_holds_nothing_up(bench: Bench) -> None:
    bad = bench.arrive(0, "POISON", urgent="STAT")
    others = [bench.arrive(number, f"P{number}") for number in range(1, 6)]

    outcomes = drain(bench.runner)

    answered = [outcome.item for outcome in outcomes if isinstance(outcome, Emit)]
    assert answered == [*others, bad]
    assert sum(isinstance(outcome, Wait) for outcome in outcomes) == TRIES - 1
    assert [record["number"] for record in bench.records if record["event"] == "waits again"] == [0] * (TRIES - 1)
    counts = bench.runner.counts
    assert (counts.arrived, counts.answered, counts.settled) == (6, 6, 6)
    rows = {row.sop_instance_uid: row for row in worklist(bench.folder)}
    assert (rows[bad.sop_instance_uid].state, rows[bad.sop_instance_uid].tries) == ("CANNOT JUDGE", TRIES)


def test_what_waited_when_the_listener_ended_keeps_its_age_and_its_place(tmp_path: Path) -> None:
    first = Bench(tmp_path)
    came = [first.arrive(number, f"P{number}", urgent="STAT" if number == 2 else "") for number in range(3)]
    first.cases.begin(came[0])  # the process ends while it judges this one
    first.database.close()

    then = Bench(tmp_path)
    then.clock.advance(60.0)
    outcomes = drain(then.runner)

    assert [case.id for case in judged(outcomes)] == [came[2].id, came[1].id, came[0].id]
    assert [outcome.age_s for outcome in outcomes] == [60.0 + STEP_S * place for place in (1, 2, 3)]


def test_the_patient_of_a_priority_case_goes_first(bench: Bench) -> None:
    bench.arrive(0, "ILL1")
    drain(bench.runner)
    routine, again = bench.arrive(1, "WELL"), bench.arrive(2, "ILL1")
    assert (routine.urgent, again.urgent) == ("", "the patient has a PRIORITY case")
    assert [row.state for row in worklist(bench.folder)] == ["PRIORITY", "WAITING", "WAITING"]
    assert [row.patient_id for row in worklist(bench.folder)] == ["ILL1", "ILL1", "WELL"]
    assert judged(drain(bench.runner)) == [again, routine]


def in_a_sequence(dataset: Dataset) -> None:
    dataset.RequestAttributesSequence = [Dataset(), Dataset()]
    dataset.RequestAttributesSequence[1].RequestedProcedurePriority = "STAT"


@pytest.mark.parametrize(
    ("change", "urgent"),
    [
        (lambda dataset: setattr(dataset, "RequestedProcedurePriority", "STAT"), "STAT"),
        (lambda dataset: setattr(dataset, "RequestedProcedurePriority", "high "), "HIGH"),
        (lambda dataset: setattr(dataset, "ReportingPriority", "HIGH"), "HIGH"),
        (lambda dataset: setattr(dataset, "StudyPriorityID", "HIGH"), "HIGH"),
        (in_a_sequence, "STAT"),
        (lambda dataset: setattr(dataset, "RequestedProcedurePriority", "ROUTINE"), ""),
        (lambda dataset: setattr(dataset, "RequestedProcedurePriority", None), ""),
        (lambda dataset: None, ""),
    ],
)
def test_what_a_header_says_of_urgency(change: Callable[[Dataset], None], urgent: str, tmp_path: Path) -> None:
    dataset = radiograph(1)
    change(dataset)
    identity = Identity.read(write(dataset, tmp_path / "1.dcm"))
    assert identity.urgent == urgent
    assert identity.alike(replace(identity, urgent=""))


def test_the_listener_says_how_long_results_took_and_tells_no_patient(
    listening: Callable[..., Here], tmp_path: Path
) -> None:
    here = listening(telemetry=tmp_path / "runs")
    assert send(here.port, *(radiograph(number) for number in range(3))) == [0x0000] * 3
    rows_when_done(here.options.folder, 3)
    here.end()
    assert here.lines[-2].startswith("3 inputs in ")
    assert "judge 100%" in here.lines[-2]
    (lines,) = (tmp_path / "runs").glob("listen-*.jsonl")
    (trace,) = (tmp_path / "runs").glob("listen-*.trace.json")
    for text in (lines.read_text(), trace.read_text()):
        assert "judge" in text
        assert not any(radiograph(number).PatientID in text for number in range(3))
        assert uid("image", 0) not in text


def test_a_worklist_of_the_version_before_is_brought_up_to_date(tmp_path: Path) -> None:
    first = Bench(tmp_path)
    first.arrive(0, "P0")
    first.database.close()
    connection = sqlite3.connect(tmp_path / FILE)
    connection.executescript("DROP INDEX of_patient; ALTER TABLE cases DROP COLUMN urgent; PRAGMA user_version = 1;")
    connection.close()
    with pytest.raises(WorklistError, match="brings it up to date"):
        worklist(tmp_path)
    assert judged(drain(Bench(tmp_path).runner))[0].urgent == ""
    assert [row.state for row in worklist(tmp_path)] == ["ROUTINE"]
