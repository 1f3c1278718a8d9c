"""The report on exported graphs: every figure is there, and comes from the split that it says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tightrope_triage import assess
from tightrope_triage.data import bucket, read_cases

from .sites import write_both


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_both(tmp_path)
    return tmp_path


@pytest.fixture
def oracle(data, monkeypatch) -> None:
    """A graph that knows the labels and blurs them: logit 4 * (label - 0.5) + noise, and twice that in fold 1."""

    def predict(model: Path, grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fold = int(model.stem)
        label = np.array([case.label for case in read_cases(data, fold) if case.split != "train"])
        noise = np.random.default_rng(fold).normal(0, 2, len(label))
        return ((1 + fold) * (4 * (label - 0.5) + noise)).astype(np.float32), np.zeros((len(label), 1280), np.float32)

    monkeypatch.setattr(assess, "predict", predict)


@pytest.mark.usefixtures("oracle")
def test_the_report_judges_every_adult_by_the_graph_that_did_not_see_them(data, monkeypatch):
    out = data / "report.json"
    folds = ["--fold", "0", "0.onnx", "--fold", "1", "1.onnx"]
    monkeypatch.setattr(sys, "argv", ["assess", "--data", str(data), *folds, "--out", str(out)])
    assess.main()
    text = out.read_text()
    report = json.loads(text)
    held = [case for case in read_cases(data) if case.site == "nih" and bucket("nih", case.person, "fold", 5) < 2]
    assert "NaN" not in text
    assert report["folds"]["nih"]["cases"] == len(held)
    assert set(report["shipped"]["test"]) == {"nih", "nih PA", "nih AP", "kermany"}
    assert report["temperature"][1] > report["temperature"][0]
    figures = report["shipped"]["test"]["kermany"]
    assert figures["auc"]["low"] < figures["auc"]["value"] < figures["auc"]["high"]
    assert len(figures["reliability"]) == 10
    gain = report["metadata"]["model_minus_all_metadata"]
    assert gain["low"] > 0
    for found in report["shipped"]["operating_points"]["nih"].values():
        assert found["sensitivity"]["value"] > 0.7
