"""Ctrl-C as a request to end: what is being written is completed first."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Protocol


class Stop(Protocol):
    """A request to end, as threading.Event is one."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float) -> bool:
        """Return at once with True if the end is requested, else after `timeout` seconds with False."""


class Interrupt(threading.Event):
    """A context in which the first SIGINT or SIGTERM sets this event; a second one acts as it always does.

    Code inside asks `is_set()` between two frames.
    """

    def __enter__(self) -> Interrupt:
        # What is ignored stays ignored: a shell ignores SIGINT for jobs in the background.
        asked = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._request) for number in asked}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def _request(self, number: int, frame: FrameType | None) -> None:
        self._restore()
        self.set()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
