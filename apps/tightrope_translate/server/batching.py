"""Sentences of requests that wait at the same time, translated together: one thread, one batch after the other.

    with Batcher() as batcher:
        shared = Shared(translator, batcher)
        shared.translate(["Where is it?"])    # from any number of threads

A lone request is begun at once. Under load a batch takes what has come while the last one was translated, the same
number of sentences of every request, so that a sentence never waits for the end of somebody's document.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from tightrope_translate.translator import Translation

BATCH = 16  # sentences


class Sentences(Protocol):
    """What is batched: a Translator."""

    def translate(self, sentences: Sequence[str]) -> list[Translation]: ...

    def alternatives(self, sentence: str, count: int) -> list[str]: ...


@dataclass(eq=False)
class Job:
    """The sentences of one call, the shortest first."""

    translator: Sentences
    wanted: int
    left: deque[tuple[int, str]]
    found: dict[int, Translation] = field(default_factory=dict)
    answer: Future[list[Translation]] = field(default_factory=Future)

    def take(self, index: int, translation: Translation) -> None:
        """One sentence is done; with the last of them the call is answered."""
        self.found[index] = translation
        if len(self.found) == self.wanted:
            self.answer.set_result([self.found[index] for index in range(self.wanted)])


class Batcher:
    """The thread. As a context it ends what is in hand, and refuses what comes later."""

    def __init__(self, batch: int = BATCH) -> None:
        self._batch = batch
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="translator", daemon=True)
        self.alone = threading.Lock()
        """For what is not batched, and still shall not take a core of its own for every request."""
        self.batches = self.sentences = 0
        """Translated so far."""

    def __enter__(self) -> Batcher:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def translate(self, translator: Sentences, sentences: Sequence[str]) -> list[Translation]:
        """What `translator` says, when its turn has come. Raises what it raises; RuntimeError after the end."""
        if not sentences:
            return []
        shortest_first = deque(sorted(enumerate(sentences), key=lambda each: len(each[1])))
        job = Job(translator, len(sentences), shortest_first)
        with self._changed:
            if self._closed:
                raise RuntimeError("the translator has ended")
            self._jobs.append(job)
            self._changed.notify()
        return job.answer.result()

    def _work(self) -> None:
        while batch := self._next():
            try:
                found = batch[0][0].translator.translate([sentence for _, _, sentence in batch])
            except Exception as error:  # raised again in the threads that asked
                self._fail({job for job, _, _ in batch}, error)
                continue
            self.batches, self.sentences = self.batches + 1, self.sentences + len(batch)
            for (job, index, _), translation in zip(batch, found, strict=True):
                job.take(index, translation)

    def _next(self) -> list[tuple[Job, int, str]]:
        """The next batch, of one translator; waits for it. Empty at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed)
            if not self._jobs:
                return []
            translator = self._jobs[0].translator
            turn = [job for job in self._jobs if job.translator is translator][: self._batch]
            share = self._batch // len(turn)
            batch = [(job, *job.left.popleft()) for job in turn for _ in range(min(share, len(job.left)))]
            for job in turn:
                self._jobs.remove(job)
                if job.left:
                    self._jobs.append(job)
            return batch

    def _fail(self, jobs: set[Job], error: Exception) -> None:
        with self._changed:
            self._jobs = deque(job for job in self._jobs if job not in jobs)
        for job in jobs:
            job.answer.set_exception(error)


class Shared:
    """A translator that several threads use, by way of a Batcher."""

    def __init__(self, translator: Sentences, batcher: Batcher) -> None:
        self._translator, self._batcher = translator, batcher

    def translate(self, sentences: Sequence[str]) -> list[Translation]:
        return self._batcher.translate(self._translator, sentences)

    def alternatives(self, sentence: str, count: int) -> list[str]:
        """Asked for seldom: one after the other."""
        with self._batcher.alone:
            return self._translator.alternatives(sentence, count)
