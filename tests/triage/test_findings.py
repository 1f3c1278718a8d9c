"""The tables on the card: each figure is of the patients that its row names."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tightrope.models import artifact_names, models_root, open_artifact
from tightrope_triage import findings
from tightrope_triage.known import Known


def known(label: list[int], logit: list[float], group: list[str], view: list[str]) -> Known:
    return Known(np.array(label), np.array(logit), np.array(group), np.array(view))


GROUP, VIEW = ["adult"] * 6 + ["child"] * 4, ["PA", "PA", "PA", "PA", "AP", "AP", "", "", "", ""]
TESTED = known([1, 1, 0, 0, 1, 0, 1, 1, 0, 0], [3, 1, 2, -1, 4, -2, 5, 4, 1, 0], GROUP, VIEW)
FITTED = known([1, 1, 0, 0, 1, 0, 1, 1, 0, 0], [1, 1, -1, -1, 1, -1, 1, 1, -1, -1], GROUP, VIEW)


def test_held_out_patients_stand_in_the_rows_of_their_group_and_view():
    accepted = np.array([True] * 5 + [False] + [True] * 4)
    rows = findings.held_out(TESTED, 1.0, accepted)["rows"]
    assert {name: (row["cases"], row["positive"]) for name, row in rows.items()} == {
        "adult": (6, 3), "child": (4, 2), "adult PA": (4, 2), "adult AP": (2, 1),
    }  # fmt: skip
    assert rows["adult"]["AUC"][0] == pytest.approx(8 / 9)
    assert rows["adult AP"]["accepted by the gate"][0] == 0.5
    assert rows["child"]["Brier score"] < rows["adult PA"]["Brier score"]


def test_thresholds_are_shown_where_they_were_fitted_and_where_not():
    found = findings.at_thresholds(FITTED, TESTED, {"sensitivity-95": {"adult": 1.5, "child": 0.5}})
    assert "6 adults, 3 of them positive" in found["note"]
    adult, child = (found["rows"][f"sensitivity-95, {name}"] for name in ("adult", "child"))
    assert [adult[f"held out: {rate}"][0] for rate in ("sensitivity", "specificity")] == pytest.approx([2 / 3, 2 / 3])
    assert [adult[f"fitted on: {rate}"][0] for rate in ("sensitivity", "specificity")] == [0, 1]
    assert [child[f"held out: {rate}"][0] for rate in ("sensitivity", "specificity")] == [1, 0.5]


@pytest.mark.parametrize("name", artifact_names("triage"))
def test_shipped_cards_tell_the_cross_validation_and_what_the_thresholds_do(name):
    manifest = open_artifact("triage", name).manifest
    told = manifest.evidence["findings"]
    report = json.loads((models_root() / "triage" / "assess.json").read_text())
    assert (
        told["Cross-validation of the training"]["rows"]["adult AP"]["AUC"][0]
        == report["folds"]["nih AP"]["auc"]["value"]
    )
    for point, of_group in manifest.operating_points.items():
        for group, found in of_group.items():
            row = told["At the thresholds that ship"]["rows"][f"{point}, {group}"]
            assert row["held out: sensitivity"] == found["sensitivity"]
            assert row["held out: specificity"] == found["specificity"]
    scores = manifest.evidence["scores"]["artifact"]
    adult = manifest.operating_points["sensitivity-95"]["adult"]
    assert scores["specificity adult, shipped threshold"] == pytest.approx(adult["specificity"][0])
    assert scores["sensitivity adult, shipped threshold"] == pytest.approx(adult["sensitivity"][0])
