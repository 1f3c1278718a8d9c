"""The summary of a run in one line: how many deadlines were missed, how old answers were, which rungs made them.

80 inputs in 4.0 s: 5% missed (3 late, 1 replaced); age p50 21.3, p90 30.2, p99 38.0 ms; big 12%, small 88%; score 0.931
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

EMULATED = "TIGHTROPE_EMULATED"
"""Environment variable that says how `tightrope.runtime.device` slows this process down."""


@dataclass(frozen=True)
class Summary:
    """What became of the inputs of a run.

    Attributes:
        seconds: from the start to now.
        inputs: that are settled: answered, or known to get no answer.
        met: answered in time. All others have missed their deadline, for whichever reason.
        late: answered, but not in time.
        lost: reason -> how many were never answered; 'replaced' is one of the reasons.
        unread: answers that nobody fetched before the next one came.
        age_ms: 'p50', 'p90' and 'p99' of the answers' age, nearest rank; empty before the first.
        rung_s: rung -> seconds in which it was the chosen one.
        score: the mean over all inputs of the quality of the rung that answered in time, 0 for a miss. The best rung
            without a miss has 1.
        left_behind: abandoned runs that have not come back.
        emulated: how this device was slowed down on purpose; None: it was not.
    """

    seconds: float
    inputs: int
    met: int
    late: int
    lost: Mapping[str, int]
    unread: int
    age_ms: Mapping[str, float]
    rung_s: Mapping[str, float]
    score: float
    left_behind: int
    emulated: str | None

    @property
    def miss_rate(self) -> float:
        """Share of the inputs that were not answered in time; 0 before the first."""
        return 1 - self.met / self.inputs if self.inputs else 0.0

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "miss_rate": self.miss_rate}

    def __str__(self) -> str:
        reasons = {"late": self.late, **self.lost}
        listed = ", ".join(f"{count} {reason}" for reason, count in reasons.items() if count)
        ages = ", ".join(f"{name} {ms:.1f}" for name, ms in self.age_ms.items())
        total = sum(self.rung_s.values())
        rungs = ", ".join(f"{name} {seconds / total:.0%}" for name, seconds in self.rung_s.items() if seconds)
        parts = [
            f"{self.inputs} inputs in {self.seconds:.1f} s: {_percent(self.miss_rate)} missed",
            f"age {ages} ms" if ages else "no answers",
            *([rungs] if rungs else []),
            f"score {self.score:.3f}",
        ]
        parts[0] += f" ({listed})" if listed else ""
        parts += [f"{self.unread} answers were not read"] if self.unread else []
        parts += [f"{self.left_behind} runs still hang"] if self.left_behind else []
        parts += [f"emulated: {self.emulated}"] if self.emulated else []
        return "; ".join(parts)


def percentiles(ages_ms: Sequence[float]) -> dict[str, float]:
    """'p50', 'p90' and 'p99' by the nearest rank; empty where there are none."""
    ordered = sorted(ages_ms)
    return {f"p{p}": ordered[max(0, -(-len(ordered) * p // 100) - 1)] for p in (50, 90, 99)} if ordered else {}


def _percent(share: float) -> str:
    """Two digits where it is little: 0.08% and not 0%."""
    digits = 0 if share in (0, 1) else max(0, 1 - math.floor(math.log10(share * 100)))
    return f"{share * 100:.{min(digits, 3)}f}%"
