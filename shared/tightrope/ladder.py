"""The ladder: an app's artifacts on the measured accuracy/latency front, the most accurate first, the cheapest last.

>>> from tightrope.models import artifact_names, open_artifact
>>> ladder = Ladder.of([open_artifact("road", name) for name in artifact_names("road")])      # doctest: +SKIP
>>> [rung.name for rung in ladder.rungs]                                                      # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from tightrope.artifact import Artifact, Manifest
from tightrope.runtime.pipeline import Answer
from tightrope.runtime.shelf import Step

Input = TypeVar("Input")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Rung:
    """One artifact on the ladder: p90 of its whole pipeline in ms, and its score in each metric of the gate."""

    artifact: Artifact
    latency_ms: float
    scores: Mapping[str, float]

    @property
    def name(self) -> str:
        return self.artifact.manifest.name

    def dominates(self, other: Rung) -> bool:
        """True if `other` is nowhere better than this one, and somewhere worse."""
        if self.scores.keys() != other.scores.keys():
            return False
        gains = [other.latency_ms - self.latency_ms, *(self.scores[m] - other.scores[m] for m in self.scores)]
        return min(gains) >= 0 and max(gains) > 0


@dataclass(frozen=True)
class Ladder:
    """The rungs that no other one dominates, slowest and most accurate first."""

    rungs: tuple[Rung, ...]

    @classmethod
    def of(cls, artifacts: Iterable[Artifact]) -> Ladder:
        """The front of these artifacts, from their own evidence.

        Left out are artifacts without a measurement or a gate, and those measured on another processor or with other
        threads than the newest one: times of two machines do not compare.
        """
        measured = [artifact for artifact in artifacts if {"pipeline", "gate"} <= artifact.manifest.evidence.keys()]
        if not measured:
            return cls(())
        newest = max(measured, key=lambda artifact: str(artifact.manifest.evidence["date"]))
        comparable = [_rung(artifact) for artifact in measured if _machine(artifact) == _machine(newest)]
        front = [rung for rung in comparable if not any(other.dominates(rung) for other in comparable)]
        return cls(tuple(sorted(front, key=lambda rung: (-rung.latency_ms, rung.name))))

    def position(self, name: str) -> int | None:
        """Which rung the artifact of that name is, 0 the most accurate; None: it is not on the ladder."""
        return next((index for index, rung in enumerate(self.rungs) if rung.name == name), None)

    def compressed(self) -> Ladder:
        """The rungs to run, without the references; these alone where nothing is compressed yet.

        A compressed rung has passed the gate, so it stands for the model that it was made from: what that one scores
        more lies within the budget's share, for two or three times the work.
        """
        return Ladder(tuple(rung for rung in self.rungs if not is_reference(rung.artifact.manifest)) or self.rungs)

    def within(self, latency_ms: float) -> Ladder:
        """Only the rungs that take no longer by their evidence; the cheapest one at least."""
        fitting = tuple(rung for rung in self.rungs if rung.latency_ms <= latency_ms)
        return Ladder(fitting or self.rungs[-1:])

    def steps(
        self, load: Callable[[Artifact], Callable[[Input], Answer[Result]]], metric: str | None = None
    ) -> tuple[Step[Input, Result], ...]:
        """The ladder as `tightrope.runtime.Runner` takes it.

        Args:
            load: opens an artifact; gives its pipeline.
            metric: whose score, over that of the best rung, is a rung's quality; None: the first of the gate.
        """
        if not self.rungs:
            return ()
        judged = metric or next(iter(self.rungs[0].scores))
        best = max(rung.scores[judged] for rung in self.rungs)
        return tuple(
            Step(
                name=rung.name,
                open=partial(load, rung.artifact),
                usual_s=rung.latency_ms / 1e3,
                quality=rung.scores[judged] / best,
                peak_bytes=round(float(rung.artifact.manifest.evidence.get("peak_rss_mb", 0)) * 1e6),
            )
            for rung in self.rungs
        )


def is_reference(manifest: Manifest) -> bool:
    """True for the uncompressed model as it runs: made by the recipe that is called 'reference'."""
    return bool(manifest.lineage.get("recipe", {}).get("name") == "reference")


def _rung(artifact: Artifact) -> Rung:
    evidence = artifact.manifest.evidence
    scores = {kept["metric"]: float(kept["candidate"]) for kept in evidence["gate"]["retentions"]}
    return Rung(artifact, float(evidence["pipeline"]["total"]["p90"]["value"]), scores)


def _machine(artifact: Artifact) -> tuple[str, int]:
    environment = artifact.manifest.evidence["environment"]
    return environment["cpu"], environment["threads"]
