"""Judge a finished artifact again: its task's held-out split, the gate, and what its evidence said of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import onnxruntime as ort

from tightrope.artifact import Artifact
from tightrope.compress.candidate import Build
from tightrope.compress.flow import exported
from tightrope.compress.gate import GateResult, judge
from tightrope.compress.recipe import Recipe
from tightrope.compress.scores import metrics
from tightrope.compress.task import Whole
from tightrope.errors import ArtifactError
from tightrope.measure.cpu import detect_cpu

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Setting:
    """What a score depends on besides the graph: the kernels that ran it, and the data that judged it."""

    instruction_set: str
    onnxruntime: str
    data_sha256: Mapping[str, str]


@dataclass(frozen=True)
class MetricCheck:
    """One metric in the evidence and now."""

    metric: str
    recorded: float
    found: float

    @property
    def equal(self) -> bool:
        return self.recorded == self.found


@dataclass(frozen=True)
class Recheck:
    """The artifact's metrics, then and now; the gate, now; and the settings of both.

    `same_setting` says that both should agree to the last digit: the same data, instruction set and onnxruntime.
    """

    checks: tuple[MetricCheck, ...]
    gate: GateResult
    recorded_in: Setting
    found_in: Setting

    @property
    def same_setting(self) -> bool:
        return self.recorded_in == self.found_in

    @property
    def reproduced(self) -> bool:
        return all(check.equal for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        checks = [{**asdict(check), "equal": check.equal} for check in self.checks]
        return {
            "metrics": checks,
            "reproduced": self.reproduced,
            "same_setting": self.same_setting,
            "recorded_in": asdict(self.recorded_in),
            "found_in": asdict(self.found_in),
            "gate": self.gate.to_dict(),
        }


def recheck(task: Whole, artifact: Artifact, progress: Progress = lambda _: None) -> Recheck:
    """Evaluate the artifact and the exported reference on the held-out split.

    Raises:
        ArtifactError: the artifact has no evidence to compare with, or belongs to another task.
    """
    refuse_other(task, artifact)
    manifest = artifact.manifest
    progress("exporting the reference")
    reference = exported_reference(task, Recipe.parse(manifest.lineage["recipe"], f"{artifact.path}, lineage"))
    progress("scoring the reference")
    expected = task.scores(reference.sessions())
    progress("scoring the artifact")
    scored = task.scores({name: artifact.session(name=name) for name in manifest.graphs})
    progress("gate: bootstrap")
    recorded, found = manifest.evidence["scores"]["artifact"], metrics(scored)
    return Recheck(
        tuple(MetricCheck(name, recorded[name], found[name]) for name in recorded if name in found),
        judge(expected, scored, task.gate_metrics, manifest.evidence["gate"]["keep"]),
        _recorded_setting(manifest.evidence, manifest.lineage),
        Setting(detect_cpu().instruction_set, ort.__version__, dict(task.data_digests())),
    )


def refuse_other(task: Whole, artifact: Artifact) -> None:
    """Raises ArtifactError: the artifact has no evidence to compare with, or belongs to another task."""
    manifest = artifact.manifest
    if not {"scores", "gate", "environment"} <= manifest.evidence.keys():
        raise ArtifactError(f"{artifact.path} has no evidence to verify; make it with `tightrope compress`")
    if manifest.app != task.app:
        raise ArtifactError(f"{artifact.path} is an artifact of {manifest.app!r}, and this task is of {task.app!r}")
    if task.parts().keys() != manifest.graphs.keys():
        raise ArtifactError(f"{artifact.path} has the graphs {', '.join(manifest.graphs)}, not those of this task")


def exported_reference(task: Whole, recipe: Recipe) -> Build:
    """The task's reference as the recipe exports it: what the gate compares with."""
    return Build({name: exported(part, recipe) for name, part in task.parts().items()})


def _recorded_setting(evidence: Mapping[str, Any], lineage: Mapping[str, Any]) -> Setting:
    here = evidence["environment"]
    return Setting(here["instruction_set"], lineage["versions"]["onnxruntime"], lineage["data_sha256"])
