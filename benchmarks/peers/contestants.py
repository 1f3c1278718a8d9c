"""Who compresses what: each contestant is one script or recipe, and a process that leaves one file behind."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from cases import Case
from effort import timed, user_lines
from environments import PeerError, environment
from inputs import Inputs

import tightrope.compress
from tightrope.models import open_artifact
from tightrope.writing import write_text

_HERE = Path(__file__).parent
Runtime = Literal["torch", "onnxruntime", "openvino"]
# Nobody's measurement is anybody else's business.
_SILENT = {"OLIVE_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1", "NNCF_CI": "1", "HF_HUB_OFFLINE": "1"}


@dataclass(frozen=True)
class Peer:
    """A script in by/, and the environment that it runs in; `package` is the one whose version is reported."""

    name: str
    script: str
    environment: str
    package: str
    runtime: Runtime
    options: tuple[str, ...] = ()
    scored_only: bool = False


PEERS = (
    Peer("onnxruntime static int8", "onnxruntime_static.py", "nncf", "onnxruntime", "onnxruntime"),
    Peer(
        "onnxruntime static int8, reduced range",
        "onnxruntime_static.py",
        "nncf",
        "onnxruntime",
        "onnxruntime",
        ("reduce-range",),
    ),
    Peer("NNCF", "nncf_ptq.py", "nncf", "nncf", "openvino"),
    Peer("NNCF, accuracy control", "nncf_accuracy_control.py", "nncf", "nncf", "openvino", scored_only=True),
    Peer("Olive optimize", "olive_optimize.py", "olive", "olive-ai", "onnxruntime"),
    Peer("Olive static int8", "olive_static.py", "olive", "olive-ai", "onnxruntime"),
    Peer("Neural Compressor", "neural_compressor_ptq.py", "neural-compressor", "neural-compressor", "onnxruntime"),
)


@dataclass(frozen=True)
class Made:
    """What a contestant made of a case.

    Attributes:
        name: as the tables have it.
        ours: whether it is ours.
        runtime: which computes it.
        file: the graph; None: the reference in torch.
        seconds: of CPU time, all threads together, and of the clock; None where nothing was run here.
        lines: of user code: neither blank nor comment; without the metric, the data and the network, which all need.
        error: why there is no file.
        notes: what a reader of the table wants to know about it.
    """

    name: str
    ours: bool
    runtime: Runtime
    file: Path | None
    cpu_seconds: float | None = None
    wall_seconds: float | None = None
    lines: int = 0
    version: str = ""
    error: str = ""
    notes: str = ""


def contestants(case: Case, inputs: Inputs, work: Path, make: bool = True) -> Iterator[Made]:
    """All of a case: the reference, the peers, ours. What was made before is taken; `make`: the rest is made."""
    yield Made("PyTorch eager, fp32", False, "torch", None)
    yield Made("onnxruntime, fp32", False, "onnxruntime", inputs.model)
    yield Made("OpenVINO, its default", False, "openvino", inputs.model)
    for peer in PEERS:
        if case.scored or not peer.scored_only:
            yield from _by_peer(peer, case, inputs, work, make)
    for recipe in case.recipes:
        yield from _on_both(_by_recipe(recipe, case, inputs, work, make))
    for name in case.shipped:
        artifact = open_artifact(case.make().app, name)
        passes = artifact.manifest.lineage["passes"]
        seconds = sum(entry["seconds"] for entry in passes)
        notes = f"as it ships; made elsewhere in {seconds:.0f} s by the clock. {_floats(passes)}"
        (graph,) = (artifact.path / entry.file for entry in artifact.manifest.graphs.values())
        yield from _on_both(Made(f"tightrope {name}", True, "onnxruntime", graph, lines=0, notes=notes))


def _on_both(made: Made | None) -> Iterator[Made]:
    """One artifact, in each of the runtimes that it can name as its backend."""
    if made is not None:
        yield made
        if made.file is not None:
            yield Made(**{**asdict(made), "name": f"{made.name}, on OpenVINO", "runtime": "openvino"})


def _by_peer(peer: Peer, case: Case, inputs: Inputs, work: Path, make: bool) -> Iterator[Made]:
    script = _HERE / "by" / peer.script
    out = inputs.folder / "-".join((script.stem, *peer.options))
    key = _key(inputs.key, peer.environment, script.read_text(encoding="utf-8"), peer.options)
    suffix = "xml" if peer.runtime == "openvino" else "onnx"
    base: dict[str, Any] = {"name": peer.name, "ours": False, "runtime": peer.runtime, "lines": user_lines(script)}

    def run() -> dict[str, Any]:
        home = environment(peer.environment, work / "environments")
        base["version"] = f"{peer.package} {home.version(peer.package)}"
        scorer = json.dumps([sys.executable, str(_HERE / "scorer.py"), case.name, str(work)])
        command = [str(home.python), str(script), str(inputs.folder), str(out), *peer.options]
        return {"version": base["version"], **timed(command, {**_SILENT, "TIGHTROPE_SCORER": scorer})}

    found = _once(out, key, run, peer.name, make)
    if found is not None:
        yield Made(**{**base, "file": None if "error" in found else out / f"model.{suffix}", **found})


def _by_recipe(recipe: Path, case: Case, inputs: Inputs, work: Path, make: bool) -> Made | None:
    out = inputs.folder / f"ours-{recipe.stem}"
    text = recipe.read_text(encoding="utf-8")
    key = _key(inputs.key, text, _compressor())
    command = [sys.executable, str(_HERE / "ours.py"), case.name, str(work), str(recipe), str(out)]
    found = _once(out, key, lambda: timed(command, {}), f"tightrope {recipe.stem}", make)
    if found is None:
        return None
    lines = 1 + sum(bool(line.split("#")[0].strip()) for line in text.splitlines())
    base: dict[str, Any] = {"name": f"tightrope {recipe.stem}", "ours": True, "runtime": "onnxruntime", "lines": lines}
    if "error" not in found:
        base["notes"] = _floats(json.loads((out / "passes.json").read_text(encoding="utf-8")))
    return Made(**{**base, "file": None if "error" in found else out / "model.onnx", **found})


def _floats(passes: list[dict[str, Any]]) -> str:
    notes = next((entry["notes"] for entry in passes if entry["method"].startswith("quantize")), {})
    kept = notes.get("kept_in_float", [])
    return f"{len(kept)} of {notes.get('layers', '?')} layers stay in float" + (
        ", weights in 7 bits" if notes.get("reduce_range") else ""
    )


def _once(out: Path, key: str, run: Any, name: str, make: bool) -> dict[str, Any] | None:
    """What was found by the same work before, or is found now; None: it would have to be made.

    What failed is tried again: the network may have been away.
    """
    stamp = out / "made.json"
    found: dict[str, Any] = json.loads(stamp.read_text(encoding="utf-8")) if stamp.exists() else {}
    if found.pop("key", None) == key and not (make and "error" in found):
        return found
    if not make:
        print(f"  {name} is not made, and left out")
        return None
    print(f"  {name}", flush=True)
    out.mkdir(parents=True, exist_ok=True)
    try:
        found = run()
    except PeerError as error:
        found = {"error": str(error)}
    write_text(stamp, json.dumps({"key": key, **found}, indent=1) + "\n")
    return dict(found)


def _key(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@cache
def _compressor() -> str:
    """Digest of our compressor's source: another one may make another artifact."""
    files = sorted(Path(tightrope.compress.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
