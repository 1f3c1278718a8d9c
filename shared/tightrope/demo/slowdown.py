"""Another program on the same core: what a busy or slower device does to the budget. An emulation, and called so.

>>> with Slowdown() as slowdown:                                   # doctest: +SKIP
...     with slowdown.beside(1):
...         pipeline(picture)          # shares one core with one program that only counts

A rival is a process pinned to one core. It waits on a pipe, counts while it is told to, and ends when the pipe closes,
so none outlives the server, however that ends; between two measured runs it takes no time at all.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from types import TracebackType

MOST_RIVALS = 3

# Reads a byte to begin and another to stop; the end of the pipe ends it at any time.
_RIVAL = """
import os, select, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
while os.read(0, 1):
    while not select.select([0], [], [], 0)[0]:
        for _ in range(2000):
            pass
    if not os.read(0, 1):
        break
"""


def can_slow_down() -> bool:
    """Whether this system lets a program be pinned to a core."""
    return hasattr(os, "sched_setaffinity")


class Slowdown:
    """The rivals of one server, started when they are first needed. A context: its end ends them all."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rivals: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Slowdown:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            for rival in self._rivals:
                _end(rival)
            self._rivals.clear()

    @contextmanager
    def beside(self, rivals: int) -> Iterator[None]:
        """Run the block on one core that `rivals` programs (at most MOST_RIVALS) use at the same time.

        Only this thread is pinned. Blocks of other threads wait, so that nobody is slowed who did not ask for it.
        """
        if rivals < 1 or not can_slow_down():
            yield
            return
        with self._lock, ExitStack() as stack:
            allowed = os.sched_getaffinity(0)
            core = max(allowed)
            for rival in self._running(min(rivals, MOST_RIVALS), core):
                stack.enter_context(_counting(rival))
            stack.callback(os.sched_setaffinity, 0, allowed)
            os.sched_setaffinity(0, {core})
            yield

    def _running(self, count: int, core: int) -> list[subprocess.Popen[bytes]]:
        """`count` living rivals on that core."""
        for rival in [rival for rival in self._rivals if rival.poll() is not None]:
            _end(rival)
            self._rivals.remove(rival)
        while len(self._rivals) < count:
            command = [sys.executable, "-I", "-S", "-c", _RIVAL, str(core)]
            self._rivals.append(subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0))
        return self._rivals[:count]


@contextmanager
def _counting(rival: subprocess.Popen[bytes]) -> Iterator[None]:
    assert rival.stdin is not None
    rival.stdin.write(b"1")
    try:
        yield
    finally:
        rival.stdin.write(b"0")


def _end(rival: subprocess.Popen[bytes]) -> None:
    rival.kill()
    if rival.stdin is not None:
        rival.stdin.close()
    rival.wait()
