"""Push and pull against a hub on this computer: what comes back is what went out, or nothing comes back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tightrope.artifact import Artifact
from tightrope.cli.main import main
from tightrope.errors import ArtifactError, BadInputError, OutputError
from tightrope.hub.card import hub_card

from ..conftest import Make
from .standin import Hub, serve

pytest.importorskip("huggingface_hub")

from tightrope.hub.client import HubError, parcel, pull, push

Run = Callable[..., tuple[int, str, str]]
REPO = "someone/small-ladder"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub, a person whom it knows, and an empty cache."""
    with serve() as running:
        monkeypatch.setenv("HF_TOKEN", running.token)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
        # Large files by git-LFS, as HF_HUB_DISABLE_XET=1 has it: Xet's storage protocol is a binary's own matter.
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        yield running


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, str]:
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


@pytest.fixture
def ladder(make_artifact: Make) -> list[Artifact]:
    return [make_artifact("slow", 9.0, 1.0), make_artifact("fast", 4.0, 0.97)]


def send(hub: Hub, artifacts: list[Artifact], private: bool = False) -> None:
    with parcel(REPO, artifacts) as sent:
        push(sent, private, hub.url)


def test_a_ladder_goes_out_and_comes_back(run: Run, hub: Hub, ladder: list[Artifact], tmp_path: Path) -> None:
    place = ladder[0].path.parent
    (place / "slow" / "notes.txt").write_text("my own; not part of the artifact")
    code, shown, told = run("push", place, REPO, "--yes", "--endpoint", hub.url)
    assert code == 0, told
    assert f"pushed: {hub.url}/{REPO}" in shown
    stored = hub.repositories[REPO]
    assert set(stored.files) == {"README.md"} | {
        f"{name}/{file}" for name in ("slow", "fast") for file in ("artifact.json", "model.onnx", "README.md")
    }
    assert hub.blobs, "large files went through LFS"
    assert stored.commits == ["Upload fast, slow"]

    code, shown, told = run("pull", REPO, "--into", tmp_path / "here", "--endpoint", hub.url, "--json")
    assert code == 0, told
    assert {entry["name"] for entry in json.loads(shown)} == {"slow", "fast"}
    for artifact in ladder:
        came = Artifact.load(tmp_path / "here" / artifact.manifest.name)
        assert came.manifest == artifact.manifest
        assert came.graph() == artifact.graph()
    assert sorted(entry.name for entry in (tmp_path / "here").iterdir()) == ["fast", "slow"], "no cache beside them"
    assert run("pull", REPO, "--into", tmp_path / "here", "--endpoint", hub.url)[0] == 0, "again, over the old ones"


def test_the_page_has_the_metadata_that_the_hub_reads(ladder: list[Artifact]) -> None:
    _, front, body = hub_card(REPO, ladder).split("---\n", 2)
    said = yaml.safe_load(front)
    assert said["library_name"] == "tightrope"
    assert said["license"] == "apache-2.0"
    assert {"onnx", "onnxruntime", "int8"} <= set(said["tags"])
    assert "pipeline_tag" not in said, "what a foreign app does is not known"
    (entry,) = said["model-index"]
    assert entry["name"] == "small-ladder"
    found = {m["name"]: m["value"] for result in entry["results"] for m in result["metrics"]}
    assert found == {"slow: accuracy": 0.8, "fast: accuracy": pytest.approx(0.776)}
    assert "| slow | int8 |" in body
    assert f"tightrope pull {REPO}" in body
    assert (
        yaml.safe_load(hub_card(REPO, ladder, "object-detection").split("---\n")[1])["pipeline_tag"]
        == "object-detection"
    )


def test_nothing_is_sent_without_being_asked(
    run: Run, hub: Hub, ladder: list[Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ladder[0].path.parent
    code, shown, _ = run("push", place, REPO, "--dry-run", "--endpoint", hub.url)
    assert code == 0
    assert "slow/model.onnx" in shown
    assert "nothing was sent" in shown
    code, _, told = run("push", place, REPO, "--endpoint", hub.url)
    assert code == 2
    assert "nothing is sent without being asked for" in told
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda question: False)
    assert run("push", place, REPO, "--endpoint", hub.url)[0] == 0
    assert hub.asked == []


@pytest.mark.parametrize("file", ["slow/model.onnx", "slow/artifact.json"])
def test_what_was_changed_on_the_way_is_not_kept(
    run: Run, hub: Hub, ladder: list[Artifact], tmp_path: Path, file: str
) -> None:
    send(hub, ladder)
    files = hub.repositories[REPO].files
    files[file] = files[file][:-3] + b"000"
    into = tmp_path / "here"
    code, _, told = run("pull", REPO, "--into", into, "--endpoint", hub.url)
    assert code == 2
    assert told.splitlines()[-1].startswith(f"tightrope: {REPO}: slow/")
    assert list(into.iterdir()) == [], "not the untouched one either"


def test_only_what_is_verified_is_kept(hub: Hub, ladder: list[Artifact], tmp_path: Path) -> None:
    send(hub, ladder)
    hub.repositories[REPO].files |= {"slow/setup.py": b"evil()", "elsewhere.py": b"evil()", "slow/deep/x": b"evil()"}
    pull(REPO, tmp_path / "here", endpoint=hub.url)
    kept = {file.relative_to(tmp_path / "here").as_posix() for file in (tmp_path / "here").rglob("*") if file.is_file()}
    assert kept == {f"{n}/{f}" for n in ("slow", "fast") for f in ("artifact.json", "model.onnx", "README.md")}


def test_an_artifact_under_another_name_is_refused(hub: Hub, ladder: list[Artifact], tmp_path: Path) -> None:
    send(hub, ladder)
    files = hub.repositories[REPO].files
    for name in ("artifact.json", "model.onnx"):
        files[f"other/{name}"] = files[f"slow/{name}"]
    with pytest.raises(ArtifactError, match="the folder other holds an artifact called slow"):
        pull(REPO, tmp_path, endpoint=hub.url)


def test_what_is_no_artifact_is_not_replaced(hub: Hub, ladder: list[Artifact], tmp_path: Path) -> None:
    send(hub, ladder)
    (tmp_path / "here" / "fast").mkdir(parents=True)
    (tmp_path / "here" / "fast" / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="is there already, and is no artifact"):
        pull(REPO, tmp_path / "here", endpoint=hub.url)
    assert (tmp_path / "here" / "fast" / "thesis.tex").exists()


def test_what_a_hub_can_refuse(
    hub: Hub, ladder: list[Artifact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(HubError, match="has no repository someone/nothing that you may see"):
        pull("someone/nothing", tmp_path, endpoint=hub.url)
    send(hub, ladder, private=True)
    with pytest.raises(HubError, match="has no such revision"):
        pull(REPO, tmp_path, revision="v9", endpoint=hub.url)
    monkeypatch.setenv("HF_TOKEN", "hf_stranger")
    with pytest.raises(HubError, match="has no repository"):
        pull(REPO, tmp_path, endpoint=hub.url)
    with pytest.raises(HubError, match="401"), parcel("someone/other", ladder) as sent:
        push(sent, False, hub.url)
    for name in list(hub.repositories[REPO].files):
        if name.endswith("artifact.json"):
            del hub.repositories[REPO].files[name]
    monkeypatch.setenv("HF_TOKEN", hub.token)
    with pytest.raises(ArtifactError, match="has no artifact of Tightrope in it"):
        pull(REPO, tmp_path / "empty", endpoint=hub.url)


def test_a_hub_that_is_not_there_is_one_line(run: Run, tmp_path: Path) -> None:
    code, _, told = run("pull", REPO, "--into", tmp_path, "--endpoint", "http://127.0.0.1:9")
    assert code == 2
    assert told.splitlines()[-1].startswith("tightrope: cannot reach http://127.0.0.1:9")


@pytest.mark.parametrize("name", ["small", "a/b/c", "../x/y", "a/..", "", "a b/c"])
def test_a_name_that_no_repository_has(name: str, tmp_path: Path, ladder: list[Artifact]) -> None:
    with pytest.raises(BadInputError, match="a repository on the hub is OWNER/NAME"):
        pull(name, tmp_path)
    with pytest.raises(BadInputError, match="a repository on the hub is OWNER/NAME"), parcel(name, ladder):
        pass
