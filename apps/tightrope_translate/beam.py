"""A beam search over the exported graphs: several translations are carried along, and the best as a whole is taken.

    written = beam(graphs, source, tags, width=4)   # source int64 [N, S], tags int64 [N]
    written[0].tokens, written[0].score, written[0].others

Batched over sentences; one whose best can no longer be bettered leaves the batch. A score is the mean log-probability
of a token, END included: Wu et al. 2016, 'Google's Neural Machine Translation System', section 7, with the exponent 1.
"""

from __future__ import annotations

from heapq import nlargest
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tightrope_translate.graphs import END, Written, limit

if TYPE_CHECKING:
    from tightrope_translate.graphs import Graphs

NEVER = -np.inf
PATIENCE = 3  # a longer translation has its mean over more tokens: it may still win, but not by many


def beam(graphs: Graphs, source: NDArray[np.int64], tags: NDArray[np.int64], width: int) -> list[Written]:
    """The best translation of each sentence, with up to `width` - 1 others that ended."""
    count, longest = len(source), limit(source.shape[1])
    feeds = graphs.read(source, tags)
    feeds = {name: axis_repeated(name, part, width) for name, part in feeds.items()}
    words = feeds["words"]
    end = int(np.searchsorted(words, END))
    sums = np.full((count, width), NEVER)
    sums[:, 0] = 0  # at first all places of a beam are the same: only one counts
    history = np.zeros((count, width, longest), np.int64)
    rows, ended = np.arange(count), [[Written([], NEVER)] for _ in source]
    for place in range(longest):
        probability, state = graphs.step.run(feeds)
        finished = (sums + log(probability[:, end]).reshape(-1, width)) / (place + 1)
        worth = finished > np.array([ended[row][-1].score for row in rows])[:, None]
        for here, which in zip(*worth.nonzero(), strict=True):
            one = Written(history[here, which, :place].tolist(), float(finished[here, which]))
            ended[rows[here]] = nlargest(width, [one, *ended[rows[here]]], key=attrgetter("score"))
        sums, origin, chosen = extended(sums, probability, end, width)
        history = np.take_along_axis(history, origin[:, :, None], axis=1)
        history[:, :, place] = words[chosen]
        hopeful = sums.max(axis=1) / (place + 1 + PATIENCE) > np.array([ended[row][0].score for row in rows])
        if not hopeful.any():
            break
        kept = (origin + np.arange(len(rows))[:, None] * width)[hopeful].ravel()
        feeds |= {"tokens": words[chosen[hopeful]].ravel(), "state": state[:, kept]}
        if not hopeful.all():
            rows, sums, history = rows[hopeful], sums[hopeful], history[hopeful]
            feeds |= {name: feeds[name][kept] for name in graphs.memory}
    return [best._replace(others=tuple(one for one in others if one.score > NEVER)) for best, *others in ended]


def axis_repeated(name: str, part: NDArray[np.generic], width: int) -> NDArray[np.generic]:
    """`part` with every sentence `width` times: its axis is the first, but for the state's; the words have none."""
    return part if name == "words" else np.repeat(part, width, axis=1 if name == "state" else 0)


def extended(
    sums: NDArray[np.float64], probability: NDArray[np.float32], end: int, width: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """The `width` likeliest ways to go on, [N, width]: their sums, the places that they go on from, and the words."""
    probability[:, end] = 0
    most = min(width, probability.shape[1])
    top = np.argpartition(probability, -most, axis=1)[:, -most:]
    likely = np.where(
        top == end, NEVER, log(np.take_along_axis(probability, top, axis=1))
    )  # what ended goes on no more
    totals = sums[:, :, None] + likely.reshape(*sums.shape, most)
    flat = totals.reshape(len(sums), -1)
    chosen = np.argpartition(flat, -width, axis=1)[:, -width:]
    found = np.take_along_axis(top.reshape(len(sums), -1), chosen, axis=1)
    return np.take_along_axis(flat, chosen, axis=1), chosen // most, found


def log(probability: NDArray[np.float32]) -> NDArray[np.float64]:
    """The logarithm, finite for 0."""
    return np.log(np.maximum(probability, 1e-30), dtype=np.float64)
