"""A model of one's own through the command line: compressed, verified, changed, verified again."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tightrope.artifact import Artifact, save_artifact
from tightrope.cli.main import main
from tightrope.cli.verify import task_settings, verify_command
from tightrope.errors import ArtifactError, BudgetNotMetError

from .conftest import Make

pytest.importorskip("torch")

TASK = """
import numpy as np, torch
from tightrope.compress import MeanScores, Task

class Digits(Task):
    app, name, gate_metrics = "mine", "digits", ("top1",)

    def __init__(self, classes=4):
        self.classes = classes
        random = np.random.default_rng(0)
        self.x = random.normal(size=(60, 1, 16)).astype(np.float32)
        torch.manual_seed(0)
        self.net = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.ReLU(), torch.nn.Linear(32, classes)).eval()
        self.y = self.net(torch.from_numpy(self.x)).argmax(-1).numpy()[:, 0]

    def reference(self): return self.net
    def example(self): return self.x[0]
    def calibration(self): return iter(self.x[:20])
    def data_digests(self): return {"digits": str(self.classes)}

    def evaluate(self, model, split="held-out"):
        part = slice(20, None) if split == "held-out" else slice(20)
        hits = [model(x)[0].argmax() == y for x, y in zip(self.x[part], self.y[part])]
        return MeanScores({"top1": hits})
"""
RECIPE = 'name = "int8"\n[[passes]]\nmethod = "export"\n[[passes]]\nmethod = "half-weights"\n'

Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def compressed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Artifact]:
    """The task, and the artifact that `tightrope compress` made of it."""
    pytest.importorskip("mlperf_loadgen")
    folder = tmp_path_factory.mktemp("mine")
    (folder / "digits.py").write_text(textwrap.dedent(TASK))
    (folder / "recipe.toml").write_text(RECIPE)
    target = f"{folder / 'digits.py'}:Digits"
    arguments = ["compress", target, "-r", str(folder / "recipe.toml"), "--p90", "1000", "--keep", "0.9"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["tightrope", *arguments, "--set", "classes=5"])
        with pytest.raises(SystemExit) as end:
            main([*arguments, "--set", "classes=5", "--out", str(folder)])
    assert not end.value.code
    return target, Artifact.load(folder / "digits-fp16")


@pytest.fixture
def changed(compressed: tuple[str, Artifact], tmp_path: Path) -> Callable[..., str]:
    """The path of a copy with other evidence, or another lineage, that is signed like an honest one."""

    def change(evidence: Change = dict, lineage: Change = dict) -> str:
        made = compressed[1]
        manifest = replace(
            made.manifest,
            evidence=evidence(json.loads(json.dumps(made.manifest.evidence))),
            lineage=lineage(json.loads(json.dumps(made.manifest.lineage))),
        )
        return str(save_artifact(tmp_path / "copy", manifest, {"model": made.graph()}, "").path)

    return change


def test_a_fresh_artifact_is_equal_to_its_evidence(
    compressed: tuple[str, Artifact], capsys: pytest.CaptureFixture[str]
) -> None:
    target, made = compressed
    verify_command(target, str(made.path), as_json=False)
    shown = capsys.readouterr().out
    assert "digests match" in shown
    assert "metric  top1" in shown
    assert "equal" in shown
    assert "passes  top1" in shown
    verify_command(target, str(made.path), as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["reproduced"], found["same_setting"], found["gate"]["passed"]) == (True, True, True)
    assert found["found_in"]["data_sha256"] == {"digits": "5"}, "the command's --set is used again"


def _boast(evidence: dict[str, Any]) -> dict[str, Any]:
    evidence["scores"]["artifact"]["top1"] = 2.0
    return evidence


def test_evidence_that_boasts_is_found_out(compressed: tuple[str, Artifact], changed: Callable[..., str]) -> None:
    with pytest.raises(ArtifactError, match="does not score here what its evidence says"):
        verify_command(compressed[0], changed(_boast), as_json=False)


def test_on_another_instruction_set_a_difference_is_told(
    compressed: tuple[str, Artifact], changed: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    def elsewhere(evidence: dict[str, Any]) -> dict[str, Any]:
        evidence["environment"]["instruction_set"] = "abacus"
        return _boast(evidence)

    verify_command(compressed[0], changed(elsewhere, lambda old: {**old, "data_sha256": {}}), as_json=False)
    shown = capsys.readouterr().out
    assert "metric  top1 1.000000  evidence 2.000000, -1.000000" in shown
    assert "instruction set: evidence abacus, here " in shown
    assert "data: digits is not the data of the evidence" in shown


def test_below_the_gate_is_exit_3(compressed: tuple[str, Artifact], changed: Callable[..., str]) -> None:
    def ask_more(evidence: dict[str, Any]) -> dict[str, Any]:
        evidence["gate"]["keep"] = 1.01
        return evidence

    with pytest.raises(BudgetNotMetError, match=r"digits-fp16: top1 .* below 101%") as caught:
        verify_command(compressed[0], changed(ask_more), as_json=False)
    assert caught.value.exit_code == 3


def test_what_cannot_be_verified_is_refused(
    compressed: tuple[str, Artifact], artifact: Artifact, make_artifact: Make
) -> None:
    with pytest.raises(ArtifactError, match="no evidence to verify"):
        verify_command(compressed[0], str(artifact.path), as_json=False)
    foreign = replace(make_artifact("foreign", 1.0).manifest, lineage={})
    saved = save_artifact(artifact.path.with_name("foreign"), foreign, {"model": artifact.graph()}, "")
    with pytest.raises(ArtifactError, match="an artifact of 'test', and this task is of 'mine'"):
        verify_command(compressed[0], str(saved.path), as_json=False)


def test_the_settings_of_the_command_are_read_back(make_artifact: Make, artifact: Artifact) -> None:
    assert task_settings(make_artifact("a", 1.0)) == ("width=8", "height=4")
    assert task_settings(artifact) == ()
