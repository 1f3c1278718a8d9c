"""Who belongs to whom: the assignment of the largest total, Hungarian method with potentials.

After Jonker and Volgenant, 'A Shortest Augmenting Path Algorithm for Dense and Sparse Linear Assignment Problems',
Computing 38, 1987. SciPy has the same in `linear_sum_assignment`, with which the tests compare it, but a device has no
30 MB to spare for that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def assign(affinity: NDArray[np.float64], least: float) -> list[tuple[int, int]]:
    """Pairs (row, column) of the largest total affinity, without those below `least`.

    Args:
        affinity: float64 [n, m], finite; what is below `least` counts as nothing.
        least: smallest affinity of a pair, above 0.

    Returns:
        the pairs in the order of their rows; every row and every column in at most one.
    """
    if 0 in affinity.shape:
        return []
    flipped = affinity.shape[0] > affinity.shape[1]
    gain = affinity.T if flipped else affinity
    # What will not do costs as much as no pair at all, so that it never displaces one that will.
    columns = _cheapest(np.where(gain >= least, -gain, 0.0))
    pairs = [(row, column) for row, column in enumerate(columns) if gain[row, column] >= least]
    return sorted((column, row) for row, column in pairs) if flipped else pairs


def _cheapest(cost: NDArray[np.float64]) -> list[int]:
    """The column of every row; [n, m] with n <= m. Column 0 of the work arrays is where each search begins."""
    rows, columns = cost.shape
    row_price, column_price = np.zeros(rows + 1), np.zeros(columns + 1)
    owner = np.zeros(columns + 1, np.intp)
    for row in range(1, rows + 1):
        owner[0] = row
        column = 0
        slack, way = np.full(columns + 1, np.inf), np.zeros(columns + 1, np.intp)
        done = np.zeros(columns + 1, np.bool_)
        while owner[column]:
            done[column] = True
            current = owner[column]
            reduced = cost[current - 1] - row_price[current] - column_price[1:]
            better = ~done[1:] & (reduced < slack[1:])
            slack[1:][better] = reduced[better]
            way[1:][better] = column
            following = int(np.argmin(np.where(done[1:], np.inf, slack[1:]))) + 1
            delta = slack[following]
            row_price[owner[done]] += delta
            column_price[done] -= delta
            slack[~done] -= delta
            column = following
        while column:
            owner[column] = owner[way[column]]
            column = int(way[column])
    found = [0] * rows
    for column in range(1, columns + 1):
        if owner[column]:
            found[owner[column] - 1] = column - 1
    return found
