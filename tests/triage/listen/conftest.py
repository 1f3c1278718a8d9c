"""What the listener's tests share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tightrope_triage.listen import Judge, ListenOptions, listen

from .peers import Listener, free_port, wait_until
from .standin import plain


class Here:
    """A listener in a thread of the test."""

    def __init__(self, options: ListenOptions, judge: Judge) -> None:
        self.options = replace(options, port=options.port or free_port())
        self.lines: list[str] = []
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(judge,))
        self._thread.start()
        wait_until(lambda: self._error or any("listening" in line for line in self.lines))
        if self._error is not None:
            raise self._error

    def _run(self, judge: Judge) -> None:
        try:
            listen(self.options, judge, self.lines.append, self._stop)
        except BaseException as error:
            self._error = error

    @property
    def port(self) -> int:
        return self.options.port

    def end(self) -> None:
        self._stop.set()
        self._thread.join()
        if self._error is not None:
            raise self._error


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Callable[..., Here]]:
    """Starts listeners in this process: `listening(judge=..., limits=...)`, with ListenOptions' fields."""
    begun: list[Here] = []

    def start(judge: Judge = plain, **fields: object) -> Here:
        options = ListenOptions(**{"folder": tmp_path / "worklist", "port": 0, **fields})  # type: ignore[arg-type]
        begun.append(Here(options, judge))
        return begun[-1]

    yield start
    for here in begun:
        here.end()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Callable[..., Listener]]:
    """Starts listeners as processes: `process("--judge", "slow")`."""
    begun: list[Listener] = []

    def start(*extra: str, **how: object) -> Listener:
        begun.append(Listener(tmp_path / "worklist", free_port(), *extra, **how))  # type: ignore[arg-type]
        return begun[-1]

    yield start
    for listener in begun:
        if listener.process.poll() is None:
            listener.kill()
