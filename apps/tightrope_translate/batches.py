"""Batches of whole sentences of about the same length, without end, and the same ones after an interruption.

    batches = Batches(corpus, vocabulary, Choice("both", tokens=1500, seed=0))
    batch = next(batches)     # batch.source [N, S], batch.target [N, T], batch.wanted [N, T]
    batches.place = place     # go on from where another one stood

The pairs are drawn in pools of some 20,000; within a pool, sentences of one length are put together (little padding),
and the batches come in random order. Small batches are what a small network learns fastest from.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tightrope.errors import ConfigError
from tightrope_translate.augment import augment, disturb
from tightrope_translate.corpus import Corpus
from tightrope_translate.nouns import with_nouns
from tightrope_translate.templates import Pair, templated
from tightrope_translate.vocabulary import PAD, Vocabulary

DIRECTIONS = {"en-de": ("de",), "de-en": ("en",), "both": ("de", "en")}  # the languages that are written
POOL = 20_000
LONGEST = 80  # tokens; longer pairs (one in a hundred, most of them help pages) are left out
TEMPLATED = 0.04  # share of a pool that is made from templates


class Batch(NamedTuple):
    """Sentences side by side, PAD where one is shorter; all int64."""

    source: Tensor
    """[N, S]: the tag of the language to write, the tokens, END."""
    target: Tensor
    """[N, T]: the tag, the tokens: what the decoder has written before each place."""
    wanted: Tensor
    """[N, T]: the tokens, END: what it should write there."""


class Place(NamedTuple):
    """Where a stream of batches stands."""

    pool: int = 0
    batch: int = 0


@dataclass(frozen=True)
class Choice:
    """Which batches are drawn."""

    direction: str = "both"
    tokens: int = 1500
    seed: int = 0
    nouns: float = 0.0
    """Share of a pool that is made around the nouns of the table."""

    def __post_init__(self) -> None:
        if self.direction not in DIRECTIONS:
            raise ConfigError(f'unknown direction "{self.direction}": choose one of {", ".join(DIRECTIONS)}')


class Batches:
    """An endless iterator; `place` may be read and set."""

    def __init__(self, corpus: Corpus, vocabulary: Vocabulary, choice: Choice) -> None:
        self.corpus, self.vocabulary, self.choice = corpus, vocabulary, choice
        self.place = Place()
        self._pool: tuple[int, list[Batch]] = (-1, [])

    def __iter__(self) -> Batches:
        return self

    def __next__(self) -> Batch:
        pool, number = self.place
        if self._pool[0] != pool:
            self._pool = (pool, self.draw(pool))
        batches = self._pool[1]
        self.place = Place(pool, number + 1) if number + 1 < len(batches) else Place(pool + 1)
        return batches[number]

    def draw(self, pool: int) -> list[Batch]:
        """All batches of a pool; they depend on the seed and the pool's number alone."""
        rng = Random(f"{self.choice.seed} pool {pool}")
        sources, targets, tags = [], [], []
        for index, language in self.members(pool):
            pair = self.pair(index, rng)
            source, target = pair if language == "de" else (pair.german, pair.english)
            sources.append(disturb(source, rng))
            targets.append(target)
            tags.append(self.vocabulary.tags[language])
        examples = [
            ([tag, *source], [tag, *target])
            for tag, source, target in zip(
                tags, self.vocabulary.encode(sources), self.vocabulary.encode(targets), strict=True
            )
            if max(len(source), len(target)) <= LONGEST
        ]
        rng.shuffle(examples)
        examples.sort(key=lambda example: (len(example[1]), len(example[0])))
        batches = [pack(group) for group in groups(examples, self.choice.tokens)]
        rng.shuffle(batches)
        return batches

    def pair(self, index: int, rng: Random) -> Pair:
        """The pair of that number, perhaps changed, or a made-up one instead."""
        chance = rng.random()
        if chance < TEMPLATED:
            return templated(rng)
        if chance < TEMPLATED + self.choice.nouns:
            return with_nouns(rng)
        return augment(Pair(self.corpus.english[index], self.corpus.german[index]), rng)

    def members(self, pool: int) -> list[tuple[int, str]]:
        """The pairs of a pool, by index, and the language to write."""
        epoch, first = 0, pool
        while first >= (count := len(self.epoch(epoch)) // POOL or 1):
            epoch, first = epoch + 1, first - count
        chosen = np.array_split(self.epoch(epoch), count)[first]
        languages = DIRECTIONS[self.choice.direction]
        return [(int(number) // len(languages), languages[int(number) % len(languages)]) for number in chosen]

    def epoch(self, number: int) -> np.ndarray:
        """Shuffled numbers of what an epoch shows: pair times languages plus language."""
        languages = len(DIRECTIONS[self.choice.direction])
        turns = np.array(self.corpus.turns)
        shown = np.flatnonzero((np.arange(len(turns)) + number) % turns == 0)
        every = (shown[:, None] * languages + np.arange(languages)).ravel()
        return np.random.default_rng([self.choice.seed, number]).permutation(every)


def groups(examples: list[tuple[list[int], list[int]]], tokens: int) -> list[list[tuple[list[int], list[int]]]]:
    """Cut the sorted `examples` so that each group, padded, has about `tokens` places on its longer side."""
    found: list[list[tuple[list[int], list[int]]]] = []
    group: list[tuple[list[int], list[int]]] = []
    longest = 0
    for example in examples:
        longest = max(longest, len(example[0]), len(example[1]))
        if group and longest * (len(group) + 1) > tokens:
            found.append(group)
            group, longest = [], max(len(example[0]), len(example[1]))
        group.append(example)
    return [*found, group] if group else found


def pack(group: list[tuple[list[int], list[int]]]) -> Batch:
    """Pad a group into arrays; the target is shifted by one against what is wanted."""
    source = padded([example[0] for example in group])
    written = padded([example[1] for example in group])
    return Batch(source, written[:, :-1].masked_fill(written[:, 1:] == PAD, PAD), written[:, 1:].contiguous())


def padded(rows: list[list[int]]) -> Tensor:
    """Rows of different length as one int64 array, PAD behind the shorter ones."""
    out = torch.full((len(rows), max(map(len, rows))), PAD)
    for number, row in enumerate(rows):
        out[number, : len(row)] = torch.tensor(row)
    return out
