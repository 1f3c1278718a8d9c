"""Where the trials of a search are built and scored: in this process, or elsewhere (`cluster`)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from tightrope.compress.progress import say
from tightrope.compress.search.bench import Bench, Judged
from tightrope.compress.search.latency import LatencyModel
from tightrope.compress.search.trials import Trial


class Engine(Protocol):
    """Judges a batch. Whatever it does at once or in another order, its answers come in the order of the trials."""

    def judge(self, bench: Bench, trials: Sequence[Trial], latency: LatencyModel, end: float) -> Iterator[Judged]:
        """Each trial's answer, and nothing runs on while the caller holds one; none for those not begun at `end`.

        `end` is a time of time.monotonic().
        """
        ...


class Here:
    """One trial after the other in this process."""

    def judge(self, bench: Bench, trials: Sequence[Trial], latency: LatencyModel, end: float) -> Iterator[Judged]:
        for trial in trials:
            if time.monotonic() >= end:
                return
            say(described(trial))
            yield bench.judge(trial, latency)


def described(trial: Trial) -> str:
    """What a trial is going to try, in one line."""
    return f"trial {trial.number}: {', '.join(f'{name} = {value}' for name, value in trial.settings.items())}"
