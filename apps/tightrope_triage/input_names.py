"""How a run tells of its input files: by path; de-identified by position, for a path may name the patient.

>>> names = InputNames(found, deidentify=True)                      # doctest: +SKIP
>>> names.line(path, DicomError(f"there is no file {path}"))        # doctest: +SKIP
'there is no file [input 3]'
"""

from __future__ import annotations

from pathlib import Path

from tightrope.errors import BadInputError
from tightrope_triage.dicom import FoundFiles
from tightrope_triage.radiograph import readable


class InputNames:
    """Positions are counted from 1 over all that was looked at, in the order of the names given and then of paths."""

    def __init__(self, found: FoundFiles, deidentify: bool) -> None:
        self._places = {path: number for number, path in enumerate(found.order, 1)} if deidentify else None

    def of(self, path: Path) -> str:
        return readable(path) if self._places is None else f"[input {self._places[path]}]"

    def line(self, path: Path, error: BadInputError) -> str:
        """What is wrong with a file, and which it is."""
        name = self.of(path)
        said = str(error).replace(str(path), name)
        return said if name in said else f"{name}: {said}"
