"""The thread that judges what waits, one object at a time.

>>> worker = Worker(judge, received, outgoing, worklist, say=print, judged=None)
>>> worker.start(); worker.wake(); worker.stop(); worker.join()          # doctest: +SKIP
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from io import BytesIO
from typing import TypeVar

from pydicom.dataset import Dataset

from tightrope.errors import TightropeError
from tightrope_triage.listen.cases import TRIES, Job, Outgoing, Worklist
from tightrope_triage.listen.judged import Judge, Judged
from tightrope_triage.listen.rows import printable
from tightrope_triage.listen.spool import Spool

Say = Callable[[str], None]
_T = TypeVar("_T")
_IDLE_S, _NO_SPACE_S = 1.0, 2.0


class Worker(threading.Thread):
    """Judges until it is stopped; the job in hand is finished first."""

    def __init__(
        self,
        judge: Judge,
        received: Spool,
        outgoing: Spool,
        worklist: Worklist,
        say: Say,
        judged: Callable[[], None] | None,
    ) -> None:
        """`judged` is called after each result that may be sent; None where none is sent, and none kept."""
        super().__init__(name="judge", daemon=True)
        self._judge, self._received, self._outgoing, self._worklist = judge, received, outgoing, worklist
        self._say, self._judged = say, judged
        self._wake, self._stopped = threading.Event(), threading.Event()

    def wake(self) -> None:
        """Something waits."""
        self._wake.set()

    def stop(self) -> None:
        """Ask to end after the job in hand."""
        self._stopped.set()
        self._wake.set()

    def run(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            job = self._persist(self._worklist.claim)
            if job is None:
                self._wake.wait(_IDLE_S)
                continue
            self.work(job)

    def work(self, job: Job) -> None:
        """Judge a claimed case and commit its result, or the reason why it is to be tried again."""
        judged = self._try(job)
        if judged is not None:
            self._persist(lambda: self._finish(job, *judged))

    def _try(self, job: Job) -> tuple[Judged, list[tuple[str, bytes]]] | None:
        """The verdict and its results, encoded; None if the judge broke and the object is to be tried again."""
        if job.tries > TRIES:
            # Every try ended with the process: nothing was left to say why.
            return _gave_up(job.trouble or "the listener ended while it was being judged"), []
        path = self._received.path(job.file)
        if not path.is_file():
            return Judged.refused("the file that was received is gone"), []
        try:
            judged = self._judge(path)
            results = [] if self._judged is None else [_encode(result) for result in judged.results]
            return judged, results
        except TightropeError as error:
            return Judged.refused(str(error)), []
        except Exception as error:
            trouble = f"{type(error).__name__}: {error}"
        self._say(printable(f"the judge broke on {job.sop_instance_uid}, try {job.tries} of {TRIES}: {trouble}"))
        if job.tries >= TRIES:
            return _gave_up(trouble), []
        self._persist(lambda: self._worklist.broke(job.id, trouble))
        return None

    def _finish(self, job: Job, judged: Judged, results: list[tuple[str, bytes]]) -> None:
        letters: list[Outgoing] = []
        try:
            for uid, encoded in results:
                draft = self._outgoing.draft()
                draft.write(encoded)
                letters.append(Outgoing(uid, draft.keep()))
            self._worklist.finish(job.id, judged, letters)
        except BaseException:
            for letter in letters:
                self._outgoing.remove(letter.file)
            raise
        self._say(_line(job, judged))
        if self._judged is not None:
            self._judged()

    def _persist(self, action: Callable[[], _T]) -> _T | None:
        """Do what needs the disk, again and again while the disk refuses; None if stopped meanwhile."""
        said = False
        while True:
            try:
                return action()
            except (sqlite3.Error, OSError) as error:
                if not said:
                    self._say(f"the worklist cannot be written: {error}; judging goes on when it can")
                    said = True
                if self._stopped.wait(_NO_SPACE_S):
                    return None


def _encode(result: Dataset) -> tuple[str, bytes]:
    """Its SOP instance UID, and it as a DICOM file."""
    buffer = BytesIO()
    result.save_as(buffer, enforce_file_format=True)
    return str(result.SOPInstanceUID), buffer.getvalue()


def _gave_up(trouble: str) -> Judged:
    return Judged.refused(f"the judge broke {TRIES} times on this object ({trouble})")


def _line(job: Job, judged: Judged) -> str:
    chance = "" if judged.probability is None else f" {judged.probability:.3f}"
    why = f": {' '.join(judged.reasons)}" if judged.reasons else ""
    return printable(f"{judged.state.value}{chance} {job.sop_instance_uid}{why}")
