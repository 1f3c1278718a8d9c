"""An artifact: a folder with the graphs, their constants, and the evidence that they fit.

    models/road/nanodet-416-int8/
        model.onnx         one or several graphs, without external data
        ...                other files that the runtime needs, such as a vocabulary
        artifact.json      constants, labels, operating points, lineage, licences, digests, evidence
        README.md          the model card, written from artifact.json

Loading runs no code from the folder: JSON is parsed, digests (sha256) are compared, and the bytes that were
compared are the bytes that onnxruntime gets.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from tightrope.errors import ArtifactError, OutputError
from tightrope.runtime.session import BACKENDS, Backend, Session, usable
from tightrope.wire import external_data_locations

FORMAT = 1
MANIFEST = "artifact.json"
CARD = "README.md"
_LEFT_OUT = ("files", "backend")  # of artifact.json where they say nothing


@dataclass(frozen=True)
class GraphFile:
    """One ONNX graph, or another file, of an artifact: its name inside the folder, size and digest."""

    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What artifact.json says. All fields are plain JSON values."""

    app: str
    name: str
    precision: str
    created: str
    preprocess: Mapping[str, Any]
    postprocess: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    operating_points: Mapping[str, Any] = field(default_factory=dict)
    lineage: Mapping[str, Any] = field(default_factory=dict)
    licences: tuple[Mapping[str, str], ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    graphs: Mapping[str, GraphFile] = field(default_factory=dict)
    files: Mapping[str, GraphFile] = field(default_factory=dict)
    """By file name; left out of artifact.json where there are none."""
    backend: Backend = "onnxruntime"
    """The runtime that was measured; left out of artifact.json where it is onnxruntime."""

    def to_json(self) -> str:
        """Canonical text with the format number and a digest over everything else.

        Raises ArtifactError if a value is none that JSON has; numbers and arrays of numpy become plain ones.
        """
        body = {"format": FORMAT, **asdict(self)}
        if not self.files:
            del body["files"]
        if self.backend == "onnxruntime":
            del body["backend"]
        body = _plain(body)
        return json.dumps({**body, "digest": _digest(body)}, indent=1, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Artifact:
    """A verified artifact folder."""

    path: Path
    manifest: Manifest

    @classmethod
    def load(cls, path: Path) -> Artifact:
        """Read a folder and verify every digest.

        Raises:
            ArtifactError: no such artifact, not JSON, a newer format, a digest that differs, a truncated graph, or
                a graph that asks for data outside of itself.
        """
        manifest = _read_manifest(path / MANIFEST)
        artifact = cls(path, manifest)
        for name in manifest.graphs:
            artifact.graph(name)
        for name in manifest.files:
            artifact.file(name)
        return artifact

    def graph(self, name: str = "model") -> bytes:
        """The verified bytes of one graph. Raises ArtifactError if they are not those that were measured."""
        if name not in self.manifest.graphs:
            raise ArtifactError(f"{self.path} has no graph {name!r}; it has {', '.join(self.manifest.graphs)}")
        return self._graphs[name]

    def file(self, name: str) -> bytes:
        """The verified bytes of another file. Raises ArtifactError if they are not those that were saved."""
        if name not in self.manifest.files:
            raise ArtifactError(f"{self.path} has no file {name!r}; make it again with this version of tightrope")
        return self._files[name]

    def session(self, threads: int = 1, name: str = "model") -> Session:
        """Load one graph into its runtime, or into onnxruntime where that is not installed."""
        return Session(self.graph(name), threads, backend=usable(self.manifest.backend))

    @property
    def size(self) -> int:
        """Bytes of all graphs and other files."""
        return sum(file.bytes for file in (*self.manifest.graphs.values(), *self.manifest.files.values()))

    @cached_property
    def _graphs(self) -> dict[str, bytes]:
        return {name: _read_graph(self.path, graph) for name, graph in self.manifest.graphs.items()}

    @cached_property
    def _files(self) -> dict[str, bytes]:
        return {name: _read_file(self.path, file) for name, file in self.manifest.files.items()}


def is_name(name: object) -> bool:
    """Whether an artifact may be called so: the name of a folder, not a path out of one."""
    return isinstance(name, str) and Path(name).name == name and name not in ("", "..")


def save_artifact(
    path: Path,
    manifest: Manifest,
    graphs: Mapping[str, bytes],
    card: str,
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> Artifact:
    """Write an artifact folder at once: built beside `path`, then swapped in.

    `manifest.graphs` is filled from `graphs` (name -> ONNX bytes), `manifest.files` from `files` (file name -> bytes).
    Raises OutputError if it cannot be written, ArtifactError if it could not be read back.
    """
    if not is_name(manifest.name):
        raise ArtifactError(f"an artifact cannot be called {manifest.name!r}: that is no name of a folder")
    contents = {f"{name}.onnx": data for name, data in graphs.items()} | dict(files)
    entries = {name: GraphFile(name, len(data), _sha256(data)) for name, data in contents.items()}
    named = {name: entries[f"{name}.onnx"] for name in graphs}
    complete = replace(manifest, graphs=named, files={name: entries[name] for name in files})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        try:
            for name, data in contents.items():
                (building / name).write_bytes(data)
            (building / MANIFEST).write_text(complete.to_json(), encoding="utf-8")
            (building / CARD).write_text(card, encoding="utf-8")
            building.chmod(0o755)
            _swap(building, path)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    return Artifact.load(path)


def _swap(building: Path, path: Path) -> None:
    """Put `building` where `path` is; an older folder goes only after the new one stands."""
    if not path.exists():
        building.replace(path)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent))
    path.replace(old)
    building.replace(path)
    shutil.rmtree(old, ignore_errors=True)


def _read_manifest(file: Path) -> Manifest:
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtifactError(f"no artifact at {file.parent}: {MANIFEST} is missing") from error
    except OSError as error:
        raise ArtifactError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{file} is not JSON, perhaps truncated; fetch the artifact again") from error
    if not isinstance(body, dict) or not isinstance(body.get("format"), int):
        raise ArtifactError(f"{file} is not an artifact manifest")
    if body["format"] > FORMAT:
        raise ArtifactError(f"{file} has format {body['format']}, this version reads up to {FORMAT}; upgrade tightrope")
    digest = body.pop("digest", None)
    if digest != _digest(body):
        raise ArtifactError(f"{file} was changed after it was written: its digest does not match; fetch it again")
    body.pop("format")
    known = {entry.name for entry in fields(Manifest)}
    if {*_LEFT_OUT, *body} != known:
        raise ArtifactError(f"{file} has other fields than format {FORMAT}: {', '.join(sorted(set(body) ^ known))}")
    try:
        graphs, files = (
            {name: GraphFile(**entry) for name, entry in body.pop(kind, {}).items()} for kind in ("graphs", "files")
        )
        labels, licences = tuple(body.pop("labels")), tuple(body.pop("licences"))
    except (AttributeError, TypeError) as error:
        raise ArtifactError(f"{file} does not describe its graphs as format {FORMAT} does") from error
    if body.get("backend", BACKENDS[0]) not in BACKENDS:
        raise ArtifactError(f"{file} is for another runtime, {body['backend']!r}; upgrade tightrope")
    if not is_name(body["name"]):
        raise ArtifactError(f"{file} is called {body['name']!r}, and that is no name of a folder")
    return Manifest(**body, graphs=graphs, files=files, labels=labels, licences=licences)


def _read_graph(folder: Path, graph: GraphFile) -> bytes:
    data = _read_file(folder, graph)
    if locations := external_data_locations(data):
        raise ArtifactError(
            f"{folder / graph.file} keeps weights outside of itself ({locations[0]!r}); artifacts may not"
        )
    return data


def _read_file(folder: Path, entry: GraphFile) -> bytes:
    if not isinstance(entry.file, str) or Path(entry.file).name != entry.file:
        raise ArtifactError(f"{folder}: the graph {entry.file!r} lies outside of the artifact's folder")
    file = folder / entry.file
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ArtifactError(f"cannot read {file}: {error.strerror}") from error
    if len(data) != entry.bytes:
        raise ArtifactError(f"{file} has {len(data)} bytes instead of {entry.bytes}; fetch the artifact again")
    if _sha256(data) != entry.sha256:
        raise ArtifactError(f"{file} is not the graph that was measured: its sha256 differs; fetch it again")
    return data


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    """As it will be read, keys included: the digest is over that."""
    try:
        plain: dict[str, Any] = json.loads(json.dumps(body, default=_of_numpy))
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"artifact.json cannot hold this: {error}") from error
    return plain


def _of_numpy(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} is a {type(value).__name__}, and no value of JSON")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest(body: Mapping[str, Any]) -> str:
    return _sha256(json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode())
