"""The shelf: the rungs that are loaded and warmed, as many as the memory allows, the most urgent first.

>>> shelf = Shelf([Step("full", open_full, 0.040), Step("small", open_small, 0.010)])     # doctest: +SKIP
>>> shelf.stock(order=[1, 0], sample=picture)                                             # doctest: +SKIP
>>> shelf.ready                                                                           # doctest: +SKIP
(0, 1)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from tightrope.runtime.clock import Clock
from tightrope.runtime.pipeline import Answer

Input = TypeVar("Input")
Result = TypeVar("Result")

ROUNDS = 3
_STATM = Path("/proc/self/statm")


@dataclass(frozen=True)
class Step(Generic[Input, Result]):
    """A rung as the runtime sees it.

    Attributes:
        name: of the artifact.
        open: loads it; gives the pipeline.
        usual_s: seconds that its pipeline takes by its evidence; only the ratios of a ladder's steps matter.
        quality: its score over that of the best rung.
        peak_bytes: peak memory of a process that runs nothing else, by its evidence; 0: not known.
    """

    name: str
    open: Callable[[], Callable[[Input], Answer[Result]]]
    usual_s: float
    quality: float = 1.0
    peak_bytes: int = 0


@dataclass(frozen=True)
class Stocked:
    """What `Shelf.stock` did: index -> seconds that a warm run took, and index -> why it could not be loaded."""

    seconds: Mapping[int, float]
    failures: Mapping[int, Exception]


class Shelf(Generic[Input, Result]):
    """Loads rungs and gives them up again, within a memory limit.

    Args:
        steps: the ladder, best first.
        clock: times the warming.
        memory_bytes: limit of the whole process's resident memory; None: none. The most urgent rung is loaded even
            where the limit has no room for it: without it there is nothing to run.
        resident: resident memory of this process in bytes, 0 where the system does not tell (then what a rung takes is
            known from its evidence alone).
    """

    def __init__(
        self,
        steps: Sequence[Step[Input, Result]],
        clock: Clock,
        memory_bytes: int | None = None,
        resident: Callable[[], int] | None = None,
    ) -> None:
        self.steps = tuple(steps)
        self._clock = clock
        self._resident = resident or resident_bytes
        self._base = self._resident()
        self._room = None if memory_bytes is None else memory_bytes - self._base
        self._costs = {index: max(0, step.peak_bytes - self._base) for index, step in enumerate(self.steps)}
        # Replaced as a whole and never changed, so that a run may look into it while another thread loads.
        self._lock = Lock()
        self._models: Mapping[int, Callable[[Input], Answer[Result]]] = {}

    @property
    def ready(self) -> tuple[int, ...]:
        """Indices of the loaded rungs, best first."""
        return tuple(sorted(self._models))

    def model(self, index: int) -> Callable[[Input], Answer[Result]]:
        """The pipeline of a loaded rung."""
        return self._models[index]

    def affordable(self, order: Sequence[int]) -> tuple[int, ...]:
        """Those of `order`, most urgent first, that the memory allows; at least one."""
        chosen: list[int] = []
        used = 0
        for index in order:
            if not chosen or self._room is None or used + self._costs[index] <= self._room:
                chosen.append(index)
                used += self._costs[index]
        return tuple(chosen)

    def lacks(self, order: Sequence[int]) -> bool:
        """Whether `stock` with this order would load anything."""
        return any(index not in self._models for index in self.affordable(order))

    def stock(self, order: Sequence[int], sample: Input) -> Stocked:
        """Give up what the memory has no room for, load what is missing and warm it with `sample`.

        All that is new is warmed in turn, round after round, so that what slows the device meanwhile slows all alike;
        of each the median counts. What cannot be loaded or warmed is left out.
        """
        wanted = self.affordable(order)
        with self._lock:
            self._models = {index: model for index, model in self._models.items() if index in wanted}
        fresh: dict[int, Callable[[Input], Answer[Result]]] = {}
        failures: dict[int, Exception] = {}
        for index in wanted:
            if index not in self._models:
                try:
                    fresh[index] = self._load(index, sample)
                except Exception as error:
                    failures[index] = error
        times: dict[int, list[float]] = {index: [] for index in fresh}
        for _ in range(ROUNDS):
            for index, model in fresh.items():
                start = self._clock.now()
                model(sample)
                times[index].append(self._clock.now() - start)
        with self._lock:
            self._models = {**self._models, **fresh}
        return Stocked({index: sorted(taken)[ROUNDS // 2] for index, taken in times.items()}, failures)

    def discard(self, index: int) -> None:
        """Give one up, as after a run of it that hangs; `stock` loads it anew."""
        with self._lock:
            self._models = {other: model for other, model in self._models.items() if other != index}

    def _load(self, index: int, sample: Input) -> Callable[[Input], Answer[Result]]:
        before = self._resident()
        model = self.steps[index].open()
        model(sample)
        grown = self._resident() - before
        if grown > 0:
            self._costs[index] = grown
        return model


def resident_bytes() -> int:
    """Resident memory of this process, bytes (proc(5), statm's second field); 0 where the system does not tell."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * int(os.sysconf("SC_PAGE_SIZE"))
