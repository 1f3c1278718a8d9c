"""Which words may come in a translation: a few thousand out of the vocabulary, by the words of the source.

    words = shortlist(source)               # source int64 [N, S] -> int64 [K], rising
    words = every_word(8192)(source)        # all of them

The output layer is as large as the rest of the decoder. Only the rows of these words are computed (Jean et al. 2015,
'On Using Very Large Target Vocabulary', section 3.3): those that are frequent anyway, the likely translations of each
word of the source (IBM model 1, see `alignment`), and the words of the source themselves, for what is copied.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import ArtifactError

Words = Callable[[NDArray[np.int64]], NDArray[np.int64]]
COMMON, LIKELY = 256, 32


@dataclass(frozen=True)
class Shortlist:
    """Frequent words, and likely translations of each word."""

    common: NDArray[np.uint16]
    """[k]"""
    likely: NDArray[np.uint16]
    """[vocabulary, n]; a row with fewer is filled up with a common word."""

    def __call__(self, source: NDArray[np.int64]) -> NDArray[np.int64]:
        """The words that may come in translations of `source` [N, S]."""
        chosen = np.zeros(len(self.likely), bool)
        chosen[self.common] = True
        chosen[source] = True
        chosen[self.likely[np.unique(source)]] = True
        return np.flatnonzero(chosen)

    @classmethod
    def read(cls, data: bytes) -> Shortlist:
        """What `to_bytes` wrote. Raises ArtifactError if it is something else."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                return cls(arrays["common"], arrays["likely"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ArtifactError(f"this is no shortlist of words: {error}") from error

    def to_bytes(self) -> bytes:
        """A compressed .npz; the same arrays give the same bytes."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, common=self.common, likely=self.likely)
        return buffer.getvalue()


def every_word(count: int) -> Words:
    """All `count` words, whatever the source."""
    words = np.arange(count)
    return lambda source: words


def fit(sources: Sequence[list[int]], targets: Sequence[list[int]], size: int) -> Shortlist:
    """From the tokens of sentences that translate each other; `size` is the vocabulary's."""
    from tightrope_translate.alignment import model_one  # imports torch, which no translation needs

    counts = np.bincount(np.concatenate([np.array(target) for target in targets]), minlength=size)
    common = np.argsort(-counts, kind="stable")[:COMMON]
    pairs, probability = model_one(sources, targets, size)
    word, translation = np.divmod(pairs, size)
    order = np.lexsort((translation, -probability, word))
    word, translation = word[order], translation[order]
    place = np.arange(len(word)) - np.searchsorted(word, word)  # 0 for the likeliest translation of its word
    kept = place < LIKELY
    likely = np.full((size, LIKELY), common[0])
    likely[word[kept], place[kept]] = translation[kept]
    return Shortlist(common.astype(np.uint16), likely.astype(np.uint16))
