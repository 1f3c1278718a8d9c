"""Readings as JSON lines: written when all are done, or when the run is interrupted, with what was done until then.

>>> with JsonLines(folder / "readings.jsonl") as lines:                            # doctest: +SKIP
...     for reading in readings:
...         lines.add(reading)
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from tightrope.writing import write_text
from tightrope_triage.reading import Reading


class JsonLines:
    """A file of readings, one a line, whole or not there; without any, an older file stays as it was.

    Raises:
        OutputError: on leaving the block, the file cannot be written.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self._lines: list[str] = []

    def add(self, reading: Reading) -> None:
        self._lines.append(reading.to_json() + "\n")

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ctrl-C and errors too leave through here: what was read is kept."""
        if self._lines:
            write_text(self.target, "".join(self._lines))
