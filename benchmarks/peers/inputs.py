"""What every peer is given: the same float graph, calibration inputs, and inputs for accuracy control."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tightrope.compress.recipe import Recipe
from tightrope.compress.registry import run_pass
from tightrope.compress.scores import metrics
from tightrope.compress.task import Array, Task
from tightrope.runtime.session import Session
from tightrope.writing import atomic_path, write_bytes, write_text

CALIBRATION = 128
FLOAT = {"name": "float", "passes": [{"method": "export"}, {"method": "clean"}]}


@dataclass(frozen=True)
class Inputs:
    """A folder with model.onnx, calibration.npy [N, ...], and validation.npy for a scored case; `key` is its digest."""

    folder: Path
    key: str

    @property
    def model(self) -> Path:
        return self.folder / "model.onnx"


def prepare(task: Task, scored: bool, folder: Path, of: Sequence[Path] = ()) -> Inputs:
    """Export the Task's reference and write its arrays, or take what is there.

    Args:
        of: files on which the task rests; when one of them changes, all is made again.
    """
    digest = hashlib.sha256(repr((CALIBRATION, scored, FLOAT)).encode())
    for file in of:
        digest.update(file.read_bytes())
    stamp, key = folder / "inputs.json", digest.hexdigest()
    if stamp.exists() and (found := json.loads(stamp.read_text(encoding="utf-8")))["from"] == key:
        return Inputs(folder, found["key"])
    candidate = task.origin()
    for step in Recipe.parse(FLOAT, "the float graph").passes:
        candidate = run_pass(step, candidate, task)
    write_bytes(folder / "model.onnx", candidate.graph_bytes)
    # `calibration` gives batches of one; a graph's only input, without names.
    _save(folder / "calibration.npy", [np.asarray(one) for one in islice(task.calibration(), CALIBRATION)])
    if scored:
        recorder = Recorder(Session(candidate.graph_bytes))
        task.evaluate(recorder, "calibration")
        _save(folder / "validation.npy", recorder.seen)
    made = hashlib.sha256(candidate.graph_bytes + (folder / "calibration.npy").read_bytes()).hexdigest()
    write_text(stamp, json.dumps({"from": key, "key": made}) + "\n")
    return Inputs(folder, made)


class Recorder:
    """A model that keeps what it is asked."""

    def __init__(self, session: Session) -> None:
        self._session, self.seen = session, list[Array]()

    def __call__(self, inputs: Any) -> Sequence[Array]:
        self.seen.append(np.array(inputs))
        return self._session(inputs)


class Replay:
    """A model whose answers are known, in the order in which it is asked."""

    def __init__(self, outputs: Sequence[Array]) -> None:
        self._rows = zip(*outputs, strict=True)

    def __call__(self, inputs: Any) -> Sequence[Array]:
        return list(next(self._rows))


def worst_share(task: Task, outputs: Sequence[Array], reference: dict[str, float]) -> float:
    """Of the gate's metrics, the least share of the reference's that these outputs keep on the calibration split."""
    found = metrics(task.evaluate(Replay(outputs), "calibration"))
    return min(found[name] / reference[name] for name in task.gate_metrics)


def _save(file: Path, arrays: Sequence[Array]) -> None:
    with atomic_path(file) as temporary:
        np.save(temporary, np.stack(arrays))
