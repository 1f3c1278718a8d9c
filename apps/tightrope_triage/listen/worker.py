"""The pipeline of the listener's runner: a case that waits becomes a committed result.

>>> worker = Worker(judge, received, outgoing, worklist, print, sends=False, clock=clock)
>>> worker(case).result.state                            # committed when it returns      # doctest: +SKIP
<State.PRIORITY: 'PRIORITY'>
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import TypeVar

from pydicom.dataset import Dataset

from tightrope.errors import TightropeError
from tightrope.runtime import Answer, Clock, StageTimes
from tightrope_triage.listen.cases import TRIES, Case, Outgoing, Try, Worklist
from tightrope_triage.listen.judged import Judge, Judged
from tightrope_triage.listen.rows import printable
from tightrope_triage.listen.spool import Spool

Say = Callable[[str], None]
_T = TypeVar("_T")
_NO_SPACE_S = 2.0


class TryAgainError(RuntimeError):
    """The judge broke on a case, which has tries left. It says nothing of the case, for it goes into telemetry."""


class Worker:
    """Judges a case and commits its result.

    Its stages: the try is counted (preprocess), the object is judged (session), the result is written (postprocess).

    Args:
        say: told what breaks.
        sends: whether results are sent; else none are kept.

    Raises, when it is called:
        TryAgainError: the judge broke, and the case has tries left.
        sqlite3.Error, OSError: the disk refused until `stop` was called.
    """

    def __init__(
        self, judge: Judge, received: Spool, outgoing: Spool, worklist: Worklist, say: Say, sends: bool, clock: Clock
    ) -> None:
        self._judge, self._received, self._outgoing, self._worklist = judge, received, outgoing, worklist
        self._say, self._sends, self._now = say, sends, clock.now
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Wait no longer for a disk that refuses."""
        self._stopped.set()

    def __call__(self, case: Case) -> Answer[Judged]:
        start = self._now()
        attempt = self._persist(lambda: self._worklist.begin(case))
        begun = self._now()
        judged, results = self._try(case, attempt)
        done = self._now()
        self._persist(lambda: self._finish(case, judged, results))
        times = StageTimes((begun - start) * 1e3, (done - begun) * 1e3, (self._now() - done) * 1e3)
        return Answer(replace(judged, results=()), times)

    def _try(self, case: Case, attempt: Try) -> tuple[Judged, list[tuple[str, bytes]]]:
        """The verdict and its results, encoded. Raises TryAgainError."""
        if attempt.number > TRIES:
            # Every try ended with the process: nothing was left to say why.
            return _gave_up(attempt.trouble or "the listener ended while it was being judged"), []
        path = self._received.path(case.file)
        if not path.is_file():
            return Judged.refused("the file that was received is gone"), []
        try:
            judged = self._judge(path)
            return judged, [_encode(result) for result in judged.results] if self._sends else []
        except TightropeError as error:
            return Judged.refused(str(error)), []
        except Exception as error:
            trouble = f"{type(error).__name__}: {error}"
        which = f"try {attempt.number} of {TRIES}"
        self._say(printable(f"the judge broke on {case.sop_instance_uid}, {which}: {trouble}"))
        if attempt.number >= TRIES:
            return _gave_up(trouble), []
        self._persist(lambda: self._worklist.broke(case.id, trouble))
        raise TryAgainError(f"the judge broke, {which}")

    def _finish(self, case: Case, judged: Judged, results: list[tuple[str, bytes]]) -> None:
        letters: list[Outgoing] = []
        try:
            for uid, encoded in results:
                draft = self._outgoing.draft()
                draft.write(encoded)
                letters.append(Outgoing(uid, draft.keep()))
            self._worklist.finish(case.id, judged, letters)
        except BaseException:
            for letter in letters:
                self._outgoing.remove(letter.file)
            raise

    def _persist(self, action: Callable[[], _T]) -> _T:
        """Do what needs the disk, again and again while the disk refuses."""
        said = False
        while True:
            try:
                return action()
            except (sqlite3.Error, OSError) as error:
                if not said:
                    self._say(f"the worklist cannot be written: {error}; judging goes on when it can")
                    said = True
                if self._stopped.wait(_NO_SPACE_S):
                    raise


def _encode(result: Dataset) -> tuple[str, bytes]:
    """Its SOP instance UID, and it as a DICOM file."""
    buffer = BytesIO()
    result.save_as(buffer, enforce_file_format=True)
    return str(result.SOPInstanceUID), buffer.getvalue()


def _gave_up(trouble: str) -> Judged:
    return Judged.refused(f"the judge broke {TRIES} times on this object ({trouble})")
