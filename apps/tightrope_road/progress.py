"""A progress bar on standard error, only where a person looks at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


@contextmanager
def progress(length: int, wanted: bool = True) -> Iterator[Callable[[], None]]:
    """Give a function to call after each of `length` steps; it shows nothing unless standard error is a terminal."""
    if not wanted or not sys.stderr.isatty():
        yield lambda: None
        return
    with typer.progressbar(length=length, file=sys.stderr) as bar:
        yield lambda: bar.update(1)
