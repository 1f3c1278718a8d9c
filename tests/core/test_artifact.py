from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tightrope import artifact as module
from tightrope.artifact import MANIFEST, Artifact, GraphFile, save_artifact
from tightrope.errors import ArtifactError, OutputError

from .conftest import small_graph, small_manifest
from .test_wire import tensor

MODEL = small_graph().SerializeToString()


def edit(folder: Path, change: Callable[[dict[str, Any]], None], sign: bool = False) -> None:
    """Change the manifest's JSON; `sign` computes the digest anew, as one who knows the format would."""
    file = folder / MANIFEST
    body = json.loads(file.read_text())
    change(body)
    if sign:
        body.pop("digest")
        body["digest"] = module._digest(body)
    file.write_text(json.dumps(body))


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    manifest = small_manifest(labels=("Käfer", "犬"), evidence={"gate": {"share": 0.1 + 0.2}})
    saved = save_artifact(tmp_path / "models" / "a", manifest, {"model": MODEL, "head": MODEL}, "# card\n")
    loaded = Artifact.load(saved.path)
    assert loaded.manifest == saved.manifest
    assert loaded.manifest.labels == manifest.labels
    assert loaded.manifest.evidence["gate"]["share"] == 0.1 + 0.2
    assert loaded.graph("head") == MODEL
    assert loaded.size == 2 * len(MODEL)
    assert (saved.path / "README.md").read_text() == "# card\n"
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["a"]


def test_other_files_travel_and_are_verified(tmp_path: Path) -> None:
    files = {"words.txt": "Käse".encode(), "list.npz": b"\x00" * 9}
    saved = save_artifact(tmp_path / "a", small_manifest(), {"model": MODEL}, "", files)
    loaded = Artifact.load(saved.path)
    assert {name: loaded.file(name) for name in loaded.manifest.files} == files
    assert loaded.size == len(MODEL) + sum(map(len, files.values()))
    with pytest.raises(ArtifactError, match=r"no file 'other\.txt'"):
        loaded.file("other.txt")
    for name in files:
        (saved.path / name).write_bytes(files[name][:-1] + b"\x01")
        with pytest.raises(ArtifactError, match=f"{name} is not"):
            Artifact.load(saved.path)
        (saved.path / name).unlink()
        with pytest.raises(ArtifactError, match=f"cannot read .*{name}"):
            Artifact.load(saved.path)
        save_artifact(tmp_path / "a", small_manifest(), {"model": MODEL}, "", files)


def test_an_artifact_without_other_files_reads_as_it_always_did(tmp_path: Path) -> None:
    saved = save_artifact(tmp_path / "a", small_manifest(), {"model": MODEL}, "")
    assert "files" not in json.loads((saved.path / MANIFEST).read_text())
    assert Artifact.load(saved.path).manifest.files == {}


def test_the_session_runs_the_bytes_that_were_verified(artifact: Artifact) -> None:
    loaded = Artifact.load(artifact.path)
    (artifact.path / "model.onnx").write_bytes(b"changed after it was verified")
    x = np.arange(8, dtype=np.float32).reshape(1, 8)
    np.testing.assert_array_equal(loaded.session()(x)[0], x)


@settings(max_examples=50, deadline=None)
@given(position=st.integers(0, len(MODEL) - 1), flip=st.integers(1, 255))
def test_any_changed_byte_of_a_graph_is_refused(position: int, flip: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        saved = save_artifact(Path(scratch) / "a", small_manifest(), {"model": MODEL}, "")
        changed = bytearray(MODEL)
        changed[position] ^= flip
        (saved.path / "model.onnx").write_bytes(changed)
        with pytest.raises(ArtifactError, match="not the graph that was measured"):
            Artifact.load(saved.path)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_any_changed_character_of_the_manifest_is_refused(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        saved = save_artifact(Path(scratch) / "a", small_manifest(), {"model": MODEL}, "")
        text = (saved.path / MANIFEST).read_text()
        position = data.draw(st.integers(0, len(text) - 1).filter(lambda k: not text[k].isspace()))
        replacement = data.draw(st.sampled_from('0a"{}').filter(lambda c: c != text[position]))
        (saved.path / MANIFEST).write_text(text[:position] + replacement + text[position + 1 :])
        with pytest.raises(ArtifactError):
            Artifact.load(saved.path)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_truncated_manifest_is_refused(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        saved = save_artifact(Path(scratch) / "a", small_manifest(), {"model": MODEL}, "")
        text = (saved.path / MANIFEST).read_text().rstrip()
        (saved.path / MANIFEST).write_text(text[: data.draw(st.integers(0, len(text) - 1))])
        with pytest.raises(ArtifactError, match="not JSON, perhaps truncated"):
            Artifact.load(saved.path)


def test_a_truncated_graph_says_how_much_is_missing(artifact: Artifact) -> None:
    (artifact.path / "model.onnx").write_bytes(MODEL[:50])
    with pytest.raises(ArtifactError, match=f"50 bytes instead of {len(MODEL)}; fetch"):
        Artifact.load(artifact.path)


def test_a_missing_graph_or_artifact_is_named(artifact: Artifact, tmp_path: Path) -> None:
    (artifact.path / "model.onnx").unlink()
    with pytest.raises(ArtifactError, match=r"cannot read .*model\.onnx: No such file"):
        Artifact.load(artifact.path)
    with pytest.raises(ArtifactError, match=r"no artifact at .*nowhere"):
        Artifact.load(tmp_path / "nowhere")


def test_a_newer_format_asks_for_an_upgrade(artifact: Artifact) -> None:
    edit(artifact.path, lambda body: body.update(format=module.FORMAT + 1), sign=True)
    with pytest.raises(ArtifactError, match=f"format {module.FORMAT + 1}, this version reads up to .*upgrade"):
        Artifact.load(artifact.path)


def test_other_fields_than_the_format_has_are_named(artifact: Artifact) -> None:
    edit(artifact.path, lambda body: body.update(hook="os.system"), sign=True)
    with pytest.raises(ArtifactError, match=r"other fields than format .*hook"):
        Artifact.load(artifact.path)


@pytest.mark.parametrize("graphs", [None, [], {"model": None}, {"model": {"path": "x"}}, {"model": {"file": "x"}}])
def test_graphs_that_are_described_otherwise_are_refused(artifact: Artifact, graphs: Any) -> None:
    edit(artifact.path, lambda body: body.update(graphs=graphs), sign=True)
    with pytest.raises(ArtifactError, match="does not describe its graphs"):
        Artifact.load(artifact.path)


def test_endless_nesting_in_the_manifest_is_refused(artifact: Artifact) -> None:
    (artifact.path / MANIFEST).write_text("[" * 200_000)
    with pytest.raises(ArtifactError, match="not JSON"):
        Artifact.load(artifact.path)


@pytest.mark.parametrize("file", [3, "../model.onnx", "/etc/passwd", "sub/model.onnx"])
def test_a_graph_may_not_lie_outside_of_the_folder(artifact: Artifact, file: str) -> None:
    graph = vars(GraphFile(file, 1, "0"))
    edit(artifact.path, lambda body: body.update(graphs={"model": graph}), sign=True)
    with pytest.raises(ArtifactError, match="outside of the artifact's folder"):
        Artifact.load(artifact.path)


@pytest.mark.parametrize("location", ["../../secret", "/etc/passwd", "weights.bin"])
def test_weights_outside_of_the_graph_are_refused(tmp_path: Path, location: str) -> None:
    graph = small_graph()
    graph.graph.initializer.append(tensor(location))
    with pytest.raises(ArtifactError, match="keeps weights outside of itself"):
        save_artifact(tmp_path / "a", small_manifest(), {"model": graph.SerializeToString()}, "")


def test_saving_again_replaces_the_older_one(artifact: Artifact) -> None:
    save_artifact(artifact.path, small_manifest("renamed"), {"head": MODEL}, "")
    assert Artifact.load(artifact.path).manifest.name == "renamed"
    assert sorted(path.name for path in artifact.path.iterdir()) == ["README.md", MANIFEST, "head.onnx"]
    assert len(list(artifact.path.parent.glob(".*"))) == 0


@pytest.mark.parametrize(
    ("failure", "raised"),
    [(OSError(28, "No space left on device"), OutputError), (KeyboardInterrupt(), KeyboardInterrupt)],
)
def test_a_failed_save_leaves_the_older_one(
    artifact: Artifact, monkeypatch: pytest.MonkeyPatch, failure: BaseException, raised: type[BaseException]
) -> None:
    def fail(*_: Any) -> None:
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(module, "_swap", fail)
        with pytest.raises(raised):
            save_artifact(artifact.path, small_manifest("newer"), {"model": MODEL}, "")
    assert Artifact.load(artifact.path).manifest == artifact.manifest
    assert [path.name for path in artifact.path.parent.iterdir()] == [artifact.path.name]


def test_a_graph_that_is_not_there_is_named(artifact: Artifact) -> None:
    with pytest.raises(ArtifactError, match="no graph 'encoder'; it has model"):
        artifact.graph("encoder")


def test_numbers_of_numpy_and_of_keys_are_stored_as_they_are_read(tmp_path: Path) -> None:
    points = {2: np.float32(0.5), 10: np.arange(3), "flag": np.bool_(True)}
    saved = save_artifact(tmp_path / "a", small_manifest(operating_points=points), {"model": MODEL}, "")
    assert saved.manifest.operating_points == {"2": 0.5, "10": [0, 1, 2], "flag": True}
    with pytest.raises(ArtifactError, match=r"cannot hold this: .* is a complex, and no value of JSON"):
        save_artifact(tmp_path / "b", small_manifest(evidence={"x": 1j}), {"model": MODEL}, "")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("name", ["../../x", "a/b", "/tmp/x", "..", ".", "", 3, None])
def test_a_name_is_not_a_path(artifact: Artifact, tmp_path: Path, name: Any) -> None:
    edit(artifact.path, lambda body: body.update(name=name), sign=True)
    with pytest.raises(ArtifactError, match="no name of a folder"):
        Artifact.load(artifact.path)
    with pytest.raises(ArtifactError, match="no name of a folder"):
        save_artifact(tmp_path / "other", small_manifest(name), {"model": MODEL}, "")
    assert not (tmp_path / "other").exists()
