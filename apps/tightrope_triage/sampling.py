"""Which radiographs make up a training batch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tightrope_triage.data import Case


def drawn_from(batch: int, adult_share: float) -> dict[str, int]:
    """How many radiographs of each site a batch holds; a site of which it holds none is not there.

    >>> drawn_from(16, 0.625), drawn_from(16, 0)
    ({'nih': 10, 'kermany': 6}, {'kermany': 16})
    """
    adults = round(batch * adult_share)
    return {site: count for site, count in (("nih", adults), ("kermany", batch - adults)) if count}


class BalancedSampler:
    """Batches with a fixed share of each site and, on average, equally many of each view and label within it.

    View predicts the label in the NIH data (63% of PA are positive, 41% of AP), so equal cells take that shortcut away.
    """

    def __init__(self, cases: list[Case], batch: int, adult_share: float, rng: np.random.Generator) -> None:
        self.rng = rng
        self.sizes = drawn_from(batch, adult_share)
        self.cells: dict[str, dict[tuple[str | None, int], list[int]]] = {site: {} for site in self.sizes}
        for index, case in enumerate(cases):
            if case.site in self.cells:
                self.cells[case.site].setdefault((case.view, case.label), []).append(index)
        self.decks = {
            (site, cell): self.deal(members) for site in self.cells for cell, members in self.cells[site].items()
        }

    def deal(self, members: list[int]) -> Iterator[int]:
        """The members in random order, again and again: each once before any twice."""
        while True:
            yield from self.rng.permutation(members).tolist()

    def batch(self) -> list[int]:
        """Indices of the next batch."""
        drawn = []
        for site, size in self.sizes.items():
            cells = list(self.cells[site])
            order = [cells[i % len(cells)] for i in range(size - size % len(cells))]
            order += [cells[i] for i in self.rng.choice(len(cells), size % len(cells), replace=False)]
            drawn += [next(self.decks[site, cell]) for cell in order]
        return drawn
