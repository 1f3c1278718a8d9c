"""Quantization-aware training: the integers it learns, on the graph that onnxruntime runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from tightrope.compress import Candidate
from tightrope.compress.fake_quantize import Grid
from tightrope.compress.quantized_student import QuantizedStudent
from tightrope.compress.scores import metrics
from tightrope.measure.profile import profile
from tightrope.runtime.session import Session

from .conftest import apply
from .nets import Array, Csp, Likeness, error

Tasks = Callable[[str], Likeness]
Candidates = Callable[[str], Candidate]
START = {"inputs": 4, "probe_inputs": 1, "measured": 0, "keep": 0.5, "reduce_range": True}
LEARN = {**START, "steps": 120, "batch": 2, "rate": 6e-4, "blend": 0}


def lost(task: Likeness, candidate: Candidate) -> float:
    """On inputs that were not learned from."""
    return 1 - metrics(task.evaluate(candidate.session()))["likeness"]


def constants(candidate: Candidate) -> dict[str, Array]:
    assert candidate.graph is not None
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in candidate.graph.graph.initializer}


def integer_convolutions(candidate: Candidate, task: Likeness) -> int:
    found = profile(candidate.graph_bytes, {"input": task.example()}, runs=2, top=100)
    assert not found.fake_quantized
    return sum(row.op_type == "QLinearConv" for row in found.nodes)


class TestLearned:
    """What training makes of a cross-stage partial block, beside the same settings without training."""

    @pytest.fixture(scope="class")
    def before(self, task_of: Tasks, cleaned: Candidates) -> Candidate:
        return apply("quantize-mixed", cleaned("csp"), task_of("csp"), **START)

    @pytest.fixture(scope="class")
    def after(self, task_of: Tasks, cleaned: Candidates) -> Candidate:
        return apply("quantize-distilled", cleaned("csp"), task_of("csp"), **LEARN)

    def test_less_is_lost_on_inputs_it_has_not_seen(self, before: Candidate, after: Candidate, task_of: Tasks) -> None:
        assert lost(task_of("csp"), after) < 0.8 * lost(task_of("csp"), before)
        notes = after.lineage[-1].notes
        assert notes["loss_last"] < notes["loss_first"]

    def test_only_numbers_change(self, before: Candidate, after: Candidate) -> None:
        graphs = [onnx.ModelProto.FromString(candidate.graph_bytes).graph for candidate in (before, after)]
        assert graphs[0].node == graphs[1].node
        old, new = constants(before), constants(after)
        assert [(name, a.shape, a.dtype) for name, a in old.items()] == [(n, a.shape, a.dtype) for n, a in new.items()]

    def test_the_same_layers_run_on_integers(self, before: Candidate, after: Candidate, task_of: Tasks) -> None:
        onnx.checker.check_model(after.graph_bytes)
        task = task_of("csp")
        assert integer_convolutions(after, task) == integer_convolutions(before, task) == 5

    def test_weights_scales_ranges_and_biases_are_learned(self, before: Candidate, after: Candidate) -> None:
        old, new = constants(before), constants(after)
        for ending in ("weight_quantized", "weight_scale", "bias_quantized", "bias_quantized_scale"):
            names = [name for name in old if name.endswith(ending)]
            assert names
            assert all((old[name] != new[name]).any() for name in names), ending
        assert after.graph is not None
        ranges = [node.input[1] for node in after.graph.graph.node if node.op_type == "QuantizeLinear"]
        assert all(old[name] != new[name] for name in ranges)

    def test_weights_stay_in_seven_bits(self, after: Candidate) -> None:
        weights = [array for array in constants(after).values() if array.dtype == np.int8 and array.ndim > 1]
        assert max(int(np.abs(array.astype(int)).max()) for array in weights) <= 64

    def test_what_is_concatenated_shares_its_range_still(self, after: Candidate) -> None:
        assert after.graph is not None
        nodes, found = after.graph.graph.node, constants(after)
        made = {output: node for node in nodes for output in node.output}
        read = {node.input[0]: node for node in nodes if node.op_type == "QuantizeLinear"}
        (join,) = (node for node in nodes if node.op_type == "Concat")
        results = [read[join.output[0]], *(made[name] for name in join.input)]
        assert len({(float(found[node.input[1]]), int(found[node.input[2]])) for node in results}) == 1

    def test_a_bias_is_stored_in_steps_of_input_and_weight(self, after: Candidate) -> None:
        assert after.graph is not None
        found = constants(after)
        made = {output: node for node in after.graph.graph.node for output in node.output}
        layers = [node for node in after.graph.graph.node if node.op_type == "Conv"]
        assert len(layers) == 5
        for node in layers:
            data, weight, bias = (found[made[name].input[1]] for name in node.input)
            np.testing.assert_allclose(bias, data * weight, rtol=1e-6)

    def test_the_same_seed_gives_the_same_graph(self, task_of: Tasks, cleaned: Candidates) -> None:
        few = {**START, "steps": 2, "batch": 1, "blend": 0.5}
        one, same, other = (
            apply("quantize-distilled", cleaned("csp"), task_of("csp"), **few, seed=seed) for seed in (0, 0, 1)
        )
        assert one.graph_bytes == same.graph_bytes != other.graph_bytes


@pytest.mark.parametrize("net", ["csp", "transformer", "mobilenet"])
def test_what_is_trained_is_what_onnxruntime_runs(net: str, task_of: Tasks, cleaned: Candidates) -> None:
    """Before a step: outputs agree, up to values that lie between two integers, and the graph comes back as it was."""
    task, source = task_of(net), cleaned(net)
    quantized = apply("quantize-static", source, task, inputs=4, reduce_range=True)
    assert quantized.graph is not None
    student = QuantizedStudent(quantized.graph, source.float_graph(), reduce_range=True, symmetric=False)
    session, again = quantized.session(), Session(student.graph().SerializeToString())
    lost = np.mean([error(y, session(x)[0]) for x, y in zip(task.inputs, task.expected, strict=True)])
    for x in task.inputs:
        (found,) = student(torch.from_numpy(x)).values()
        assert error(session(x)[0], found.detach().numpy()) < 0.7 * lost
    before = constants(quantized)
    for tensor in student.graph().graph.initializer:
        np.testing.assert_allclose(numpy_helper.to_array(tensor), before[tensor.name], rtol=1e-6, atol=1e-6)
    assert np.mean([error(session(x)[0], again(x)[0]) for x in task.inputs]) < 0.7 * lost


def test_ranges_alone_can_be_learned(task_of: Tasks, cleaned: Candidates) -> None:
    """Ranges and biases change, weights and their scales do not, and less is lost all the same."""
    task, settings = task_of("csp"), {**LEARN, "steps": 20, "learned": "ranges"}
    before = apply("quantize-mixed", cleaned("csp"), task, **START)
    after = apply("quantize-distilled", cleaned("csp"), task, **settings)
    old, new = constants(before), constants(after)
    changed = {name for name in old if not np.allclose(old[name], new[name], rtol=1e-5, atol=0)}
    assert changed
    assert not any(name.endswith((".weight_quantized", ".weight_scale")) for name in changed)
    assert lost(task, after) < lost(task, before)


def test_symmetric_ranges_keep_their_zero(task_of: Tasks, cleaned: Candidates) -> None:
    settings = {**LEARN, "steps": 5, "symmetric": True, "activations": "int8"}
    after = apply("quantize-distilled", cleaned("csp"), task_of("csp"), **settings)
    assert after.graph is not None
    found = constants(after)
    assert {int(found[n.input[2]]) for n in after.graph.graph.node if n.op_type == "QuantizeLinear"} == {0}


class Louder(Likeness):
    """Of a mind of its own: a student is right where it is a twentieth louder than its teacher."""

    def divergence(self, teacher: Sequence[torch.Tensor], student: Sequence[torch.Tensor]) -> torch.Tensor:
        return (1.05 * teacher[0] - student[0]).square().mean() / teacher[0].square().mean()

    def training(self) -> Iterator[Array]:
        self.asked = True
        return super().training()


def test_the_task_says_what_counts_and_what_to_learn_from(cleaned: Candidates) -> None:
    task = Louder(Csp, (1, 3, 32, 32))
    session = apply("quantize-distilled", cleaned("csp"), task, **LEARN).session()
    louder = [error(1.05 * y, session(x)[0]) for x, y in zip(task.inputs, task.expected, strict=True)]
    same = [error(y, session(x)[0]) for x, y in zip(task.inputs, task.expected, strict=True)]
    assert np.mean(louder) < 0.5 * np.mean(same)
    assert task.asked


class TestGrid:
    @pytest.fixture
    def grid(self) -> Grid:
        return Grid.of(torch.tensor(0.1), torch.tensor(3), 0, 255)

    def test_it_rounds_as_onnxruntime_does(self) -> None:
        values = np.random.default_rng(0).normal(scale=20, size=4096).astype(np.float32)
        values[:64] = (np.arange(64) - 20.5) * 0.25  # between two integers: to the even one
        nodes = [
            helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
            helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"]),
        ]
        info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4096]) for name in "xy"]
        scale, zero = np.array(0.25, np.float32), np.array(100, np.uint8)
        tensors = [numpy_helper.from_array(scale, "s"), numpy_helper.from_array(zero, "z")]
        graph = helper.make_graph(nodes, "g", info[:1], info[1:], tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
        (expected,) = Session(model.SerializeToString())(values)
        grid = Grid.of(torch.from_numpy(scale), torch.from_numpy(zero), 0, 255)
        np.testing.assert_array_equal(grid(torch.from_numpy(values)).numpy(), expected)

    def test_gradients_pass_where_nothing_is_clipped(self, grid: Grid) -> None:
        x = torch.tensor([-5.0, 0.33, 1.0, 99.0], requires_grad=True)
        grid(x).sum().backward()  # type: ignore[no-untyped-call]
        assert x.grad is not None
        assert x.grad.tolist() == [0, 1, 1, 0]

    @pytest.mark.parametrize(("value", "by_scale"), [(0.33, 3 - 3.3), (-5.0, -3), (99.0, 252)])
    def test_the_scale_learns_as_in_the_paper(self, value: float, by_scale: float, grid: Grid) -> None:
        """Esser et al., equation 3: the rounding's error inside, the end of the grid outside."""
        grid.log_scale.requires_grad_()
        grid(torch.tensor([value])).sum().backward()  # type: ignore[no-untyped-call]
        assert grid.log_scale.grad is not None
        assert float(grid.log_scale.grad) == pytest.approx(by_scale * 0.1, abs=1e-5)

    @pytest.mark.parametrize(("value", "by_zero"), [(0.33, 0), (-5.0, -0.1), (99.0, -0.1)])
    def test_the_zero_learns_from_what_is_clipped(self, value: float, by_zero: float, grid: Grid) -> None:
        grid.free_zero.requires_grad_()
        grid(torch.tensor([value])).sum().backward()  # type: ignore[no-untyped-call]
        assert grid.free_zero.grad is not None
        assert float(grid.free_zero.grad) == pytest.approx(by_zero, abs=1e-6)
