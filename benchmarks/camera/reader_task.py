"""The camera's detector and recognizer as a Task: compressed by the core, judged by the characters that they read.

    tightrope compress benchmarks/camera/reader_task.py:SignReader --recipe models/translate/reader.toml \\
        --set graphs=detect --keep 99% --p90 1500ms -o out --name signs-int8
    tightrope translate image sign.jpg --reader out/signs-int8

`graphs` says which are compressed: detect, recognize, or (without it) both; the other stays in the wheel. Rendered
signs calibrate and judge, no sign on both sides; every sign judges in one of its two languages. What a graph has read
is kept in .cache/camera by the digest of its answers: a gate that was stopped goes on where it was. The graphs are
those of the wheel `rapidocr` (Apache-2.0).
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
sys.path.insert(0, str(Path(__file__).parent))
from accuracy import KEPT, code, distance, read
from kept import Kept
from render_signs import LANGUAGES, render

from tightrope.compress.candidate import Candidate
from tightrope.compress.own.graph import read_graph
from tightrope.compress.scores import Indices
from tightrope.compress.task import Model, Split, Task, Whole
from tightrope.errors import ConfigError
from tightrope.runtime.session import Inputs
from tightrope_translate.image.models import CHARACTERS, DETECT, RECOGNIZE, Models, wheel_folder
from tightrope_translate.image.reader import Reader

KINDS = ("clean", "small", "perspective", "dim", "noisy")
CALIBRATION = 8  # signs
JUDGING = 8  # signs: 40 pictures
FILES = {"detect": DETECT, "recognize": RECOGNIZE}
PROBES = {DETECT: (1, 3, 96, 160), RECOGNIZE: (1, 3, 48, 160)}  # shapes


class SignReader(Whole):
    """Two graphs that read together; `signs` says how many judge, `graphs` which of the two are compressed."""

    app = "translate"
    name = "signs"
    gate_metrics = ("characters",)

    def __init__(self, signs: int = JUDGING, graphs: str = "both") -> None:
        if graphs not in ("both", *FILES):
            raise ConfigError(f"graphs is {graphs!r}, not detect, recognize or both")
        self._signs = {"calibration": range(CALIBRATION), "held-out": range(CALIBRATION, CALIBRATION + signs)}
        self._graphs = tuple(FILES) if graphs == "both" else (graphs,)
        self.models = Models.load()
        self._kept = Kept(KEPT / "signs.jsonl")

    def parts(self) -> Mapping[str, Task]:
        return {name: Part(self, FILES[name]) for name in self._graphs}

    def scores(self, models: Mapping[str, Model], split: Split = "held-out") -> CharacterScores:
        detect = models.get("detect", self.models.detect)
        recognize = models.get("recognize", self.models.recognize)
        reader = self.reader(detect, recognize)
        answers = f"{code()}, {self._answer(DETECT, detect)}, {self._answer(RECOGNIZE, recognize)}"
        counts = []
        for sign in self._signs[split]:
            for kind in KINDS:
                key = f"{answers}, {sign}, {kind}"
                if key not in self._kept:
                    rendered = render(sign, LANGUAGES[sign % 2], kind)
                    truth = " ".join(rendered.paragraphs)
                    found = " ".join(one.text for one in read(reader, rendered.picture))
                    self._kept[key] = [distance(found, truth), len(truth)]
                counts.append(self._kept[key])
        errors, lengths = np.array(counts).T
        return CharacterScores(errors, lengths)

    def _answer(self, file: str, model: Model) -> str:
        """Tells one graph from another: the digest of what it answers to noise."""
        noise = np.random.default_rng(0).uniform(-1, 1, PROBES[file]).astype(np.float32)
        return hashlib.sha256(model(noise)[0].tobytes()).hexdigest()[:16]

    def reader(self, detect: Any, recognize: Any) -> Reader:
        """Of two sessions, beside the wheel's classifier."""
        return Reader(Models(detect, self.models.classify, recognize, self.models.characters))

    @cached_property
    def seen(self) -> Mapping[str, list[NDArray[np.float32]]]:
        """What both graphs are given while the calibration signs are read."""
        detect, recognize = Listening(self.models.detect), Listening(self.models.recognize)
        reader = self.reader(detect, recognize)
        for sign in self._signs["calibration"]:
            for kind in KINDS:
                read(reader, render(sign, LANGUAGES[sign % 2], kind).picture)
        return {DETECT: detect.seen, RECOGNIZE: recognize.seen}

    def manifest(self) -> Mapping[str, Any]:
        licence = {"what": "graphs of PP-OCRv6, as the wheel rapidocr ships them", "licence": "Apache-2.0"}
        # The graphs' axes are free, and not every size goes through them: what is timed has that of a real picture.
        file = max((FILES[name] for name in self._graphs), key=lambda file: (wheel_folder() / file).stat().st_size)
        session = self.models.detect if file == DETECT else self.models.recognize
        entry = {"shape": self.seen[file][0].shape, "value": 0.0, "dtype": "float32"}
        return {
            "preprocess": {"takes": "arrays", "inputs": {session.inputs[0].name: entry}},
            "licences": ({**licence, "source": "github.com/PaddlePaddle/PaddleOCR"},),
        }

    def files(self) -> Mapping[str, bytes]:
        return {CHARACTERS: "\n".join(self.models.characters[1:-1]).encode()}


class Part(Task):
    """One of the two."""

    def __init__(self, whole: SignReader, file: str) -> None:
        self._whole, self._file = whole, file
        self.name = file

    def reference(self) -> Any:
        raise NotImplementedError("there is only the graph")

    def origin(self) -> Candidate:
        return Candidate(graph=read_graph(wheel_folder() / self._file))

    def example(self) -> Inputs:
        return self._whole.seen[self._file][0]

    def calibration(self) -> Iterator[Inputs]:
        return iter(self._whole.seen[self._file])

    def evaluate(self, model: Model, split: Split = "held-out") -> CharacterScores:
        """With the other one as it came."""
        models = self._whole.models
        sessions: dict[str, Any] = {"detect": models.detect, "recognize": models.recognize}
        return self._whole.scores({**sessions, "detect" if self._file == DETECT else "recognize": model}, split)


class CharacterScores:
    """`characters`: the share of all characters that are read right, insertions counted against it."""

    def __init__(self, errors: NDArray[np.int64], lengths: NDArray[np.int64]) -> None:
        self._errors, self._lengths = errors, lengths

    def __len__(self) -> int:
        return len(self._errors)

    def on(self, sample: Indices) -> dict[str, float]:
        return {"characters": float(1 - self._errors[sample].sum() / self._lengths[sample].sum())}


class Listening:
    """A session that keeps what it is given."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.seen: list[NDArray[np.float32]] = []

    def __call__(self, x: NDArray[np.float32]) -> Sequence[NDArray[Any]]:
        self.seen.append(x)
        return self._session(x)  # type: ignore[no-any-return]
