"""Whether a sweep is as good as the log's sweeps usually are.

>>> usual = Usual()
>>> sweep = PointCloud(np.ones((1000, 3), np.float32), np.ones(1000, np.float32))
>>> [usual.judge(sweep) for _ in range(5)]
['', '', '', '', '']
>>> usual.judge(sweep.where(np.arange(1000) < 100))
'the sweep has 100 points where 1,000 are usual'

A log's own median is the measure, because LiDARs differ by a factor of fifty in how many points they give, and some
write a point that is not a number for each beam that comes not back.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from tightrope_road.lidar import PointCloud

_ENOUGH, _WINDOW = 5, 50
_FEWEST = 0.6
"""Share of the usual number of points below which too many are missing."""
_MORE = 0.1
"""So much larger than usual may the share of the points be that are not numbers."""


class Usual:
    """The medians of the last good sweeps; judges the next one by them."""

    def __init__(self) -> None:
        self._counts: deque[int] = deque(maxlen=_WINDOW)
        self._dropped: deque[float] = deque(maxlen=_WINDOW)

    def judge(self, points: PointCloud) -> str:
        """Take a sweep; say what is wrong with it. Empty: nothing, or there were too few before it to tell.

        A bad one does not count for what is usual: a fault that stays is told for as long as it does.
        """
        count, dropped = len(points), points.dropped / max(1, len(points) + points.dropped)
        if why := self._why(count, dropped):
            return why
        self._counts.append(count)
        self._dropped.append(dropped)
        return ""

    def _why(self, count: int, dropped: float) -> str:
        if len(self._counts) < _ENOUGH:
            return ""
        if dropped > float(np.median(self._dropped)) + _MORE:
            return f"{dropped:.0%} of the sweep's points are not numbers"
        usual = float(np.median(self._counts))
        return f"the sweep has {count:,} points where {usual:,.0f} are usual" if count < _FEWEST * usual else ""
