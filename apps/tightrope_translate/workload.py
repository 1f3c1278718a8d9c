"""Translation at work on bundled sentences of 15 words: what `tightrope tour` shows and `tightrope measure` times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tightrope.app import Workload
from tightrope.artifact import Artifact
from tightrope.errors import BadInputError
from tightrope.runtime.clock import SystemClock
from tightrope.runtime.pipeline import Answer, StageTimes
from tightrope_translate.graphs import ENCODER, STEP, Graphs, Wanted, Written
from tightrope_translate.translator import Translation, Translator

SAMPLE = Path(__file__).parent / "sample"


def open_workload(artifact: Artifact, threads: int) -> Workload:
    """The artifact's translator with bundled sentences of its source language, one at a time.

    Raises:
        BadInputError: the sample is missing from this installation.
    """
    translator = Translator.load(artifact, threads)
    file = SAMPLE / f"sentences.{translator.source}.txt"
    try:
        sentences = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadInputError(f"the bundled sample is missing: no {file}; reinstall tightrope") from error
    source = np.array(
        [[translator.vocabulary.tags[translator.target], *translator.vocabulary.encode(sentences[:1])[0]]]
    )
    feeds = {ENCODER: {"source": source}, STEP: translator.graphs.read(source, source[:, 0])}
    return Workload(TimedTranslator(translator), sentences, _describe, feeds)


class TimedTranslator:
    """A translator of one sentence that tells the time in the graphs from the time before and after them."""

    def __init__(self, translator: Translator) -> None:
        self._translator = translator
        self._graphs = _TimedGraphs(translator.graphs)
        translator.graphs = self._graphs

    def __call__(self, sentence: str) -> Answer[Translation]:
        graphs, now = self._graphs, self._graphs.now
        graphs.first, graphs.seconds = None, 0.0
        start = now()
        (result,) = self._translator.translate([sentence])
        total = now() - start
        before = (graphs.first or start) - start
        times = StageTimes(before * 1e3, graphs.seconds * 1e3, (total - before - graphs.seconds) * 1e3)
        return Answer(result, times)


class _TimedGraphs(Graphs):
    """Graphs that know when they were first called, and how long they have been at work."""

    def __init__(self, graphs: Graphs) -> None:
        super().__init__(graphs.encoder, graphs.step, graphs.words)
        self.now = SystemClock().now
        self.first: float | None = None
        self.seconds = 0.0

    def write(self, source: NDArray[np.int64], tags: NDArray[np.int64], width: int = 1) -> list[Written]:
        with self._clocked():
            return super().write(source, tags, width)

    def write_with(
        self, source: NDArray[np.int64], tags: NDArray[np.int64], wanted: Wanted, width: int
    ) -> Written | None:
        with self._clocked():
            return super().write_with(source, tags, wanted, width)

    @contextmanager
    def _clocked(self) -> Iterator[None]:
        start = self.now()
        self.first = start if self.first is None else self.first
        yield
        self.seconds += self.now() - start


def _describe(translation: Translation) -> str:
    return translation.shown
