"""The exported network at work: two onnxruntime graphs and a search in numpy. Never imports torch.

graphs = Graphs.open(artifact, vocabulary_size)    # or Graphs(encoder session, step session, words)
written = graphs.write(source, tags)               # source int64 [N, S], tags int64 [N]; greedily
written = graphs.write(source, tags, width=4)      # with a beam: see `beam`
written[0].tokens, written[0].score

See `deployed` for the graphs' inputs and outputs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from tightrope.artifact import Artifact
from tightrope.runtime.session import Array, Session
from tightrope_translate.shortlist import Shortlist, Words, every_word

Length = TypeVar("Length", int, NDArray[np.int64])
PAD, END = 0, 2  # as in `vocabulary`
ENCODER, STEP, SHORTLIST = "encoder", "step", "shortlist.npz"
LEAVE_FROM = 0.25  # of a batch's rows must have ended before they are dropped: dropping copies all the others


class Written(NamedTuple):
    """One translation, in tokens."""

    tokens: list[int]
    """Without tag and END."""
    score: float
    """Mean log-probability of a token; 0 would be certainty."""
    others: tuple[Written, ...] = ()
    """What else a beam found, the likelier first."""


class Wanted(NamedTuple):
    """What a translation must have."""

    phrases: Sequence[Sequence[int]]
    """Tokens that must follow each other somewhere."""
    only_there: Collection[int] = ()
    """Tokens that stand in a phrase or nowhere."""
    not_after: Collection[int] = ()
    """Tokens that no phrase may follow: those that end a sentence."""
    inside: Sequence[int] = ()
    """Tokens that may not follow a phrase: they would go on with its last word."""


def limit(source: Length) -> Length:
    """The most tokens to write for `source` tokens: a bound on time, and on endless repetition."""
    return 2 * source + 8


class Graphs:
    """Encoder and step of one network, and the words that it may write. Holds no state between calls."""

    def __init__(self, encoder: Session, step: Session, words: Words) -> None:
        self.encoder, self.step, self.words = encoder, step, words
        self.memory = [spec.name for spec in encoder.outputs]  # all that the step looks back at
        state = next(spec.shape for spec in step.inputs if spec.name == "state")
        self.state_shape = tuple(size or 1 for size in state)  # its second axis is the batch

    @classmethod
    def open(cls, model: Artifact | Path, vocabulary: int, threads: int = 1) -> Graphs:
        """The graphs of an artifact, or in development of a folder that need not have a shortlist.

        Raises:
            ArtifactError: a graph or the shortlist is missing or damaged.
        """
        if isinstance(model, Artifact):
            words: Words = Shortlist.read(model.file(SHORTLIST))
            return cls(model.session(threads, ENCODER), model.session(threads, STEP), words)
        list_of_words = model / SHORTLIST
        words = Shortlist.read(list_of_words.read_bytes()) if list_of_words.exists() else every_word(vocabulary)
        encoder, step = (Session(model / f"{name}.onnx", threads) for name in (ENCODER, STEP))
        return cls(encoder, step, words)

    def read(self, source: NDArray[np.int64], tags: NDArray[np.int64]) -> dict[str, Array]:
        """What the step is given first: the encoder's memory of `source`, the words that may come, an empty state."""
        layers, _, *rest = self.state_shape
        state = np.zeros((layers, len(source), *rest), np.float32)
        memory = dict(zip(self.memory, self.encoder(source), strict=True))
        return {"tokens": tags, "words": self.words(source), "state": state, **memory}

    def write(self, source: NDArray[np.int64], tags: NDArray[np.int64], width: int = 1) -> list[Written]:
        """The likeliest translation that a beam of `width` finds; with 1 the likeliest word at every step."""
        if width > 1:
            from tightrope_translate.beam import beam

            return beam(self, source, tags, width)
        return self._greedy(source, tags)

    def write_with(
        self, source: NDArray[np.int64], tags: NDArray[np.int64], wanted: Wanted, width: int
    ) -> Written | None:
        """The likeliest translation of one sentence, `source` [1, S], that has all that is `wanted`; else None."""
        from tightrope_translate.constrained import constrained

        return constrained(self, source, tags, wanted, width)

    def _greedy(self, source: NDArray[np.int64], tags: NDArray[np.int64]) -> list[Written]:
        """Sentences that have ended leave the batch, some at a time."""
        count, longest = len(source), limit(source.shape[1])
        feeds = self.read(source, tags)
        words = feeds["words"]
        written = np.full((count, longest + 1), END)
        scores = np.zeros((count, longest))
        rows, going = np.arange(count), np.ones(count, bool)
        for place in range(longest):
            probability, state = self.step.run(feeds)
            best = probability.argmax(axis=1)
            tokens = words[best]
            written[rows, place] = tokens
            scores[rows, place] = np.log(np.maximum(probability[np.arange(len(best)), best], 1e-30))
            going &= tokens != END
            if not going.any():
                break
            if going.mean() <= 1 - LEAVE_FROM:
                rows, tokens, state = rows[going], tokens[going], state[:, going]
                feeds |= {name: feeds[name][going] for name in self.memory}
                going = np.ones(len(rows), bool)
            feeds |= {"tokens": tokens, "state": state}
        # Each sentence has a limit of its own, whatever stands beside it; what was written after END is nothing.
        limits = limit((source != PAD).sum(axis=1))
        written[np.arange(longest + 1) >= limits[:, None]] = END
        lengths = (written == END).argmax(axis=1)
        return [
            Written(written[row, :length].tolist(), float(scores[row, : min(length + 1, most)].mean()))
            for row, (length, most) in enumerate(zip(lengths, limits, strict=True))
        ]
