"""A model of two graphs: each goes through the recipe by itself, both are judged together, files travel with them."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from tightrope.artifact import Artifact
from tightrope.cli.main import main
from tightrope.cli.verify import verify_command
from tightrope.compress.flow import compress
from tightrope.compress.recipe import Recipe
from tightrope.errors import ArtifactError, BudgetNotMetError

WHOLE = """
import numpy as np, torch
from tightrope.compress import MeanScores, Task, Whole

class Read(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.mix = torch.nn.Embedding(50, 32), torch.nn.Linear(32, 32)
    def forward(self, words): return torch.tanh(self.mix(self.table(words)))

class Compare(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = torch.nn.Linear(32, 32)
    def forward(self, left, right): return (self.mix(left) * right).sum(-1)

class Part(Task):
    app, gate_metrics = "mine", ("agreement",)
    def __init__(self, whole, name, module, free_axes):
        self.whole, self.name, self.module, self.free_axes = whole, name, module, free_axes
    def reference(self): return self.module
    def example(self): return next(self.calibration())
    def calibration(self):
        for left, right in self.whole.pairs[:4]:
            with torch.no_grad():
                yield {"words": left} if self.name == "read" else {
                    "left": self.whole.read(torch.from_numpy(left)).numpy(),
                    "right": self.whole.read(torch.from_numpy(right)).numpy(),
                }
    def evaluate(self, model, split="held-out"):
        def in_torch(module): return lambda feeds: [module(*map(torch.from_numpy, feeds.values())).detach().numpy()]
        floats = {"read": in_torch(self.whole.read), "compare": in_torch(self.whole.compare)}
        return self.whole.scores({**floats, self.name: model}, split)

class Likeness(Whole):
    app, name, gate_metrics = "mine", "pairs", ("agreement",)

    def __init__(self):
        torch.manual_seed(0)
        self.read, self.compare = Read().eval(), Compare().eval()
        random = np.random.default_rng(0)
        self.pairs = [tuple(random.integers(0, 50, (2, 5 + k % 3))) for k in range(40)]
        with torch.no_grad():
            self.expected = [
                self.compare(*(self.read(torch.from_numpy(side)) for side in pair)).numpy() for pair in self.pairs
            ]

    def parts(self):
        words = {"words": {0: "count"}}
        return {"read": Part(self, "read", self.read, words),
                "compare": Part(self, "compare", self.compare, {"left": {0: "count"}, "right": {0: "count"}})}

    def scores(self, models, split="held-out"):
        part = slice(8, None) if split == "held-out" else slice(8)
        found = []
        for (left, right), wanted in zip(self.pairs[part], self.expected[part]):
            sides = [models["read"]({"words": side})[0] for side in (left, right)]
            (got,) = models["compare"](dict(zip(("left", "right"), sides)))
            found.append(max(0.0, 1 - float(np.linalg.norm(got - wanted) / np.linalg.norm(wanted))))
        return MeanScores({"agreement": found})

    def constants(self, models):
        return {"postprocess": {"graphs": sorted(models)}}

    def files(self): return {"words.txt": "käse brot".encode()}
    def data_digests(self): return {"pairs": "0"}
"""
RECIPE = """name = "int8"
[[passes]]
method = "export"
[[passes]]
method = "clean"
[[passes]]
method = "quantize-dynamic"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "pairs.py").write_text(textwrap.dedent(WHOLE))
    (folder / "recipe.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def made(folder: Path) -> Artifact:
    pytest.importorskip("mlperf_loadgen")
    target = f"{folder / 'pairs.py'}:Likeness"
    arguments = [
        "compress",
        target,
        "-r",
        str(folder / "recipe.toml"),
        "--p90",
        "1000",
        "--keep",
        "0.9",
        "--name",
        "two",
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["tightrope", *arguments])
        patch.setattr("tightrope.compress.flow.interleaved", _twice_as_fast)
        with pytest.raises(SystemExit) as end:
            main([*arguments, "--out", str(folder)])
    assert not end.value.code
    return Artifact.load(folder / "two")


def _twice_as_fast(runs: dict[str, object], rounds: int, **_: object) -> dict[str, np.ndarray]:
    noise = 1 + 0.01 * np.random.default_rng(0).random(rounds)
    return {name: noise * (0.5 if name == "after" else 1.0) for name in runs}


def test_both_graphs_and_the_file_are_in_the_artifact(made: Artifact) -> None:
    manifest = made.manifest
    assert set(manifest.graphs) == {"read", "compare"}
    assert made.file("words.txt").decode() == "käse brot"
    passes = [(step["graph"], step["method"]) for step in manifest.lineage["passes"]]
    assert passes == [(g, m) for g in ("read", "compare") for m in ("export", "clean", "quantize-dynamic")]
    assert manifest.postprocess == {"graphs": ["compare", "read"]}
    assert manifest.evidence["gate"]["passed"]
    assert manifest.evidence["bytes"] == made.size
    card = (made.path / "README.md").read_text()
    assert "| read: quantize-dynamic |" in card
    assert "| compare: quantize-dynamic |" in card
    for name, shapes in (("read", {"words": (None,)}), ("compare", {"left": (None, 32), "right": (None, 32)})):
        assert {spec.name: spec.shape for spec in made.session(name=name).inputs} == shapes


def test_verify_judges_them_together(made: Artifact, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verify_command(f"{folder / 'pairs.py'}:Likeness", str(made.path), as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["reproduced"]
    assert found["gate"]["passed"]


def test_a_task_of_other_graphs_is_refused(made: Artifact, folder: Path) -> None:
    other = folder / "other.py"
    other.write_text(
        textwrap.dedent(WHOLE)
        + "class Other(Likeness):\n    def parts(self): return {'read': super().parts()['read']}\n"
    )
    with pytest.raises(ArtifactError, match="has the graphs read, compare, not those of this task"):
        verify_command(f"{other}:Other", str(made.path), as_json=True)


def test_a_failed_gate_names_layers_of_each_graph(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tightrope.cli.compress import find_task

    monkeypatch.setattr("tightrope.compress.flow.interleaved", _twice_as_fast)
    _, task = find_task(f"{folder / 'pairs.py'}:Likeness")
    with pytest.raises(BudgetNotMetError) as caught:
        compress(task, Recipe.load(folder / "recipe.toml"), keep=0.99999)
    message = str(caught.value)
    assert "the nearest that passes is fp32 after 'clean'" in message
    assert message.count("MatMul") + message.count("Gemm") + message.count("node_") >= 2, "one of each graph at least"
