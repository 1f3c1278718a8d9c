"""Networks that need no weights: one repeats what it reads, the other answers as it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tightrope.models import artifact_names
from tightrope_translate.engine import Engine
from tightrope_translate.graphs import Wanted, Written
from tightrope_translate.translator import Translator
from tightrope_translate.vocabulary import END, PAD, Vocabulary

SURE, UNSURE = -0.05, -3.0


class Repeating:
    """Writes what it reads. `shapes` are those of the batches that it was given."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def write(self, source: NDArray[np.int64], tags: NDArray[np.int64], width: int = 1) -> list[Written]:
        self.shapes.append(source.shape)
        return [Written([int(token) for token in row[1:] if token not in (PAD, END)], SURE) for row in source]

    def write_with(
        self, source: NDArray[np.int64], tags: NDArray[np.int64], wanted: Wanted, width: int
    ) -> Written | None:
        return None


class Scripted:
    """Answers by a table of source -> translation, or (translation, score). `asked` is what it was given to read."""

    def __init__(self, vocabulary: Vocabulary, answers: Mapping[str, str | tuple[str, float]]) -> None:
        self._vocabulary, self._answers = vocabulary, answers
        self.asked: list[str] = []

    def write(self, source: NDArray[np.int64], tags: NDArray[np.int64], width: int = 1) -> list[Written]:
        texts = self._vocabulary.decode([row[1:] for row in source])
        self.asked += texts
        return [self._written(self._answers.get(text, (text, UNSURE))) for text in texts]

    def write_with(
        self, source: NDArray[np.int64], tags: NDArray[np.int64], wanted: Wanted, width: int
    ) -> Written | None:
        """Answers only where the table has the sentence with what must be in it: 'source | one, other'."""
        text, *phrases = self._vocabulary.decode([source[0][1:], *wanted.phrases])
        key = f"{text} | {', '.join(phrases)}"
        self.asked.append(key)
        return self._written(self._answers[key]) if key in self._answers else None

    def _written(self, answer: str | tuple[str, float]) -> Written:
        text, score = answer if isinstance(answer, tuple) else (answer, SURE)
        return Written(self._vocabulary.encode([text])[0][:-1], score)


def translator_of(graphs: Any, vocabulary: Vocabulary, source: str = "en", target: str = "de") -> Translator:
    return Translator(graphs, vocabulary, source, target)


def shipped_engine() -> Engine:
    """The shipped models; skips where they are not."""
    if not {"en-de-int8", "de-en-int8"} <= set(artifact_names("translate")):
        pytest.skip("no shipped translation models")
    return Engine.open()


class StandInEngine(Engine):
    """An engine of one stand-in network for both directions."""

    def __init__(self, graphs: Any, vocabulary: Vocabulary) -> None:
        super().__init__({})
        self._made = {(s, t): Translator(graphs, vocabulary, s, t) for s, t in (("en", "de"), ("de", "en"))}
        self.calls: list[Sequence[str]] = []

    def translator(self, source: str, target: str) -> Translator:
        return self._made[source, target]
