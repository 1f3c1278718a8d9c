"""How long each stage of a picture took.

stages = Stages()
with stages("detect"):
    ...
stages.milliseconds    # {'detect': 212.4}
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tightrope.runtime.clock import Clock, SystemClock


class Stages:
    """Collects milliseconds by the name of the stage; a stage that is entered again adds up."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._now = (clock or SystemClock()).now
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = self._now()
        try:
            yield
        finally:
            self.milliseconds[stage] = self.milliseconds.get(stage, 0.0) + (self._now() - start) * 1e3
