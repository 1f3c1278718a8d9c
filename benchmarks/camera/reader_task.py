"""The camera's detector and recognizer as a Task: compressed by the core, judged by the characters that they read.

    tightrope compress benchmarks/camera/reader_task.py:SignReader --recipe models/translate/reader.toml \\
        --keep 99% --p90 1500ms -o out --name signs-int8
    tightrope translate image sign.jpg --reader out/signs-int8

Rendered signs calibrate and judge, no sign on both sides. The graphs are those of the wheel `rapidocr` (Apache-2.0).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
sys.path.insert(0, str(Path(__file__).parent))
from accuracy import distance, read
from render_signs import LANGUAGES, render
from sign_texts import SIGNS

from tightrope.compress.candidate import Candidate
from tightrope.compress.own.graph import read_graph
from tightrope.compress.scores import Indices
from tightrope.compress.task import Model, Split, Task, Whole
from tightrope.runtime.session import Inputs
from tightrope_translate.image.models import CHARACTERS, DETECT, RECOGNIZE, Models, wheel_folder
from tightrope_translate.image.reader import Reader

KINDS = ("clean", "small", "perspective", "dim", "noisy")
CALIBRATION = 8  # signs


class SignReader(Whole):
    """Two graphs that read together; `signs` limits how many judge."""

    app = "translate"
    name = "signs"
    gate_metrics = ("characters",)

    def __init__(self, signs: int = len(SIGNS)) -> None:
        self._signs = {"calibration": range(CALIBRATION), "held-out": range(CALIBRATION, signs)}
        self.models = Models.load()

    def parts(self) -> Mapping[str, Task]:
        return {"detect": Part(self, DETECT), "recognize": Part(self, RECOGNIZE)}

    def scores(self, models: Mapping[str, Model], split: Split = "held-out") -> CharacterScores:
        errors, lengths = [], []
        reader = self.reader(models["detect"], models["recognize"])
        for sign in self._signs[split]:
            for language in LANGUAGES:
                for kind in KINDS:
                    rendered = render(sign, language, kind)
                    truth = " ".join(rendered.paragraphs)
                    found = " ".join(one.text for one in read(reader, rendered.picture))
                    errors.append(distance(found, truth))
                    lengths.append(len(truth))
        return CharacterScores(np.array(errors), np.array(lengths))

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
        return {"preprocess": {}, "licences": ({**licence, "source": "github.com/PaddlePaddle/PaddleOCR"},)}

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
