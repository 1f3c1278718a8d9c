"""The int8 passes: their integers, their ranges, what rounding gains, and which layers are spared."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import copy
from typing import Any, get_args

import numpy as np
import pytest
from onnx import numpy_helper
from torch import nn

from tightrope.compress import Candidate, MeanScores, pass_methods
from tightrope.compress.calibration import Method
from tightrope.compress.learned_rounding import round_by_learning
from tightrope.compress.passes import quantize_static
from tightrope.compress.scores import metrics
from tightrope.errors import ConfigError
from tightrope.measure.profile import profile
from tightrope.targets.target import Target, detect

from .conftest import apply
from .nets import Array, Likeness, error

Tasks = Callable[[str], Likeness]
Candidates = Callable[[str], Candidate]


def constants(candidate: Candidate, ending: str) -> dict[str, Array]:
    """Initializers whose names end so."""
    tensors = candidate.graph.graph.initializer if candidate.graph else ()
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in tensors if tensor.name.endswith(ending)}


def activation_parameters(candidate: Candidate) -> list[tuple[float, Array]]:
    """Scale and zero point of every QuantizeLinear: activations, as weights are quantized in the file."""
    assert candidate.graph is not None
    all_constants = constants(candidate, "")
    nodes = [node for node in candidate.graph.graph.node if node.op_type == "QuantizeLinear"]
    return [(float(all_constants[node.input[1]]), all_constants[node.input[2]]) for node in nodes]


def likeness(candidate: Candidate, task: Likeness) -> float:
    return metrics(task.evaluate(candidate.session()))["likeness"]


def test_convolutions_run_on_integers(task_of: Tasks, cleaned: Candidates) -> None:
    task = task_of("csp")
    after = apply("quantize-static", cleaned("csp"), task, inputs=4)
    found = profile(after.graph_bytes, {"input": task.example()}, runs=2, top=100)
    convolutions = [row for row in found.nodes if row.op_type == "QLinearConv"]
    assert len(convolutions) == 5
    assert not any(row.op_type == "Conv" for row in found.nodes)


def test_each_calibration_method_gives_ranges_of_its_own(task_of: Tasks, cleaned: Candidates) -> None:
    task = task_of("csp")
    made = {
        method: apply("quantize-static", cleaned("csp"), task, inputs=4, calibration=method, percentile=98)
        for method in get_args(Method)
    }
    scales = {method: np.array([scale for scale, _ in activation_parameters(c)]) for method, c in made.items()}
    assert len({tuple(found) for found in scales.values()}) == 4
    assert all(np.isfinite(found).all() and (found > 0).all() for found in scales.values())
    assert all(likeness(c, task) > 0.8 for c in made.values())


@pytest.mark.parametrize("integer", ["int8", "uint8"])
def test_symmetric_ranges_have_their_zero_in_the_middle(integer: str, task_of: Tasks, cleaned: Candidates) -> None:
    task = task_of("csp")
    zeros = {}
    for symmetric in (False, True):
        after = apply("quantize-static", cleaned("csp"), task, inputs=2, activations=integer, symmetric=symmetric)
        parameters = activation_parameters(after)
        assert {zero.dtype for _, zero in parameters} == {np.dtype(integer)}
        zeros[symmetric] = {int(zero) for _, zero in parameters}
    middle = {"int8": {0}, "uint8": {127, 128}}[integer]
    assert zeros[True] <= middle
    assert not zeros[False] <= middle


@pytest.mark.parametrize("rounding", ["nearest", "hessian", "learned"])
@pytest.mark.parametrize("per_channel", [True, False])
def test_reduced_range_keeps_weights_in_seven_bits(
    rounding: str, per_channel: bool, task_of: Tasks, cleaned: Candidates
) -> None:
    largest = {}
    for reduce in (True, False):
        settings = {"inputs": 2, "rounding": rounding, "per_channel": per_channel, "reduce_range": reduce}
        after = apply("quantize-static", cleaned("csp"), task_of("csp"), **settings)
        weights = [w for w in constants(after, "_quantized").values() if w.dtype == np.int8]
        largest[reduce] = max(int(np.abs(w.astype(int)).max()) for w in weights)
        scales = [s for name, s in constants(after, "weight_scale").items() if s.ndim and s.size > 1]
        assert bool(scales) == per_channel
    assert largest[True] <= 64 < largest[False] <= 127


@pytest.mark.parametrize("method", ["quantize-static", "quantize-dynamic"])
@pytest.mark.parametrize("needed", [True, False])
def test_auto_follows_the_instruction_set(
    method: str, needed: bool, task_of: Tasks, cleaned: Candidates, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = detect()

    def pretended() -> Target:
        return here.model_copy(update={"reduce_range": needed})

    monkeypatch.setattr(quantize_static, "detect", pretended)
    settings = {"inputs": 2} if method == "quantize-static" else {}
    after = apply(method, cleaned("transformer"), task_of("transformer"), **settings)
    assert after.lineage[-1].notes["reduce_range"] is needed
    weights = [w for w in constants(after, "_quantized").values() if w.dtype == np.int8]
    assert weights
    assert (max(int(np.abs(w.astype(int)).max()) for w in weights) <= 64) == needed


@pytest.mark.parametrize("chosen", ["hessian", "learned"])
def test_chosen_rounding_lowers_the_error_on_inputs_it_has_not_seen(
    chosen: str, task_of: Tasks, cleaned: Candidates
) -> None:
    """With weights of 7 bits on a chain, where errors add up; everything else is the same in both."""
    task = task_of("chain")
    made = {
        rounding: apply("quantize-static", cleaned("chain"), task, inputs=4, rounding=rounding, reduce_range=True)
        for rounding in ("nearest", chosen)
    }
    weights = {rounding: constants(c, "weight_quantized") for rounding, c in made.items()}
    assert any((weights["nearest"][name] != found).any() for name, found in weights[chosen].items())
    assert activation_parameters(made["nearest"]) == activation_parameters(made[chosen])
    lost = {rounding: 1 - likeness(c, task) for rounding, c in made.items()}
    assert lost[chosen] < 0.95 * lost["nearest"]


def test_learned_rounding_goes_up_or_down_and_loses_less() -> None:
    """On inputs that hang together; where they do not, the nearest is the best there is, and is found."""
    random = np.random.default_rng(0)
    weights, scale = random.normal(size=(8, 36)).astype(np.float32), np.full((8, 1), 0.25, np.float32)
    mixing = random.normal(size=(36, 36)) / 6 + 0.5
    nearest = np.round(weights / scale).clip(-7, 7)
    for moment in (mixing @ mixing.T, np.eye(36)):
        found = round_by_learning(weights, scale, 7, moment.astype(np.float32))
        assert (np.abs(found - (weights / scale).clip(-7, 7)) < 1).all()
        lost, before = (np.trace((q * scale - weights) @ moment @ (q * scale - weights).T) for q in (found, nearest))
        assert lost <= before * (1 + 1e-6)
        if moment[0, 1]:
            assert lost < 0.5 * before


def test_dynamic_quantization_multiplies_integers_and_stays_close(task_of: Tasks, cleaned: Candidates) -> None:
    task, before = task_of("transformer"), cleaned("transformer")
    after = apply("quantize-dynamic", before, task)
    assert after.precision == "int8-dynamic"
    found = profile(after.graph_bytes, {"input": task.example()}, runs=2, top=100)
    assert found.integer_share > 0
    assert not found.fake_quantized
    assert len(after.graph_bytes) < 0.6 * len(before.graph_bytes)
    session = after.session()
    assert all(error(y, session(x)[0]) < 0.05 for x, y in zip(task.inputs, task.expected, strict=True))


class TestMixed:
    """A chain of seven convolutions of which int8 destroys the fourth."""

    @pytest.fixture
    def made(self, task_of: Tasks, cleaned: Candidates) -> tuple[Candidate, int]:
        """What the pass makes of it, and how often it asked the task for a score."""
        task = task_of("fragile")
        before = task.evaluations
        after = apply("quantize-mixed", cleaned("fragile"), task, inputs=4, probe_inputs=2, measured=2, keep=0.8)
        return after, task.evaluations - before

    def test_plain_int8_destroys_it(self, task_of: Tasks, cleaned: Candidates) -> None:
        task = task_of("fragile")
        assert likeness(apply("quantize-static", cleaned("fragile"), task, inputs=4), task) < 0.5

    def test_exactly_the_fragile_layer_stays_in_float(
        self, made: tuple[Candidate, int], task_of: Tasks, cleaned: Candidates
    ) -> None:
        after, _ = made
        convolutions = [node for node in cleaned("fragile").float_graph().graph.node if node.op_type == "Conv"]
        assert after.lineage[-1].notes["kept_in_float"] == [convolutions[3].name]
        assert after.precision == "mixed"
        in_float = {name for name, array in constants(after, "weight").items() if array.dtype == np.float32}
        assert in_float == {convolutions[3].input[1]}
        assert likeness(after, task_of("fragile")) > 0.8

    def test_it_asks_for_few_scores(self, made: tuple[Candidate, int]) -> None:
        after, asked = made
        notes = after.lineage[-1].notes
        assert notes["layers"] == 7
        assert notes["evaluations"] <= 2 + math.ceil(math.log2(7))
        assert asked == notes["evaluations"] + 1 + 2, "for the ranking: the reference and the two worst"

    def test_the_ranking_is_recorded_worst_first(self, made: tuple[Candidate, int]) -> None:
        ranking: list[dict[str, Any]] = made[0].lineage[-1].notes["sensitivity"]
        assert ranking[0]["layer"] == made[0].lineage[-1].notes["kept_in_float"][0]
        assert [row["loss"] is None for row in ranking] == [False] * 2 + [True] * 5
        assert ranking[0]["error"] > 10 * max(row["error"] for row in ranking[1:])

    def test_at_least_so_many_are_spared(self, task_of: Tasks, cleaned: Candidates) -> None:
        settings = {"inputs": 2, "probe_inputs": 1, "measured": 0, "keep": 0.5, "at_least": 3}
        after = apply("quantize-mixed", cleaned("fragile"), task_of("fragile"), **settings)
        assert len(after.lineage[-1].notes["kept_in_float"]) == 3

    def test_the_leading_layers_are_spared_before_the_worst(self, task_of: Tasks, cleaned: Candidates) -> None:
        settings = {"inputs": 2, "probe_inputs": 1, "measured": 0, "keep": 0.5, "leading": 2}
        after = apply("quantize-mixed", cleaned("fragile"), task_of("fragile"), **settings)
        kept = after.lineage[-1].notes["kept_in_float"]
        convolutions = [node.name for node in cleaned("fragile").float_graph().graph.node if node.op_type == "Conv"]
        assert sorted(kept[:2]) == sorted(convolutions[:2])


def test_a_layer_in_float_is_computed_in_float(task_of: Tasks, cleaned: Candidates) -> None:
    """Behind a ReLU, too, where onnxruntime's load-time rewrite would give it int8 weights of its own rounding."""
    task = task_of("fragile-relu")
    quantizer = pass_methods()["quantize-mixed"](inputs=4).quantizer(cleaned("fragile-relu"), task)
    graph = quantizer.build(keep_float=quantizer.layers[3].nodes)
    found = profile(graph.SerializeToString(), {"input": task.example()}, runs=2, top=100)
    assert [row.op_type for row in found.nodes if "Conv" in row.op_type].count("QLinearConv") == 6


def test_what_dynamic_quantization_has_nothing_to_do_with_keeps_its_precision(
    task_of: Tasks, cleaned: Candidates
) -> None:
    """A net of convolutions alone stays float, and is not called int8."""
    after = apply("quantize-dynamic", cleaned("chain"), task_of("chain"))
    assert after.lineage[-1].notes["layers"] == 0
    assert after.precision == "fp32"


def test_what_has_no_layer_for_int8_is_not_called_so() -> None:
    task = Likeness(nn.ReLU, (1, 3, 4, 4))
    plain = apply("export", Candidate(module=task.net), task)
    for method in ("quantize-static", "quantize-mixed"):
        after = apply(method, plain, task)
        assert after.precision == "fp32"
        assert after.graph_bytes == plain.graph_bytes
        assert after.lineage[-1].notes["quantized"] == 0


def test_what_keeps_all_layers_in_float_is_not_called_mixed(task_of: Tasks, cleaned: Candidates) -> None:
    settings = {"inputs": 2, "probe_inputs": 1, "measured": 0, "at_least": 99}
    after = apply("quantize-mixed", cleaned("fragile"), task_of("fragile"), **settings)
    assert after.precision == "fp32"
    assert after.lineage[-1].notes["quantized"] == 0
    assert len(after.lineage[-1].notes["kept_in_float"]) == 7


@pytest.mark.parametrize("measured", [0, 1])
@pytest.mark.parametrize(("metric", "words"), [("likenes", "no metric 'likenes'"), ("zero", "scores 0 in 'zero'")])
def test_a_metric_that_nothing_can_be_kept_of(
    measured: int, metric: str, words: str, task_of: Tasks, cleaned: Candidates, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = copy(task_of("chain"))
    task.gate_metrics = (metric,)  # type: ignore[assignment]
    monkeypatch.setattr(task, "evaluate", lambda model, split: MeanScores({"likeness": [1.0], "zero": [0.0]}))
    with pytest.raises(ConfigError, match=words):
        apply("quantize-mixed", cleaned("chain"), task, inputs=1, probe_inputs=1, measured=measured)
