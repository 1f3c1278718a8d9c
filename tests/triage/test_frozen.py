"""The floor: what a regression on given features learns at one site, and what of it holds at the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tightrope.models import open_artifact
from tightrope_triage.commands import DEFAULT_MODEL
from tightrope_triage.data import Case
from tightrope_triage.evaluation import auc
from tightrope_triage.findings import frozen
from tightrope_triage.frozen import fit, floor

SPLITS = ("train", "train", "calibration", "test")


@pytest.fixture
def cases() -> list[Case]:
    """800 adults and 240 children, half of them positive, half of them for training."""
    made = []
    for site, count in (("nih", 800), ("kermany", 240)):
        for i in range(count):
            view = ("PA", "AP")[i // 8 % 2] if site == "nih" else None
            made.append(Case(site, Path(), i // 4 % 2, str(i), SPLITS[i % 4], view))
    return made


@pytest.fixture
def features(cases: list[Case]) -> np.ndarray:
    """Of 20, one goes with the label at one site only, and one at the other."""
    found = np.random.default_rng(0).normal(size=(len(cases), 20))
    for place, site in enumerate(("nih", "kermany")):
        found[:, place] += [3 * case.label * (case.site == site) for case in cases]
    return found * np.linspace(1, 50, 20) + 7


def test_what_one_site_teaches_is_chance_at_the_other(cases: list[Case], features: np.ndarray) -> None:
    found = floor(cases, features)
    area = {who: {group: each["value"] for group, each in row["auc"].items()} for who, row in found.items()}
    assert set(area["adults"]) == {"nih", "nih PA", "nih AP", "kermany"}
    for who, at_home, away in (("adults", "nih", "kermany"), ("children", "kermany", "nih")):
        assert area[who][at_home] > 0.9
        assert 0.3 < area[who][away] < 0.7
    assert min(area["both"].values()) > 0.85


def test_only_the_training_split_teaches(cases: list[Case], features: np.ndarray) -> None:
    before = floor(cases, features)["adults"]
    turned = [
        case if case.split != "test" else Case(case.site, case.path, 1 - case.label, case.person, "test", case.view)
        for case in cases
    ]
    after = floor(turned, features)["adults"]
    assert after["penalty"] == before["penalty"]
    assert after["auc"]["nih"]["value"] == pytest.approx(1 - before["auc"]["nih"]["value"])


def test_a_feature_that_never_changes_is_no_trouble() -> None:
    label = np.arange(40) % 2
    features = np.column_stack([label + np.random.default_rng(1).normal(0, 0.1, 40), np.full(40, 3.0)])
    assert auc(label, fit(features, label, 1.0)(features)) == 1


def test_what_ships_beats_the_floor() -> None:
    if (report := frozen()) is None:
        pytest.skip("needs models/triage/frozen.json: python -m tightrope_triage.frozen --data DIR")
    held_out = open_artifact("triage", DEFAULT_MODEL).manifest.evidence["findings"]["Held-out patients"]["rows"]
    for row in report["learned_from"].values():
        assert row["auc"]["nih"]["value"] < held_out["adult"]["AUC"][0]
        assert row["auc"]["kermany"]["value"] < held_out["child"]["AUC"][0]
