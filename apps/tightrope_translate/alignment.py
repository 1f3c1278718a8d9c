"""Which source word a target word comes from: a table of translation probabilities from the training pairs alone.

    table = fit(vocabulary.encode(corpus.english), vocabulary.encode(corpus.german), len(vocabulary))
    guide = expected(table, batch.source, batch.wanted)   # [N, T, S]: where the decoder should look

IBM model 1 (Brown et al. 1993) over subwords, by expectation maximization. In training it shows the first head of each
cross-attention where to look (Garg et al. 2019, 'Jointly Learning to Align and Translate'): a network that has seen
half a million tokens would otherwise still be finding that out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tightrope_translate.vocabulary import PAD

ROUNDS = 5


def fit(english: Sequence[list[int]], german: Sequence[list[int]], size: int) -> NDArray[np.float16]:
    """The table [size, size]: probability of each target token (column) given a source token (row), both directions."""
    table = np.zeros((size, size), np.float16)
    for sources, targets in ((english, german), (german, english)):
        keys, values = model_one(sources, targets, size)
        flat = table.reshape(-1)
        flat[keys] = np.maximum(flat[keys], values.astype(np.float16))
    return table


def model_one(
    sources: Sequence[list[int]], targets: Sequence[list[int]], size: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pairs (source times `size` plus target) that occur together; the probability of the target given the source."""
    wide = np.array([len(source) for source in sources])
    high = np.array([len(target) for target in targets])
    # One entry for every source token of every target token: the entries of one target token lie side by side.
    runs = np.repeat(wide, high)
    starts = np.concatenate([[0], np.cumsum(runs)[:-1]])
    source = np.concatenate([np.tile(np.array(s, np.int32), len(t)) for s, t in zip(sources, targets, strict=True)])
    target = np.repeat(np.concatenate([np.array(t, np.int32) for t in targets]), runs)
    keys, entry = np.unique(source.astype(np.int64) * size + target, return_inverse=True)
    probability = np.ones(len(keys))
    for _ in range(ROUNDS):
        share = probability[entry]
        share /= np.repeat(np.add.reduceat(share, starts), runs)
        counts = np.bincount(entry, share)
        probability = counts / np.bincount(keys // size, counts, size)[keys // size]
    return keys, probability


def expected(table: NDArray[np.float16], source: Tensor, wanted: Tensor) -> Tensor:
    """[N, T, S] float32: for each wanted token how likely each source place is its origin; 0 where nothing is known.

    The first source place (the tag) and padding are never an origin.
    """
    rows, columns = source.numpy(), wanted.numpy()
    found = torch.from_numpy(table[rows[:, None, :], columns[:, :, None]].astype(np.float32))
    found[:, :, 0] = 0
    found *= (source != PAD)[:, None, :] & (wanted != PAD)[:, :, None]
    return found / found.sum(2, keepdim=True).clamp_min(1e-6)
