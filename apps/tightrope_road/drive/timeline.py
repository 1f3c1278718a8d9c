"""The log's clock and the runner's, and what lies between them."""

from __future__ import annotations

from dataclasses import dataclass

from tightrope.runtime import Clock


@dataclass
class Timeline:
    """Translates between the two; as fast as possible they are the same.

    Attributes:
        clock: the runner's.
        first_s: seconds of the log at which its first event comes.
        offset_s: seconds of the runner's clock minus seconds of the log.
    """

    clock: Clock
    first_s: float
    offset_s: float = 0.0

    def start(self, lead_s: float) -> None:
        """The first event comes `lead_s` from now."""
        self.offset_s = self.clock.now() + lead_s - self.first_s

    def now(self) -> float:
        """Seconds of the log."""
        return self.clock.now() - self.offset_s

    def since_start(self) -> float:
        """Seconds since the first event came, negative before it."""
        return self.now() - self.first_s
