"""Progress of long work on stderr: a spinner with the present step on a terminal, a line a step elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any


class Progress:
    """Call it with the step that begins.

    >>> with Progress() as progress:      # doctest: +SKIP
    ...     progress("gate: scoring the reference")
    """

    def __init__(self) -> None:
        self._status: Any = None

    def __enter__(self) -> Progress:
        if sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True).status("starting")
            self._status.start()
        return self

    def __call__(self, step: str) -> None:
        if self._status is not None:
            self._status.update(step)
        else:
            print(step, file=sys.stderr, flush=True)

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._status is not None:
            self._status.stop()
