"""Sentences through the graphs and nothing else: what the network itself writes, before the app looks at it.

written = write(graphs, vocabulary, ["Where is the station?"], "de")
written[0].text, written[0].score
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tightrope_translate.graphs import Graphs
from tightrope_translate.vocabulary import PAD, Vocabulary

BATCH = 32


class Sentence(NamedTuple):
    """A translation, and its mean log-probability of a token."""

    text: str
    score: float


def write(
    graphs: Graphs, vocabulary: Vocabulary, texts: Sequence[str], language: str, batch: int = BATCH, width: int = 1
) -> list[Sentence]:
    """Translations of `texts` into `language`, sentences of one length together; the order is kept.

    Greedy ones, or with a beam of `width`.
    """
    tag = vocabulary.tags[language]
    sources = [[tag, *tokens] for tokens in vocabulary.encode(texts)]
    order = sorted(range(len(texts)), key=lambda index: len(sources[index]))
    found = [Sentence("", 0.0)] * len(texts)
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        longest = len(sources[part[-1]])
        source = np.array([sources[index] + [PAD] * (longest - len(sources[index])) for index in part])
        written = graphs.write(source, np.full(len(part), tag), width)
        decoded = vocabulary.decode([one.tokens for one in written])
        for index, text, one in zip(part, decoded, written, strict=True):
            found[index] = Sentence(text, one.score)
    return found
