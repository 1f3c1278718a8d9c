"""Two graphs that work together, in another process: each call of either goes there, and the same translations come."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
import pytest

from tightrope.compress import Candidate, MeanScores, Task, Whole
from tightrope.compress.elsewhere import elsewhere
from tightrope.compress.task import Model, Split
from tightrope.errors import ConfigError
from tightrope.measure.emulator import Emulator
from tightrope.models import artifact_names, open_artifact
from tightrope_translate.graphs import ENCODER, SHORTLIST, STEP, Graphs
from tightrope_translate.greedy import write
from tightrope_translate.shortlist import Shortlist
from tightrope_translate.vocabulary import Vocabulary

NAME = "en-de-int8"
SENTENCES = ("Where is the station?", "The shop is closed on Sundays.", "I am tired.")
pytestmark = pytest.mark.skipif(NAME not in artifact_names("translate"), reason="no translator is shipped")


class Here(Emulator):
    """Another process of this very Python: nothing is emulated."""

    def command(self) -> list[str]:
        return [sys.executable]

    def version(self) -> str:
        return "none"


class Given(Task):
    """A graph that is its own reference."""

    app, name, gate_metrics = "translate", "part", ("same",)

    def __init__(self, graph: bytes) -> None:
        self.graph = graph

    def origin(self) -> Candidate:
        return Candidate(graph=onnx.load_from_string(self.graph))

    def reference(self) -> Any:
        raise NotImplementedError

    def example(self) -> Any:
        raise NotImplementedError

    def calibration(self) -> Iterator[Any]:
        raise NotImplementedError

    def evaluate(self, model: Model, split: Split = "held-out") -> MeanScores:
        raise NotImplementedError


class Sentences(Whole):
    """Counts a sentence that is translated as the first models to be scored did it."""

    app, name, gate_metrics = "translate", "en-de", ("same",)

    def __init__(self) -> None:
        self.artifact = open_artifact("translate", NAME)
        self.vocabulary = Vocabulary(self.artifact.path / "vocabulary.model")
        self.words = Shortlist.read(self.artifact.file(SHORTLIST))
        self.first: list[str] = []

    def parts(self) -> Mapping[str, Task]:
        return {name: Given(self.artifact.graph(name)) for name in (ENCODER, STEP)}

    def scores(self, models: Mapping[str, Any], split: Split = "held-out") -> MeanScores:
        graphs = Graphs(models[ENCODER], models[STEP], self.words)
        texts = [one.text for one in write(graphs, self.vocabulary, SENTENCES, "de")]
        self.first = self.first or texts
        return MeanScores({"same": np.array(texts) == np.array(self.first)})


def test_all_runs_of_both_graphs_are_made_there() -> None:
    task = Sentences()
    found = elsewhere(task, task.artifact, Here("here", "here", "none", frozenset(), frozenset()))
    assert found.there.retentions[0].share == found.here.retentions[0].share == 1
    assert found.inputs == found.held_out == len(SENTENCES)
    assert found.runs > len(SENTENCES), "the step runs for every token"
    assert found.outputs.values > 1000
    assert found.outputs.differing == 0


def test_their_inputs_cannot_be_chosen() -> None:
    task = Sentences()
    with pytest.raises(ConfigError, match=r"inputs of en-de cannot be chosen.*--set"):
        elsewhere(task, task.artifact, Here("here", "here", "none", frozenset(), frozenset()), inputs=2)
