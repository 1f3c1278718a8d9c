"""From nothing to the first result: what a person waits for who starts the program."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from tightrope.app import App
from tightrope.artifact import Artifact
from tightrope.measure.process import run_probe


@dataclass(frozen=True)
class ColdStart:
    """Medians over `n` new processes, in seconds: wall, and CPU (user + system, imports included).

    The files are in the page cache from the second process on: this is a start of the program, not of the machine.
    """

    n: int
    wall_s: float
    cpu_s: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def cold_start(app: App | None, artifact: Artifact, threads: int = 1, repetitions: int = 5) -> ColdStart:
    """Start `repetitions` processes, one after the other. Raises ArtifactError if the artifact does not run."""
    probes = [run_probe(app, artifact, 1, threads) for _ in range(repetitions)]
    return ColdStart(len(probes), median(probe.wall_s for probe in probes), median(probe.cpu_s for probe in probes))
