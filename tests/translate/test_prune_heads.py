"""Heads taken from the shipped encoder, its weights in float again: it is smaller, and translates much as before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from tightrope.artifact import Artifact
from tightrope.compress.candidate import Candidate
from tightrope.compress.passes.prune_heads import PruneHeads
from tightrope.compress.quantize import layers
from tightrope.models import artifact_names, open_artifact
from tightrope_translate.graphs import ENCODER, SHORTLIST, STEP, Graphs
from tightrope_translate.greedy import write
from tightrope_translate.shortlist import Shortlist
from tightrope_translate.vocabulary import Vocabulary

NAME = "en-de-int8"
SENTENCES = (
    "Where is the station?",
    "I would like a cup of coffee, please.",
    "The train leaves at half past nine.",
    "She has never been to Berlin before.",
    "Can you help me carry this box?",
    "We did not see anybody in the garden.",
    "My brother is two years older than I am.",
    "The shop is closed on Sundays.",
)


def in_float(quantized: bytes) -> onnx.ModelProto:
    """The graph that dynamic int8 was made of, with the weights that int8 left: x Q s becomes x (Q s)."""
    model = onnx.load_from_string(quantized)
    graph = model.graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    makers = {made: node for node in graph.node for made in node.output}
    readers = {name: node for node in graph.node for name in node.input}
    floats, kept = {}, []
    for node in graph.node:
        if node.op_type != "MatMulInteger":
            kept.append(node)
            continue
        last = readers[readers[node.output[0]].output[0]]  # Cast, then Mul by both steps
        scales = makers[next(name for name in last.input if makers[name].op_type == "Mul")]
        step = next(values[name] for name in scales.input if name in values)
        zero = values[node.input[3]].astype(np.float32) if len(node.input) > 3 else np.float32(0)
        weight = f"{node.output[0]}_float"
        floats[weight] = ((values[node.input[1]].astype(np.float32) - zero) * step).astype(np.float32)
        read = makers[node.input[0]].input[0]
        kept.append(helper.make_node("MatMul", [read, weight], [last.output[0]], node.name))
        last.op_type = "gone"
    del graph.node[:]
    needed = {output.name for output in graph.output}
    alive = []
    for node in reversed(kept):
        if node.op_type != "gone" and needed.intersection(node.output):
            alive.append(node)
            needed.update(node.input)
    graph.node.extend(reversed(alive))
    del graph.initializer[:]
    both = {**values, **floats}
    graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in both.items() if name in needed)
    return model


class Sources:
    """Calibration inputs as the encoder's task gives them: sentences of about one length together."""

    def __init__(self, artifact: Artifact, vocabulary: Vocabulary) -> None:
        tag = vocabulary.tags["de"]
        rows = sorted(([tag, *tokens] for tokens in vocabulary.encode(list(SENTENCES))), key=len)
        self.batches = []
        for start in range(0, len(rows), 4):
            part = rows[start : start + 4]
            padded = [row + [0] * (len(part[-1]) - len(row)) for row in part]
            self.batches.append({"source": np.array(padded)})

    def calibration(self) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
        return iter(self.batches)


@pytest.mark.skipif(NAME not in artifact_names("translate"), reason="no translator is shipped")
@pytest.mark.parametrize("importance", ["ablation", "energy"])
def test_the_encoder_loses_heads_and_translates_on(importance: Any) -> None:
    artifact = open_artifact("translate", NAME)
    vocabulary = Vocabulary(artifact.path / "vocabulary.model")
    task: Any = Sources(artifact, vocabulary)
    before = Candidate(graph=in_float(artifact.graph(ENCODER)))
    step, words = artifact.session(name=STEP), Shortlist.read(artifact.file(SHORTLIST))

    def translated(encoder: Candidate) -> list[str]:
        graphs = Graphs(encoder.session(), step, words)
        return [one.text for one in write(graphs, vocabulary, SENTENCES, "de")]

    whole, distance = translated(before), {}
    for ratio in (0.125, 0.5):
        after = PruneHeads(ratio=ratio, importance=importance, inputs=2).apply(before, task)
        counts = np.array(list(after.lineage[-1].notes["heads"].values()))
        assert counts[:, 1].sum() == counts[:, 0].sum() - round(ratio * counts[:, 0].sum())
        assert counts.min() >= 1
        assert len(counts) > 1, "every layer of the encoder has attention"
        works = [sum(layer.work for layer in layers(each.float_graph())) for each in (before, after)]
        assert works[1] < works[0]
        assert len(after.graph_bytes) < len(before.graph_bytes)
        made = [each.session()(task.batches[0]["source"])[0] for each in (before, after)]
        distance[ratio] = float(np.linalg.norm(made[1] - made[0]) / np.linalg.norm(made[0]))
        if ratio < 0.2:
            same = sum(a == b for a, b in zip(whole, translated(after), strict=True))
            assert same >= len(SENTENCES) // 2, (importance, same)
    assert 0 < distance[0.125] < distance[0.5] < 1
