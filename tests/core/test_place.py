"""Commands that take a folder where an app's name could stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tightrope.app import App
from tightrope.artifact import Artifact
from tightrope.cli.main import main
from tightrope.cli.place import app_of, artifacts_at, only_folder, own_budget
from tightrope.errors import ArtifactError, ConfigError

from .conftest import Make


def test_a_folder_is_an_artifact_or_holds_some(make_artifact: Make, tmp_path: Path) -> None:
    slow, fast = make_artifact("slow", 9.0), make_artifact("fast", 4.0)
    assert [one.manifest.name for one in artifacts_at(str(slow.path))] == ["slow"]
    assert [one.manifest.name for one in artifacts_at(str(fast.path.parent))] == ["fast", "slow"]
    assert artifacts_at(str(tmp_path / "nowhere")) == []


def test_the_name_of_an_app_is_the_app(make_artifact: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of that name may be where one stands."""
    folder = make_artifact("slow", 9.0).path.parent
    (folder / "road").mkdir()
    (folder / "slow").rename(folder / "road" / "slow")
    monkeypatch.chdir(folder)
    assert artifacts_at("road") == []
    assert [one.manifest.name for one in artifacts_at("./road")] == ["slow"]


def test_an_artifact_knows_its_budget_and_its_app(make_artifact: Make, artifact: Artifact) -> None:
    made = make_artifact("slow", 9.0)
    assert own_budget(made).latency_ms == 50
    assert app_of(made) is None
    with pytest.raises(ArtifactError, match="does not say which budget it was made for"):
        own_budget(artifact)


def test_a_path_that_holds_nothing_is_no_unknown_app(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no artifact in"):
        only_folder(str(tmp_path))
    only_folder("road")


def test_a_report_about_a_folder(make_artifact: Make, tmp_path: Path, small_app: App) -> None:
    pytest.importorskip("matplotlib")
    make_artifact("slow", 9.0)
    folder = make_artifact("fast", 4.0).path.parent
    with pytest.raises(SystemExit) as end:
        main(["report", str(folder), "-o", str(tmp_path / "page.html")])
    assert not end.value.code
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "fast" in page
    assert "slow" in page
