"""OpenVINO as a choice of a recipe and of a search: judged and measured with it, and saved with the artifact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tightrope.artifact import Artifact
from tightrope.budget import Budget
from tightrope.compress.flow import build_manifest, compress, save
from tightrope.compress.recipe import Recipe
from tightrope.compress.search import Search, Space

from .nets import Chain, Likeness

pytest.importorskip("openvino")

BUDGET = Budget(latency_ms=1000, percentile=90, keep=0.5)


def passes(backend: Any) -> dict[str, Any]:
    return {
        "name": "r",
        "passes": [{"method": "export"}, {"method": "clean"}, {"method": "run-on", "backend": backend}],
    }


def test_the_artifact_says_what_it_was_judged_in(tmp_path: Path) -> None:
    task = Likeness(lambda: Chain(4, 32), (1, 3, 48, 48))
    recipe = Recipe.parse(passes("openvino"), "r")
    made = compress(task, recipe, 0.9, lambda step: None)
    record = made.candidate.passes()[-1]
    wanted = "onnxruntime" if "dropped" in record["notes"] else "openvino"  # whichever was faster here
    assert made.candidate.sessions()["model"].backend == wanted
    save(made.candidate, build_manifest(task, recipe, BUDGET, made, "", "x"), tmp_path, lambda manifest: "card")
    assert Artifact.load(tmp_path / "x").session().backend == wanted


def test_a_search_measures_both(tmp_path: Path) -> None:
    space = Space.parse(passes({"choice": ["onnxruntime", "openvino"]}), "r")
    search = Search(Likeness(Chain, (1, 3, 24, 24)), space, tmp_path, BUDGET, 0.5, progress=lambda step: None)
    measured = {t.settings["run-on.backend"]: t.ratio for t in search.run(5, 6) if t.state == "measured"}
    assert set(measured) == {"onnxruntime", "openvino"}
    assert measured["openvino"] != measured["onnxruntime"]
