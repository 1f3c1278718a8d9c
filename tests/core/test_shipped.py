"""The artifacts that are shipped: each is what it says, and says what is written about it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tightrope.app import find_apps
from tightrope.cli.verify import verify_command
from tightrope.ladder import Ladder, is_reference
from tightrope.models import artifact_names, open_artifact
from tightrope.report.facts import judged, recorded_budget
from tightrope.report.readme import BEGIN

CHECKOUT = Path(__file__).parents[2]
SHIPPED = [(app, name) for app in find_apps() for name in artifact_names(app)]
WITHOUT_REFERENCE = {"translate"}  # whose float weights are too large to ship: see tests/translate/test_shipped.py


@pytest.mark.parametrize(("app", "name"), SHIPPED)
def test_its_evidence_says_that_it_fits(app: str, name: str) -> None:
    manifest = open_artifact(app, name).manifest
    budget = recorded_budget(manifest)
    assert (manifest.app, manifest.name) == (app, name)
    assert manifest.licences
    assert budget is not None
    if not is_reference(manifest):
        assert [str(verdict) for verdict in judged(manifest.evidence, budget) if not verdict.met] == []


@pytest.mark.parametrize("app", sorted({app for app, _ in SHIPPED}))
def test_the_ladder_has_a_compressed_rung(app: str) -> None:
    ladder = Ladder.of([open_artifact(app, name) for name in artifact_names(app)])
    assert not is_reference(ladder.rungs[-1].artifact.manifest)


def test_cards_and_readme_say_what_the_evidence_says() -> None:
    if not SHIPPED or BEGIN not in (CHECKOUT / "README.md").read_text(encoding="utf-8"):
        pytest.skip("no artifact is shipped, or the README has no table")
    tool = [sys.executable, str(CHECKOUT / "tools" / "evidence_texts.py"), "--check"]
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run: python tools/evidence_texts.py\n{done.stdout}{done.stderr}"


@pytest.mark.verify
@pytest.mark.usefixtures("shared_data")
@pytest.mark.parametrize(("app", "name"), [(app, name) for app, name in SHIPPED if app not in WITHOUT_REFERENCE])
def test_it_scores_what_its_evidence_says(app: str, name: str) -> None:
    pytest.importorskip("torch")
    verify_command(app, name, as_json=True)
