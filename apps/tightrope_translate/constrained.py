"""A beam search that must write given phrases: the names and numbers that a free translation has lost.

    wanted = Wanted([[17], [410, 29]])
    written = constrained(graphs, source, tags, wanted, width=4)   # source int64 [1, S], tags int64 [1]
    written.tokens          # has 17, and 410 followed by 29, somewhere

Hokamp and Liu 2017, 'Lexically Constrained Decoding for Sequence Generation Using Grid Beam Search': there is a beam
for every number of the phrases' tokens that are written, so that a translation which is ahead with them, and
therefore less likely so far, is not dropped for one that is behind.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from heapq import nlargest
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tightrope_translate.beam import NEVER, PATIENCE, axis_repeated
from tightrope_translate.graphs import END, Wanted, Written, limit

if TYPE_CHECKING:
    from tightrope_translate.graphs import Graphs

MOST = 16  # tokens in all phrases: bounds the rows of a step
EFFORT = 400  # that number times the source's tokens: bounds the time


class Path(NamedTuple):
    """A translation so far."""

    total: float
    """Sum of the log-probabilities."""
    tokens: tuple[int, ...] = ()
    waiting: frozenset[int] = frozenset()
    """Which phrases it has not begun."""
    rest: tuple[int, ...] = ()
    """What it must write next, of the phrase that it is in."""
    origin: int = 0
    """The row of the step before that it goes on from."""
    behind: bool = False
    """Whether a phrase has just ended."""


def constrained(
    graphs: Graphs, source: NDArray[np.int64], tags: NDArray[np.int64], wanted: Wanted, width: int
) -> Written | None:
    """The best translation of one sentence that has every phrase.

    None: there is nothing to ask for, too much of it, or no such translation ends in time.
    """
    phrases = wanted.phrases
    count = sum(map(len, phrases))
    if not 0 < count <= min(MOST, EFFORT // source.shape[1]):
        return None
    first = graphs.read(source, tags)
    words = np.union1d(first["words"], np.concatenate([np.asarray(phrase) for phrase in phrases]))
    first["words"] = words
    places = {int(word): place for place, word in enumerate(words)}
    barred = [places[word] for word in {END, *wanted.only_there} if word in places]
    inside = np.isin(words, wanted.inside)
    paths, feeds = [Path(0.0, waiting=frozenset(range(len(phrases))))], first
    best = Written([], NEVER)
    for length in range(1, limit(source.shape[1]) + 1):
        probability, state = graphs.step.run(feeds)
        best = max((best, *ended(paths, probability[:, places[END]], length)), key=attrgetter("score"))
        allowed = probability.copy()
        allowed[:, barred] = 0
        allowed[np.array([path.behind for path in paths])[:, None] & inside] = 0
        likeliest = np.argpartition(allowed, -width, axis=1)[:, -width:]
        banks: dict[int, list[Path]] = defaultdict(list)
        for row, path in enumerate(paths):
            free = likeliest[row][allowed[row, likeliest[row]] > 0]
            for word, waiting, rest in ways(path, words[free].tolist(), wanted):
                behind = not rest and (bool(path.rest) or waiting != path.waiting)
                left = len(rest) + sum(len(phrases[which]) for which in waiting)
                total = path.total + logarithm(probability[row, places[word]])
                banks[left].append(Path(total, (*path.tokens, word), waiting, rest, row, behind))
        paths = [path for bank in banks.values() for path in nlargest(width, bank)]
        if max(path.total for path in paths) / (length + PATIENCE) < best.score:
            break
        feeds = {name: axis_repeated(name, part, len(paths)) for name, part in first.items()}
        origins = [path.origin for path in paths]
        feeds |= {"tokens": np.array([path.tokens[-1] for path in paths]), "state": state[:, origins]}
    return best if best.score > NEVER else None


def ended(paths: Sequence[Path], end: NDArray[np.float32], length: int) -> Iterator[Written]:
    """The translations that have all phrases, as they are if they end here, with probability `end` [rows]."""
    for path, probability in zip(paths, end, strict=True):
        if not path.waiting and not path.rest:
            yield Written(list(path.tokens), (path.total + logarithm(probability)) / length)


def ways(path: Path, free: Sequence[int], wanted: Wanted) -> Iterator[tuple[int, frozenset[int], tuple[int, ...]]]:
    """The words that may come next, each with what is waiting and what must follow then."""
    if path.rest:
        yield path.rest[0], path.waiting, path.rest[1:]
        return
    for word in free:
        yield word, path.waiting, ()
    if path.tokens and path.tokens[-1] in wanted.not_after:
        return
    for which in path.waiting:
        word, *rest = wanted.phrases[which]
        yield word, path.waiting - {which}, tuple(rest)


def logarithm(probability: float) -> float:
    """The logarithm, finite for 0."""
    return math.log(max(probability, 1e-30))
