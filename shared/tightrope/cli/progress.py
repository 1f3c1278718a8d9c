"""Progress of long work on stderr: a spinner with the present step on a terminal, a line a step elsewhere.

`--quiet` has none of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import TracebackType
from typing import Any


class Progress:
    """Call it with the step that begins.

    >>> with Progress() as progress:      # doctest: +SKIP
    ...     progress("gate: scoring the reference")
    """

    def __init__(self, quiet: bool = False) -> None:
        self._status: Any = None
        self._quiet = quiet

    def __enter__(self) -> Progress:
        if sys.stderr.isatty() and not self._quiet:
            from rich.console import Console

            self._status = Console(stderr=True).status("starting")
            self._status.start()
        return self

    def __call__(self, step: str) -> None:
        if self._status is not None:
            self._status.update(step)
        elif not self._quiet:
            print(step, file=sys.stderr, flush=True)

    def tell(self, rows: Iterable[tuple[str, str]]) -> None:
        """Lines that stay: a name and a sentence each."""
        listed = list(rows)
        width = max((len(name) for name, _ in listed), default=0)
        for name, text in listed:
            line = f"{name.ljust(width)}  {text}"
            if self._status is not None:
                self._status.console.print(line, markup=False, highlight=False, soft_wrap=True)
            elif not self._quiet:
                print(line, file=sys.stderr, flush=True)

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._status is not None:
            self._status.stop()
