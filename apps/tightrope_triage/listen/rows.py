"""The worklist as people see it: a row for each object, most urgent first.

>>> for row in worklist(folder):
...     print(row.state, row.study_instance_uid)         # doctest: +SKIP
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tightrope.runtime import Limits
from tightrope.runtime.summary import Summary, percentiles
from tightrope_triage.listen.database import reading
from tightrope_triage.reading import NOTICE, State

WAITING = "WAITING"

_COLUMNS = (
    "cases.sop_instance_uid, study_instance_uid, patient_id, state, probability, reasons, received, finished,"
    " tries, cases.trouble, caller, urgent"
)
# Of several results of a case, the one that is in trouble is told of first.
_QUERY = f"""
SELECT {_COLUMNS}, count(outbox.id), count(outbox.sent), max(outbox.failures * (outbox.sent IS NULL)),
    max(outbox.trouble)
FROM cases LEFT JOIN outbox ON case_id = cases.id GROUP BY cases.id
"""


@dataclass(frozen=True)
class Row:
    """One received object.

    Attributes:
        state: PRIORITY, CANNOT JUDGE, ROUTINE, or WAITING.
        received: Unix time in seconds.
        age_s: seconds since then.
        result_s: seconds from then to its result; None while it waits.
        tries: how often judging was begun.
        results, sent: how many results are to be sent, and how many were.
        failures: how often sending the worst of the others failed.
        trouble: what broke the last try, of judging or of sending.
        urgent: why it is judged before others; '' where it is not.
    """

    sop_instance_uid: str
    study_instance_uid: str
    patient_id: str
    state: str
    probability: float | None
    reasons: tuple[str, ...]
    received: float
    age_s: float
    result_s: float | None
    tries: int
    caller: str
    results: int
    sent: int
    failures: int
    trouble: str
    urgent: str = ""

    def urgency(self) -> tuple[float, float, float]:
        """A sort key as Reading's; what waits may be anything, so it stands before ROUTINE, the urgent first."""
        if self.state == WAITING:
            return list(State).index(State.ROUTINE) - 0.5, 0.0 if self.urgent else 1.0, self.received
        return list(State).index(State(self.state)), -(self.probability or 0.0), self.received

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {**asdict(self), "reasons": list(self.reasons)}


def worklist(folder: Path, clock: Callable[[], float] = time.time) -> list[Row]:
    """All cases of the worklist in `folder`, most urgent first. A running listener is neither stopped nor slowed.

    Raises:
        BadInputError: there is no worklist.
        WorklistError: it is damaged or of another version.
    """
    with reading(folder) as connection:
        now = clock()
        return sorted((_row(found, now) for found in connection.execute(_QUERY)), key=Row.urgency)


def summarize(rows: list[Row], limits: Limits) -> Summary:
    """How long the results of a worklist took, whichever listeners made them: those that are there."""
    took = [row.result_s for row in rows if row.result_s is not None]
    met = sum(seconds <= limits.deadline_s for seconds in took)
    return Summary(
        seconds=max((row.age_s for row in rows), default=0.0),
        inputs=len(took),
        met=met,
        late=len(took) - met,
        lost={},
        unread=0,
        age_ms=percentiles([seconds * 1e3 for seconds in took]),
        rung_s={},
        score=met / len(took) if took else 0.0,
        left_behind=0,
        emulated=None,
    )


def to_json(rows: list[Row], summary: Summary) -> str:
    """One JSON object: the notice, the rows, and how long their results took."""
    told = {"notice": NOTICE, "cases": [row.to_dict() for row in rows], "summary": summary.to_dict()}
    return json.dumps(told, ensure_ascii=False, indent=2)


def printable(text: str) -> str:
    """Without control characters: what a peer wrote must not steer the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _row(found: sqlite3.Row | tuple[Any, ...], now: float) -> Row:
    uid, study, patient, state, probability, reasons, received, finished, tries, trouble, caller, urgent, *post = found
    results, sent, failures, refused = post
    return Row(
        sop_instance_uid=uid,
        study_instance_uid=study,
        patient_id=patient,
        state=state or WAITING,
        probability=probability,
        reasons=tuple(json.loads(reasons or "[]")),
        received=received,
        age_s=max(0.0, now - received),
        result_s=None if finished is None else max(0.0, finished - received),
        tries=tries,
        caller=caller,
        results=results,
        sent=sent,
        failures=failures or 0,
        trouble=refused or trouble,
        urgent=urgent,
    )
