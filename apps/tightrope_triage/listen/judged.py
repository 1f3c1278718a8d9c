"""What the listener asks of the judge, and what it gets.

>>> def judge(path: Path) -> Judged:
...     return Judged.refused("the object has no pixels")
>>> judge(Path("a.dcm")).state
<State.CANNOT_JUDGE: 'CANNOT JUDGE'>
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from tightrope_triage.reading import Reading, State


@dataclass(frozen=True, eq=False)
class Judged:
    """The verdict on one received object.

    Attributes:
        reading: None where the object could not even be read.
        reason: then why, in a sentence; beside a reading, why there are no results.
        results: complete DICOM objects, with file meta information, to send back.
    """

    reading: Reading | None
    reason: str = ""
    results: tuple[Dataset, ...] = ()

    @classmethod
    def refused(cls, reason: str, results: tuple[Dataset, ...] = ()) -> Judged:
        """The object cannot be judged, and why."""
        return cls(None, reason, results)

    @property
    def state(self) -> State:
        return State.CANNOT_JUDGE if self.reading is None else self.reading.state

    @property
    def probability(self) -> float | None:
        return None if self.reading is None else self.reading.probability

    @property
    def reasons(self) -> tuple[str, ...]:
        own = () if self.reading is None else self.reading.reasons
        return (*own, self.reason) if self.reason or self.reading is None else own


# Takes the path of a DICOM file. A TightropeError means that the object cannot be judged; anything else that it raises
# means that the judge broke, and the object is tried again.
Judge = Callable[[Path], Judged]
