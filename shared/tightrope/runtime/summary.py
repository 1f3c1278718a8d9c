"""The summary of a run in one line: how many deadlines were missed, how old answers were, which rungs made them.

1200 inputs in 60.0 s: 0.4% missed (3 late, 2 replaced); age p50 21.3, p99 38.0 ms; full 12%, small 88%; score 0.981
"""

from __future__ import annotations

import math
from collections.abc import Mapping
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
        age_ms: 'p50' and 'p99' of the answers' age, nearest rank; empty before the first.
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
        ages = f"age p50 {self.age_ms['p50']:.1f}, p99 {self.age_ms['p99']:.1f} ms" if self.age_ms else "no answers"
        total = sum(self.rung_s.values())
        rungs = ", ".join(f"{name} {seconds / total:.0%}" for name, seconds in self.rung_s.items() if seconds)
        parts = [
            f"{self.inputs} inputs in {self.seconds:.1f} s: {_percent(self.miss_rate)} missed",
            ages,
            *([rungs] if rungs else []),
            f"score {self.score:.3f}",
        ]
        parts[0] += f" ({listed})" if listed else ""
        parts += [f"{self.unread} answers were not read"] if self.unread else []
        parts += [f"{self.left_behind} runs still hang"] if self.left_behind else []
        parts += [f"emulated: {self.emulated}"] if self.emulated else []
        return "; ".join(parts)


def _percent(share: float) -> str:
    """Two digits where it is little: 0.08% and not 0%."""
    digits = 0 if share in (0, 1) else max(0, 1 - math.floor(math.log10(share * 100)))
    return f"{share * 100:.{min(digits, 3)}f}%"
