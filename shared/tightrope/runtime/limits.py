"""The times that a run is held to: when an answer is late, when it is no longer current, when a run is stuck.

>>> Limits.every(0.5).deadline_s, Limits.every(0.5).stale_s
(0.5, 1.5)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tightrope.budget import Budget


@dataclass(frozen=True)
class Limits:
    """Seconds, all counted from the capture of an input, but for `stuck_s`, which counts from the start of a run.

    Attributes:
        deadline_s: an answer of greater age has missed its deadline.
        period_s: a new input comes this often.
        stale_s: an answer of greater age is not current: the state is STALE, and it is not shown any more.
        failed_s: without a current answer for this long the state is FAILED.
        stuck_s: a run that lasts longer is abandoned.
        misses: share of the inputs that may miss their deadline.
        longest_pause_s: after several runs in a row that failed the next is put off, by `stuck_s` at first and then
            twice as long each time, but by no more than this.
        overdue_s: an input that comes so long after the one before, or not at all, is overdue, and the state DEGRADED,
            as it is when a deadline has passed without an answer; infinite: nobody knows when the next input is due.
    """

    deadline_s: float
    period_s: float
    stale_s: float
    failed_s: float
    stuck_s: float
    misses: float = 0.01
    longest_pause_s: float = 30.0
    overdue_s: float = math.inf

    @classmethod
    def every(cls, period_s: float, deadline_s: float | None = None, misses: float = 0.01) -> Limits:
        """Limits for an input every `period_s`; the deadline is the next input, unless another one is given.

        Where every deadline is met, the newest answer is at most a deadline and a period old when the next one
        replaces it; one period more and an answer has failed to come. A run is stuck after ten times its deadline, and
        an app has failed that has had nothing to show for twenty periods, but never in less than a second.

        An input may come half a period late: what looks at the state twice a period tells of one that does not within
        a period of the time when it was due, and a camera that jitters is not blamed.
        """
        deadline = period_s if deadline_s is None else deadline_s
        return cls(
            deadline,
            period_s,
            stale_s=deadline + 2 * period_s,
            failed_s=max(1.0, 20 * period_s),
            stuck_s=10 * deadline,
            misses=misses,
            overdue_s=1.5 * period_s,
        )

    @classmethod
    def of(cls, budget: Budget) -> Limits:
        """The limits of a device profile.

        Its period is the deadline, and the share of misses is what its percentile leaves: 1% at the 99th.

        Without a period somebody waits for every answer, and its latency is the deadline. Nothing grows stale: what was
        found in a document stays found. No run is abandoned, because what it does must not be done twice at a time; its
        pipeline sees to its own end. And the next one is not put off by others that failed.
        """
        misses = round(1 - budget.percentile / 100, 6)
        if budget.period_ms is not None:
            return cls.every(budget.period_ms / 1e3, misses=misses)
        limits = cls.every(budget.latency_ms / 1e3, misses=misses)
        never = math.inf
        return replace(limits, stale_s=never, failed_s=never, stuck_s=never, longest_pause_s=0.0, overdue_s=never)
