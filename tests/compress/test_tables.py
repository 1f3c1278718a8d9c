"""Embeddings in int8: stored by rows, looked up as float, multiplied in integers where they are an output layer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from tightrope.compress import Candidate, MeanScores, Task
from tightrope.compress.registry import pass_methods, run_pass
from tightrope.compress.tables import quantize_rows
from tightrope.compress.task import Model, Split
from tightrope.measure.profile import profile
from tightrope.runtime.session import Inputs

WORDS, WIDTH = 64, 32


class Tied(nn.Module):
    """Looks words up, and tells which of some others comes next by the same table."""

    def __init__(self, also_by_column: bool = False) -> None:
        super().__init__()
        self.table = nn.Embedding(WORDS, WIDTH)
        self.mix, self.also_by_column = nn.Linear(WIDTH, WIDTH), also_by_column

    def forward(self, tokens: Tensor, words: Tensor) -> Tensor:
        hidden = torch.tanh(self.mix(self.table(tokens)))
        logits: Tensor = hidden @ functional.embedding(words, self.table.weight).T
        return logits + self.table.weight.index_select(1, words % WIDTH).sum(0) if self.also_by_column else logits


class NextWord(Task):
    """Named inputs of any length, integers all of them."""

    app, name, gate_metrics = "test", "next-word", ("likeness",)
    free_axes = {"tokens": {0: "batch"}, "words": {0: "count"}}  # noqa: RUF012

    def __init__(self, also_by_column: bool = False) -> None:
        torch.manual_seed(0)
        self.net = Tied(also_by_column).eval()

    def reference(self) -> nn.Module:
        return self.net

    def example(self) -> Inputs:
        return next(self.calibration())

    def calibration(self) -> Iterator[Inputs]:
        random = np.random.default_rng(0)
        for count in range(3, 9):
            yield {"tokens": random.integers(0, WORDS, count), "words": random.integers(0, WORDS, 2 * count)}

    def evaluate(self, model: Model, split: Split = "held-out") -> MeanScores:
        losses = []
        for feeds in self.calibration():
            assert not isinstance(feeds, np.ndarray)
            with torch.no_grad():
                expected = self.net(*(torch.from_numpy(array) for array in feeds.values())).numpy()
            losses.append(np.linalg.norm(model(feeds)[0] - expected) / np.linalg.norm(expected))
        return MeanScores({"likeness": [1 - loss for loss in losses]})


def through(task: Task, *methods: str) -> Candidate:
    candidate = Candidate(module=task.reference())
    for method in methods:
        candidate = run_pass(pass_methods()[method](), candidate, task)
    return candidate


def large_constants(candidate: Candidate) -> dict[str, np.dtype]:
    assert candidate.graph is not None
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in candidate.graph.graph.initializer}
    return {name: array.dtype for name, array in found.items() if array.size >= WIDTH * WIDTH}


@pytest.mark.parametrize("passes", [("export",), ("export", "clean")])
def test_a_tied_table_is_stored_once_and_computes_in_integers(passes: tuple[str, ...]) -> None:
    task = NextWord()
    made = through(task, *passes, "quantize-dynamic")
    assert made.lineage[-1].notes["tables"] == 1
    assert set(large_constants(made).values()) == {np.dtype(np.int8)}
    scores = task.evaluate(made.session())
    assert min(scores.on(np.array([k]))["likeness"] for k in range(len(scores))) > 0.97
    feeds = task.example()
    assert not isinstance(feeds, np.ndarray)
    found = profile(made.graph_bytes, feeds, runs=2, top=50)
    integer = {row.op_type: row.calls for row in found.op_types if row.integer}
    assert integer == {"DynamicQuantizeMatMul": 2}, "onnxruntime fuses both products, that with the table too"


def test_a_table_that_something_else_reads_stays_in_float() -> None:
    made = through(NextWord(also_by_column=True), "export", "quantize-dynamic")
    assert "tables" not in made.lineage[-1].notes
    assert np.dtype(np.float32) in large_constants(made).values()


def test_on_request_tables_stay_in_float() -> None:
    task = NextWord()
    before = through(task, "export")
    made = run_pass(pass_methods()["quantize-dynamic"](tables=False), before, task)
    assert np.dtype(np.float32) in large_constants(made).values()


def test_a_graph_of_several_inputs_is_calibrated_on_all() -> None:
    """Static quantization streams the same inputs; what is looked up has a range, what counts has none."""
    task = NextWord()
    made = through(task, "export", "clean", "quantize-static")
    assert any(node.op_type == "QuantizeLinear" for node in _graph(made).node)
    scores = task.evaluate(made.session())
    assert scores.on(np.arange(len(scores)))["likeness"] > 0.9


@given(arrays(np.float32, (4, 6), elements=st.floats(-1e6, 1e6, width=32)), st.sampled_from([63, 127]))
def test_rows_are_off_by_half_a_step_at_most(table: np.ndarray, limit: int) -> None:
    rows, scales = quantize_rows(table, limit)
    assert np.abs(rows.astype(int)).max() <= limit
    assert (np.abs(rows * scales[:, None].astype(np.float64) - table) <= 0.5001 * scales[:, None]).all()


def _graph(candidate: Candidate) -> onnx.GraphProto:
    assert candidate.graph is not None
    return candidate.graph.graph
