"""The worklist's SQLite file: opened, checked, locked to one listener, and its errors in a person's words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tightrope.errors import BadInputError, OutputError, TightropeError
from tightrope_triage.listen.spool import sync_folder

FILE, _LOCK = "worklist.sqlite", "listener.lock"
VERSION = 2
_APPLICATION = 0x54525447  # 'TRTG', so that another program's database is not taken for ours

# A case waits until `finished` is set; its result is in the same row, so there is never more than one.
# What was sent stays known when its case is removed: an archive may send our own results back to us.
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE cases (
    id INTEGER PRIMARY KEY,
    sop_instance_uid TEXT NOT NULL UNIQUE,
    sop_class_uid TEXT NOT NULL,
    series_instance_uid TEXT NOT NULL,
    study_instance_uid TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    image TEXT NOT NULL,
    syntax TEXT NOT NULL,
    digest TEXT NOT NULL,
    file TEXT NOT NULL,
    caller TEXT NOT NULL,
    urgent TEXT NOT NULL DEFAULT '',
    received REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    trouble TEXT NOT NULL DEFAULT '',
    finished REAL,
    state TEXT,
    probability REAL,
    reasons TEXT,
    reading TEXT
);
CREATE INDEX waiting ON cases (id) WHERE finished IS NULL;
CREATE INDEX of_patient ON cases (patient_id) WHERE state = 'PRIORITY';
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    case_id INTEGER REFERENCES cases (id) ON DELETE SET NULL,
    sop_instance_uid TEXT NOT NULL,
    file TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL,
    trouble TEXT NOT NULL DEFAULT '',
    sent REAL
);
CREATE INDEX unsent ON outbox (due) WHERE sent IS NULL;
CREATE INDEX of_case ON outbox (case_id);
CREATE INDEX by_uid ON outbox (sop_instance_uid);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {VERSION};
COMMIT;
"""

# From version 1, which judged in the order of arrival.
_UPGRADE = f"""
BEGIN IMMEDIATE;
ALTER TABLE cases ADD COLUMN urgent TEXT NOT NULL DEFAULT '';
DROP INDEX waiting;
CREATE INDEX waiting ON cases (id) WHERE finished IS NULL;
CREATE INDEX of_patient ON cases (patient_id) WHERE state = 'PRIORITY';
PRAGMA user_version = {VERSION};
COMMIT;
"""


class WorklistError(TightropeError):
    """The worklist cannot be used: damaged, of another version, or another listener works on it."""


class Database:
    """One connection, shared by threads: a transaction at a time, each durable when it ends (WAL, synchronous=FULL)."""

    def __init__(self, folder: Path) -> None:
        """Open or make the worklist in `folder`.

        Raises:
            OutputError: the folder cannot be written.
            WorklistError: the file is damaged, of another version, or another listener holds it.
        """
        path = folder / FILE
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it is full of patients
        except OSError as error:
            raise OutputError(f"cannot make {folder}: {error.strerror or error}") from error
        self._held = _hold(folder)
        try:
            with explained(path):
                self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                self._prepare(path)
        except BaseException:
            self._held.close()
            raise
        self._lock = threading.Lock()

    def _prepare(self, path: Path) -> None:
        connection = self._connection
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)
            sync_folder(path.parent)
        elif _format(connection) == (_APPLICATION, 1):
            connection.executescript(_UPGRADE)
        check_version(connection, path)
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and on disk when the block has ended. Raises sqlite3.Error."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite itself rolls back on some errors, such as a full disk.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()
        self._held.close()


@contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write and blocks no one.

    Raises:
        BadInputError: there is no worklist.
        WorklistError: it is damaged or of another version.
    """
    path = folder / FILE
    if not path.is_file():
        raise BadInputError(f"{folder} has no worklist; `tightrope triage listen` makes one")
    with explained(path):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            check_version(connection, path)
            yield connection
        finally:
            connection.close()


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Raises WorklistError unless the database is a worklist of this version."""
    application, version = _format(connection)
    if application != _APPLICATION:
        raise WorklistError(f"{path} is no worklist of tightrope; choose another folder")
    if version != VERSION:
        older = (
            "an older",
            "`tightrope triage listen` on it brings it up to date" if version else "start a new folder",
        )
        age, way = ("a newer", "update tightrope") if version > VERSION else older
        raise WorklistError(f"{path} was made by {age} tightrope (format {version}, not {VERSION}); {way}")


def _format(connection: sqlite3.Connection) -> tuple[int, int]:
    """Whose database it is, and its version."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    return application, connection.execute("PRAGMA user_version").fetchone()[0]


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors on opening into one line: OutputError, or WorklistError for damage."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OutputError(f"cannot use the worklist {path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise WorklistError(
            f"the worklist {path} is damaged ({error}); move it away, and the objects beside it are judged again"
        ) from error


def _hold(folder: Path) -> sqlite3.Connection:
    """Keep other listeners out until this is closed or the process ends, however it ends.

    An open exclusive transaction on a database of its own: a lock that works wherever SQLite does.
    """
    path = folder / _LOCK
    held = None
    try:
        held = sqlite3.connect(path, timeout=0.0, isolation_level=None, check_same_thread=False)
        held.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        if held is not None:
            held.close()
        if "locked" in str(error):
            raise WorklistError(f"another listener works in {folder}; stop it, or name another folder") from error
        raise OutputError(f"cannot write {path}: {error}") from error
    return held
