"""Both directions of one rung, with the time that their graphs took."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tightrope.runtime.clock import SystemClock
from tightrope.runtime.pipeline import Answer, StageTimes
from tightrope_translate.engine import Engine
from tightrope_translate.graphs import Graphs, Written

Result = TypeVar("Result")

_FORTH, _BACK = "en-de", "de-en"


class TimedEngine(Engine):
    """An Engine that tells the time in its graphs from the time around them. Asked by one thread at a time.

    Both directions are loaded at once and warmed up: the first run of a session allocates its memory.
    """

    def __init__(self, forth: Path, back: Path, threads: int) -> None:
        super().__init__({("en", "de"): forth, ("de", "en"): back}, threads)
        self._stopwatch = _Stopwatch()
        for source, target in (("en", "de"), ("de", "en")):
            translator = self.translator(source, target)
            translator.graphs = _TimedGraphs(translator.graphs, self._stopwatch)
            translator.translate(["Hamburg 1"])

    def timed(self, run: Callable[[], Result]) -> Answer[Result]:
        """Run something that translates with this engine; `session_ms` is 0 if it had nothing to ask the network."""
        watch = self._stopwatch
        watch.first, watch.seconds = None, 0.0
        start = watch.now()
        result = run()
        total = watch.now() - start
        before = (start if watch.first is None else watch.first) - start
        times = StageTimes(before * 1e3, watch.seconds * 1e3, (total - before - watch.seconds) * 1e3)
        return Answer(result, times)


class _Stopwatch:
    """When graphs were first called, and how long they have been at work, seconds."""

    def __init__(self) -> None:
        self.now = SystemClock().now
        self.first: float | None = None
        self.seconds = 0.0


class _TimedGraphs(Graphs):
    def __init__(self, graphs: Graphs, stopwatch: _Stopwatch) -> None:
        super().__init__(graphs.encoder, graphs.step, graphs.words)
        self._stopwatch = stopwatch

    def write(self, source: NDArray[np.int64], tags: NDArray[np.int64], width: int = 1) -> list[Written]:
        watch = self._stopwatch
        start = watch.now()
        watch.first = start if watch.first is None else watch.first
        written = super().write(source, tags, width)
        watch.seconds += watch.now() - start
        return written


@lru_cache(maxsize=4)
def engine(forth: Path, threads: int) -> TimedEngine:
    """The engine of an en-de artifact and of its counterpart. Raises ArtifactError if one of them cannot be loaded."""
    return TimedEngine(forth, forth.with_name(forth.name.replace(_FORTH, _BACK, 1)), threads)


def is_forth(name: str) -> bool:
    """Whether an artifact translates from English: its name stands for both directions on the demo's ladder."""
    return name.startswith(_FORTH)
