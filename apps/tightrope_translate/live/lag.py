"""How far a growing translation lags behind its source, and how much of it is taken back.

    shown = [["Wo"], ["Wo", "ist"], ["Wo", "war", "der", "Zug?"]]   # after 1, 3 and 4 words of the source
    erasure(shown)                                       # 0.25: "ist" was erased, and four words are left
    final = settled_at(shown)                            # [0, 2, 2, 2]: the update since which each word stands
    lagging([1, 4, 4, 4], 4, 4), lagging([1, 4, 4, 4], 4, max(4, 5))    # AL, LAAL with a reference of five words

Words are what stands between white space; source and delays have one unit, words or seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tightrope_translate.live.steady import Words, common


def erasure(shown: Sequence[Words]) -> float:
    """Normalized erasure: words that were taken back, for each word of the last translation.

    Arivazhagan et al. 2020, 'Re-translation versus Streaming for Simultaneous Translation', section 2.1, eq. 1.
    """
    erased = sum(len(before) - common(before, after) for before, after in pairwise(shown))
    return erased / max(1, len(shown[-1]))


def settled_at(shown: Sequence[Words]) -> list[int]:
    """For each word of the last translation: the first update since which it and all before it stand unchanged.

    The delay of a re-translation is that of this update (the same paper, section 2.1).
    """
    last = len(shown) - 1
    found = [last] * len(shown[-1])
    standing = len(shown[-1])
    for index in range(last, -1, -1):
        standing = min(standing, common(shown[index], shown[-1]))
        found[:standing] = [index] * standing
    return found


def lagging(delays: Sequence[float], source: float, target: int) -> float:
    """Average lagging, of the length `source`, in its unit; 0 where nothing was written.

    (1/tau) sum_{t=1..tau} (delays[t] - (t - 1) source / target), tau the first word with all of the source read.
    With the hypothesis' length as `target` it is AL (Ma et al. 2019, 'STACL', eq. 8); with the larger of hypothesis'
    and reference's it is LAAL (Papi et al. 2022, 'Over-Generation Cannot Be Rewarded', eq. 3).
    """
    if not delays:
        return 0.0
    tau = next((index for index, delay in enumerate(delays, 1) if delay >= source), len(delays))
    return sum(delay - index * source / target for index, delay in enumerate(delays[:tau])) / tau
