"""The flow from recipe to verdict: what is slower is dropped, what fails the gate is told and not saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tightrope.cli.main import main
from tightrope.compress import flow
from tightrope.compress.flow import compress
from tightrope.compress.recipe import Recipe
from tightrope.errors import BudgetNotMetError

from .conftest import apply  # noqa: F401  (skips this file too where there is no torch)
from .nets import Array, Likeness, fragile

STEPS: list[dict[str, Any]] = [
    {"method": "export"},
    {"method": "clean"},
    {"method": "quantize-static", "inputs": 2, "rounding": "nearest"},
]
FILE = """
from compress.nets import Likeness, fragile

def Fragile():
    return Likeness(fragile, (1, 3, 12, 12))
"""


def recipe(*steps: dict[str, Any]) -> Recipe:
    return Recipe.parse({"name": "test", "passes": list(steps)}, "test")


def pretend(monkeypatch: pytest.MonkeyPatch, ratio: float) -> None:
    """Candidates are `ratio` times as slow as what they came from, whatever the machine does."""

    def interleaved(runs: Mapping[str, Callable[[], Any]], rounds: int, **_: Any) -> dict[str, Array]:
        noise = 1 + 0.01 * np.random.default_rng(0).random(rounds)
        return {name: noise * (ratio if name == "after" else 1.0) for name in runs}

    monkeypatch.setattr(flow, "interleaved", interleaved)


def test_a_pass_that_slows_it_down_is_dropped_and_recorded(
    task_of: Callable[[str], Likeness], monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, 2)
    made = compress(task_of("chain"), recipe(*STEPS, {"method": "half-weights"}), keep=0.99)
    *_, dropped, last = made.candidate["model"].lineage
    assert dropped.method == "quantize-static"
    assert dropped.notes["dropped"] == "slower on this machine"
    assert dropped.notes["latency_ratio"]["value"] == pytest.approx(2, rel=0.01)
    assert (last.method, made.candidate.precision) == ("half-weights", "fp16")
    assert not any("Quantize" in node.op_type for node in made.candidate["model"].float_graph().graph.node)


def test_a_pass_that_pays_stays_with_its_ratio(
    task_of: Callable[[str], Likeness], monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, 0.5)
    made = compress(task_of("chain"), recipe(*STEPS), keep=0.9)
    notes = made.candidate["model"].lineage[-1].notes
    assert notes["latency_ratio"]["value"] == pytest.approx(0.5, rel=0.01)
    assert notes["layers"] == 2
    assert made.candidate.precision == "int8"
    assert made.gate.passed
    assert made.scores["artifact"]["likeness"] < made.scores["reference"]["likeness"] == pytest.approx(1, abs=1e-4)


def test_a_failed_gate_names_the_layers_and_the_nearest_that_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, 0.5)
    with pytest.raises(BudgetNotMetError) as caught:
        compress(Likeness(fragile, (1, 3, 12, 12)), recipe(*STEPS), keep=0.9)
    message = str(caught.value)
    assert caught.value.exit_code == 3
    assert "likeness 0." in message
    assert "below the budget's 90%: not saved" in message
    assert "layers to blame: node_" in message
    assert "the nearest that passes is fp32 after 'clean': likeness" in message


def test_what_fails_the_gate_is_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, 0.5)
    (tmp_path / "mine.py").write_text(FILE)
    steps = "".join("[[passes]]\n" + "".join(f"{key} = {value!r}\n" for key, value in step.items()) for step in STEPS)
    (tmp_path / "recipe.toml").write_text(f'name = "int8"\n{steps}')
    out = tmp_path / "out"
    arguments = [f"{tmp_path / 'mine.py'}:Fragile", "-r", str(tmp_path / "recipe.toml"), "--p90", "1000"]
    with pytest.raises(SystemExit) as end:
        main(["compress", *arguments, "--keep", "0.9", "-o", str(out)])
    assert end.value.code == 3
    assert "not saved" in capsys.readouterr().err
    assert not out.exists() or not list(out.iterdir())
