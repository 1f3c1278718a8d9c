"""A text file that grows during a run and appears under its name when the run has ended well."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TextIO

from tightrope.errors import OutputError
from tightrope.writing import atomic_path


class StreamedFile:
    """Context manager around one atomic text file. Raises OutputError from `write` and at the end."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self._stack = ExitStack()
        self._file: TextIO

    def __enter__(self) -> StreamedFile:
        temporary = self._stack.enter_context(atomic_path(self.target))
        # Line by line, so that a full disk shows at the line that does not fit.
        self._file = self._stack.enter_context(temporary.open("w", encoding="utf-8", buffering=1))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._stack.__exit__(kind, error, trace)

    def write(self, text: str) -> None:
        try:
            self._file.write(text)
        except OSError as error:
            raise OutputError(f"cannot write {self.target}: {error.strerror}") from error
