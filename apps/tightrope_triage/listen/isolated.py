"""A judge in a process of its own: an object that crashes a decoder, or never ends, costs that process only.

>>> with IsolatedJudge(partial(open_judge, artifact), seconds=60) as judge:
...     listen(options, judge, print, stop)                              # doctest: +SKIP

`open_judge` runs in the new process and gives the judge; it must be picklable, so it is a function of a module, or a
`functools.partial` of one.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType

from tightrope.errors import TightropeError
from tightrope_triage.listen.judged import Judge, Judged


class JudgeBrokeError(RuntimeError):
    """The process ended, or was ended because it took too long, while it was judging."""


class IsolatedJudge:
    """A Judge. The process is started anew with the object after one that broke it.

    Raises, when it is called:
        JudgeBrokeError: the process ended or took longer than `seconds`.
        Exception: whatever the judge itself raised.
    """

    def __init__(self, open_judge: Callable[[], Judge], seconds: float) -> None:
        self._open_judge, self._seconds = open_judge, seconds
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> IsolatedJudge:
        """Start, and wait until the judge is ready. Raises what `open_judge` raises, or JudgeBrokeError."""
        try:
            self._start()
        except BaseException:  # nobody else would end it: it ignores signals
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def __call__(self, path: Path) -> Judged:
        if self._pipe is None:
            self._start()
        assert self._pipe is not None
        try:
            self._pipe.send(path)
        except OSError as error:
            self._end()
            raise JudgeBrokeError("the judge's process ended") from error
        answer = self._receive()
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Judged)
        return answer

    def _start(self) -> None:
        # Not fork: a copy of a process with threads can hang on a lock that no thread of it holds any more.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._open_judge), name="judge", daemon=True)
        self._process.start()
        theirs.close()
        ready = self._receive()
        if isinstance(ready, Exception):
            self._end()
            raise ready

    def _receive(self) -> object:
        assert self._pipe is not None
        try:
            if self._pipe.poll(self._seconds):
                return self._pipe.recv()
            trouble = f"judging took longer than {self._seconds:g} s"
        except (EOFError, OSError):
            trouble = f"the judge's process ended{self._how()}"
        self._end()
        raise JudgeBrokeError(trouble)

    def _how(self) -> str:
        assert self._process is not None
        self._process.join(1.0)
        code = self._process.exitcode
        if code is None:
            return ""
        return f" with {signal.Signals(-code).name}" if code < 0 else f" with code {code}"

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._pipe = self._process = None


def _serve(pipe: Connection, open_judge: Callable[[], Judge]) -> None:
    # Ctrl-C reaches every process of a terminal, and SIGTERM every one of a service; the listener ends this one, by
    # SIGKILL, when the job in hand is done.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        judge = open_judge()
    except Exception as error:
        pipe.send(_portable(error))
        return
    pipe.send(None)
    while True:
        try:
            path = pipe.recv()
        except EOFError:  # the listener ended, perhaps without a word
            return
        try:
            pipe.send(judge(path))
        except Exception as error:
            pipe.send(_portable(error))


def _portable(error: Exception) -> Exception:
    """An error that survives pickling: some have a constructor that it cannot call again."""
    if isinstance(error, TightropeError):
        portable = TightropeError(str(error))
        portable.exit_code = error.exit_code
        return portable
    return JudgeBrokeError(f"{type(error).__name__}: {error}")
