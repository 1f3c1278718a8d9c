"""The worklist: received objects, each with at most one result, in SQLite.

>>> case = worklist.admit(arrival, limit=100)     # durable when it returns
>>> worklist.begin(case)                          # counted as a try before it is tried
>>> worklist.finish(case.id, judged)              # result and outbox in one transaction   # doctest: +SKIP
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import Enum

from tightrope_triage.listen.database import Database
from tightrope_triage.listen.identity import Identity
from tightrope_triage.listen.judged import Judged

TRIES = 3  # the first and two more
_DAY_S = 86_400.0
_CASE = "id, sop_instance_uid, file, received, urgent, tries"


class Admission(Enum):
    """What became of an object that came in."""

    NEW = "new"
    SAME = "same"  # it is here already
    OTHER = "other"  # its UID belongs to another object
    OWN = "own"  # it is a result that was sent from here
    FULL = "full"  # too many wait


@dataclass(frozen=True)
class Arrival:
    """A received object whose file is on disk; `digest` is the sha256 of its encoded data set."""

    identity: Identity
    digest: str
    file: str


@dataclass(frozen=True)
class Case:
    """A case that waits to be judged.

    Attributes:
        received: when it came, seconds of the worklist's clock.
        urgent: why it is to be judged before others; '' where it is not.
        tries: that were begun when it was looked up.
    """

    id: int
    sop_instance_uid: str
    file: str
    received: float
    urgent: str
    tries: int


@dataclass(frozen=True)
class Try:
    """A try that begins: which one of its case it is, from 1, and what broke the last."""

    number: int
    trouble: str


@dataclass(frozen=True)
class Outgoing:
    """A result to send: its SOP instance UID and the name of its file."""

    sop_instance_uid: str
    file: str


@dataclass(frozen=True)
class Letter:
    """A result in the outbox."""

    id: int
    file: str
    failures: int


class Worklist:
    """What is durable. All its methods may raise sqlite3.Error, such as on a full disk; then nothing was changed."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def look(self, identity: Identity, digest: str, limit: int) -> Admission:
        """What `admit` would say now."""
        with self._database.transaction() as connection:
            return _judge_arrival(connection, identity, digest, limit)

    def admit(self, arrival: Arrival, limit: int) -> Case | Admission:
        """Take the object in, unless it or its UID is known or `limit` objects wait: then why not."""
        with self._database.transaction() as connection:
            admission = _judge_arrival(connection, arrival.identity, arrival.digest, limit)
            if admission is not Admission.NEW:
                return admission
            row = asdict(arrival.identity) | {
                "digest": arrival.digest,
                "file": arrival.file,
                "received": self._clock(),
                "urgent": _urgency(connection, arrival.identity),
            }
            names = ", ".join(row)
            marks = ", ".join(f":{name}" for name in row)
            found = connection.execute(f"INSERT INTO cases ({names}) VALUES ({marks}) RETURNING {_CASE}", row)
            return Case(*found.fetchone())

    def waiting(self) -> list[Case]:
        """All cases that wait to be judged, first come first."""
        with self._database.transaction() as connection:
            found = connection.execute(f"SELECT {_CASE} FROM cases WHERE finished IS NULL ORDER BY id").fetchall()
        return [Case(*row) for row in found]

    def begin(self, case: Case) -> Try:
        """Count a try of the case."""
        with self._database.transaction() as connection:
            found = connection.execute(
                "UPDATE cases SET tries = tries + 1 WHERE id = ? RETURNING tries, trouble", (case.id,)
            )
            return Try(*found.fetchone())

    def broke(self, case: int, trouble: str) -> None:
        """Note why the judge broke on a case; it waits on."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE cases SET trouble = ? WHERE id = ? AND finished IS NULL", (trouble, case))

    def finish(self, case: int, judged: Judged, outgoing: Sequence[Outgoing] = ()) -> bool:
        """Give a case its result and put what is to be sent into the outbox; False if it had a result already."""
        now = self._clock()
        reading = None if judged.reading is None else judged.reading.to_json()
        verdict = (now, judged.state.value, judged.probability, json.dumps(judged.reasons), reading, case)
        with self._database.transaction() as connection:
            done = connection.execute(
                "UPDATE cases SET finished = ?, state = ?, probability = ?, reasons = ?, reading = ?"
                " WHERE id = ? AND finished IS NULL",
                verdict,
            ).rowcount
            if done:
                connection.executemany(
                    "INSERT INTO outbox (case_id, sop_instance_uid, file, due) VALUES (?, ?, ?, ?)",
                    [(case, letter.sop_instance_uid, letter.file, now) for letter in outgoing],
                )
        return bool(done)

    def due(self, attempts: int, at_most: int = 50) -> list[Letter]:
        """Results whose time to be sent has come and that failed fewer than `attempts` times."""
        with self._database.transaction() as connection:
            found = connection.execute(
                "SELECT id, file, failures FROM outbox WHERE sent IS NULL AND failures < ? AND due <= ?"
                " ORDER BY due, id LIMIT ?",
                (attempts, self._clock(), at_most),
            ).fetchall()
        return [Letter(*row) for row in found]

    def sent(self, letter: int) -> None:
        """The peer has it."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE outbox SET sent = ?, trouble = '' WHERE id = ?", (self._clock(), letter))

    def postpone(self, letter: int, trouble: str, wait_s: float) -> None:
        """The peer did not take it: why, and when to try again."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE outbox SET failures = failures + 1, trouble = ?, due = ? WHERE id = ?",
                (trouble, self._clock() + wait_s, letter),
            )

    def try_again(self) -> None:
        """Give all unsent results their attempts back, from now."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE outbox SET failures = 0, due = ? WHERE sent IS NULL", (self._clock(),))

    def left(self) -> tuple[int, int]:
        """How many cases wait to be judged, and how many results to be sent."""
        with self._database.transaction() as connection:
            waiting = _waiting(connection)
            unsent = connection.execute("SELECT count(*) FROM outbox WHERE sent IS NULL").fetchone()[0]
        return waiting, unsent

    def files(self) -> tuple[set[str], set[str]]:
        """The names of all files that rows know: received objects, results still to be sent."""
        with self._database.transaction() as connection:
            received = {name for (name,) in connection.execute("SELECT file FROM cases")}
            outgoing = {name for (name,) in connection.execute("SELECT file FROM outbox WHERE sent IS NULL")}
        return received, outgoing

    def old(self, days: float) -> list[tuple[int, str]]:
        """Ids and files of cases finished more than `days` ago with nothing left to send."""
        with self._database.transaction() as connection:
            return connection.execute(
                "SELECT id, file FROM cases WHERE finished < ?"
                " AND NOT EXISTS (SELECT 1 FROM outbox WHERE case_id = cases.id AND sent IS NULL)",
                (self._clock() - days * _DAY_S,),
            ).fetchall()

    def forget(self, cases: Sequence[int]) -> None:
        """Remove cases; the UIDs of what was sent of them stay known."""
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM cases WHERE id = ?", [(case,) for case in cases])


def _urgency(connection: sqlite3.Connection, identity: Identity) -> str:
    """Why an object is to be judged before others: its request says so, or its patient was PRIORITY before."""
    if identity.urgent:
        return f"the request says {identity.urgent}"
    before = connection.execute(
        "SELECT 1 FROM cases WHERE patient_id = ? AND patient_id != '' AND state = 'PRIORITY'", (identity.patient_id,)
    )
    return "the patient has a PRIORITY case" if before.fetchone() is not None else ""


def _waiting(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM cases WHERE finished IS NULL").fetchone()[0])


def _judge_arrival(connection: sqlite3.Connection, identity: Identity, digest: str, limit: int) -> Admission:
    names = ", ".join((*Identity.__dataclass_fields__, "digest"))
    found = connection.execute(
        f"SELECT {names} FROM cases WHERE sop_instance_uid = ?", (identity.sop_instance_uid,)
    ).fetchone()
    if found is None:
        own = connection.execute("SELECT 1 FROM outbox WHERE sop_instance_uid = ?", (identity.sop_instance_uid,))
        # A result that comes back would be judged, its result sent and come back, and so on without end.
        if own.fetchone() is not None:
            return Admission.OWN
        return Admission.FULL if _waiting(connection) >= limit else Admission.NEW
    *known, known_digest = found
    other = Identity(*known)
    # The same object in another transfer syntax has other bytes; in the same syntax it has not.
    same = digest == known_digest or (identity.syntax != other.syntax and identity.alike(other))
    return Admission.SAME if same else Admission.OTHER
