"""Training on two tiny made-up sites: batches are balanced, and an interrupted run ends as an uninterrupted one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from tightrope_triage import export, train, trainer
from tightrope_triage.data import Case
from tightrope_triage.network import TriageNet
from tightrope_triage.sampling import BalancedSampler
from tightrope_triage.trainer import TrainConfig

from .sites import write_both


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_both(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps an epoch at 32 pixels, from random weights: the published ones come with a package."""

    def start(_: object) -> TriageNet:
        torch.manual_seed(5)
        return TriageNet()

    for module, name, value in (
        (trainer, "EPOCH_IMAGES", 8),
        (trainer, "TRAIN_SIZE", 32),
        (train, "STORED_SIZE", 40),
        (train, "INPUT_SIZE", 32),
        (trainer, "published_weights", dict),
        (trainer, "from_imagenet", start),
    ):
        monkeypatch.setattr(module, name, value)


def settings(data: Path, out: Path) -> TrainConfig:
    return TrainConfig(data=data, out=out, epochs=2, batch=4, adult_share=0.5)


def test_an_interrupted_run_ends_as_an_uninterrupted_one(data, tmp_path, monkeypatch):
    whole = torch.load(train.train(settings(data, tmp_path / "whole")), weights_only=True)
    epoch = trainer.Trainer.epoch

    def interrupted(self: trainer.Trainer) -> float:
        if self.log:
            raise KeyboardInterrupt
        return epoch(self)

    monkeypatch.setattr(trainer.Trainer, "epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train.train(settings(data, tmp_path / "parts"))
    assert [path.name for path in (tmp_path / "parts").iterdir()] == ["checkpoint.pt"]
    monkeypatch.setattr(trainer.Trainer, "epoch", epoch)
    parts = torch.load(train.train(settings(data, tmp_path / "parts")), weights_only=True)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_lineage_tells_how_without_telling_where(data, tmp_path):
    weights = train.train(settings(data, tmp_path / "run"))
    text = weights.with_name("lineage.json").read_text()
    lineage = json.loads(text)
    assert str(tmp_path) not in text
    assert lineage["settings"]["seed"] == 0
    assert [entry["epoch"] for entry in lineage["epochs"]] == [0, 1]
    assert lineage["cases"]["kermany test"] == 20
    again = train.parse(lineage["command"].split()[3:])
    assert (again.fold, again.batch, again.adult_share) == (0, 4, 0.5)


def test_frozen_blocks_stay_and_the_rest_moves(data, tmp_path):
    start = trainer.from_imagenet({}).half().state_dict()
    end = torch.load(train.train(settings(data, tmp_path / "run")), weights_only=True)
    moved = {name for name in start if not torch.equal(start[name], end[name])}
    assert not any(name.startswith(("stem", "blocks.0", "blocks.1.")) for name in moved)
    assert any(name.startswith("blocks.2.") for name in moved)
    assert "classifier.weight" in moved


def test_batches_balance_sites_views_and_labels():
    cases = [
        Case("nih", Path(), int(i % 5 == 0), str(i), "train", view="PA" if i % 3 else "AP") for i in range(300)
    ] + [Case("kermany", Path(), int(i % 7 == 0), str(i), "train") for i in range(900)]
    sampler = BalancedSampler(cases, 16, 0.625, np.random.default_rng(0))
    batches = [[cases[index] for index in sampler.batch()] for _ in range(200)]
    assert all(Counter(case.site for case in batch) == {"nih": 10, "kermany": 6} for batch in batches)
    cells = Counter((case.site, case.view, case.label) for batch in batches for case in batch)
    adults = [count for (site, _, _), count in cells.items() if site == "nih"]
    assert len(adults) == 4
    assert max(adults) < 1.1 * min(adults)


@pytest.mark.verify
def test_exported_graph_gives_what_torch_gives_and_names_no_place(tmp_path):
    torch.manual_seed(0)
    graph = tmp_path / "model.onnx"
    assert export.export(TriageNet().eval(), graph) <= export.TOLERANCE
    assert b"site-packages" not in graph.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
