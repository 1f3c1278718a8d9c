"""Each registered pass on each kind of network: it has its effect, keeps the function, and leaves its input alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from tightrope.compress import Candidate, pass_methods
from tightrope.compress.passes.equalize import find_links
from tightrope.compress.quantize import layers
from tightrope.compress.recipe import Recipe
from tightrope.compress.scores import metrics
from tightrope.errors import ConfigError
from tightrope.measure.profile import profile

from .conftest import apply
from .nets import NETS, Likeness, error

Effect = Callable[[Candidate, Candidate, Likeness], bool]
QUICK: dict[str, dict[str, Any]] = {
    "quantize-static": {"inputs": 4},
    "quantize-mixed": {"inputs": 4, "probe_inputs": 1, "measured": 0, "keep": 0.8},
    "quantize-distilled": {
        **{"inputs": 4, "probe_inputs": 1, "measured": 0, "keep": 0.1},
        **{"steps": 2, "batch": 1, "rate": 1e-5},
    },
    "distil": {"inputs": 4, "steps": 2, "batch": 1, "rate": 1e-5},
    "shrink-input": {"factor": 0.9, "multiple": 4},
    "free-sides": {"multiple": 4},
    "factorize": {"energy": 0.6, "gain": 0.99, "inputs": 2},
    "smooth": {"inputs": 4},
    "quantize-weights": {"bits": 8},
    "prune-weights": {"ratio": 0.2},
}
NOT_FOR = {("shrink-input", "transformer"), ("free-sides", "transformer")}  # a text has no sides


ON_MODULES = {"export", "prune-channels"}
ON_ANYTHING = {"clean", "run-on", "free-sides", "from-artifact"}
# The result of the first is a module, and the second needs an artifact: see test_prune_channels, test_free_sides.
ELSEWHERE = {"prune-channels", "from-artifact"}


def _computes_the_same_elsewhere(before: Candidate, after: Candidate, task: Likeness) -> bool:
    """The pass itself checks the example, which is the first input."""
    session = after.session()
    return all(error(y, session(x)[0]) < 1e-4 for x, y in zip(task.inputs[1:], task.expected[1:], strict=True))


def _leaves_no_annotation(before: Candidate, after: Candidate, task: Likeness) -> bool:
    here = str(torch.__path__[0]).encode()
    assert here in before.graph_bytes, "the exporter writes the paths of source files: else this proves nothing"
    assert after.graph is not None
    names = [node.name for node in after.graph.graph.node]
    return b"site-packages" not in after.graph_bytes and all(names) and len(set(names)) == len(names)


def _halves_the_weights(before: Candidate, after: Candidate, task: Likeness) -> bool:
    return _stored(after) < 0.55 * _stored(before)


def _moves_scales(before: Candidate, after: Candidate, task: Likeness) -> bool:
    """Weights change where there is a link between convolutions, and nothing does where there is none."""
    assert before.graph is not None
    linked = any(find_links(before.graph))
    return (after.graph_bytes != before.graph_bytes) == linked == (after.lineage[-1].notes["links"] > 0)


def _runs_on_integers(before: Candidate, after: Candidate, task: Likeness) -> bool:
    found = profile(after.graph_bytes, {task.input_name: task.example()}, runs=2, top=100)
    types = {row.op_type for row in found.op_types if row.integer}
    return bool(types & {"QLinearConv", "QLinearMatMul", "QGemm"}) and not found.fake_quantized


def _multiplies_integers(before: Candidate, after: Candidate, task: Likeness) -> bool:
    return any(node.op_type == "MatMulInteger" for node in _graph(after).node) and _stored(after) < _stored(before)


def _changes_every_weight(before: Candidate, after: Candidate, task: Likeness) -> bool:
    """That it changes them for the better: see test_distil."""
    old = {tensor.name: numpy_helper.to_array(tensor) for tensor in _graph(before).initializer}
    weights = [node.input[1] for node in _graph(after).node if node.op_type == "Conv"]
    new = {tensor.name: numpy_helper.to_array(tensor) for tensor in _graph(after).initializer}
    return all((old[name] != new[name]).any() for name in weights) and after.graph_bytes != before.graph_bytes


def _costs_less(before: Candidate, after: Candidate, task: Likeness) -> bool:
    return _work(after) < 0.9 * _work(before)


def _moves_outliers(before: Candidate, after: Candidate, task: Likeness) -> bool:
    """Where a LayerNormalization stands before a product, and nowhere else. What that is good for: see test_smooth."""
    norms = any(node.op_type == "LayerNormalization" for node in _graph(before).node)
    return (after.graph_bytes != before.graph_bytes) == norms == (after.lineage[-1].notes["absorbed"] > 0)


def _multiplies_by_blocks(before: Candidate, after: Candidate, task: Likeness) -> bool:
    blocks = [node for node in _graph(after).node if node.op_type == "MatMulNBits"]
    return len(blocks) == after.lineage[-1].notes["layers"] > 0 and _stored(after) < _stored(before)


def _takes_other_sizes(before: Candidate, after: Candidate, task: Likeness) -> bool:
    """And gives what the network gives there."""
    wider = np.concatenate([task.example(), task.inputs[1][..., :8]], axis=3)
    with pytest.raises(Exception, match="Got invalid dimensions"):
        before.session()(wider)
    with torch.no_grad():
        expected = task.net(torch.from_numpy(wider)).numpy()
    return error(expected, after.session()(wider)[0]) < 1e-4


def _runs_elsewhere(before: Candidate, after: Candidate, task: Likeness) -> bool:
    """The same graph in OpenVINO's hands, which gives other last digits."""
    x = task.inputs[-1]
    same_graph = after.graph_bytes == before.graph_bytes
    return (
        same_graph and after.session().backend == "openvino" and (before.session()(x)[0] != after.session()(x)[0]).any()
    )


def _thins_feed_forward_blocks(before: Candidate, after: Candidate, task: Likeness) -> bool:
    """Where there is one. That the right units go: see test_prune_width."""
    blocks = any(node.op_type == "Gelu" for node in _graph(before).node)
    return _costs_less(before, after, task) == blocks == bool(after.lineage[-1].notes["widths"])


def _takes_heads_away(before: Candidate, after: Candidate, task: Likeness) -> bool:
    """One of four, where there is attention. That the right heads go: see test_prune_heads."""
    heads = any(node.op_type == "Softmax" for node in _graph(before).node)
    counts = list(after.lineage[-1].notes["heads"].values())
    return counts == ([[4, 3]] if heads else []) and (_work(after) < _work(before)) == heads


def _work(candidate: Candidate) -> int:
    return sum(layer.work for layer in layers(candidate.float_graph()))


def _is_sparse(before: Candidate, after: Candidate, task: Likeness) -> bool:
    zeros = [float((numpy_helper.to_array(t) == 0).mean()) for t in _graph(after).initializer if np.prod(t.dims) > 255]
    notes = after.lineage[-1].notes
    return max(zeros) > 0.19 and notes["deflated_after"] < 0.95 * notes["deflated_before"]


EFFECTS: dict[str, Effect] = {
    "export": _computes_the_same_elsewhere,
    "clean": _leaves_no_annotation,
    "half-weights": _halves_the_weights,
    "equalize": _moves_scales,
    "quantize-static": _runs_on_integers,
    "quantize-mixed": _runs_on_integers,
    "quantize-distilled": _runs_on_integers,
    "quantize-dynamic": _multiplies_integers,
    "distil": _changes_every_weight,
    "shrink-input": _costs_less,
    "factorize": _costs_less,
    "smooth": _moves_outliers,
    "quantize-weights": _multiplies_by_blocks,
    "prune-weights": _is_sparse,
    "prune-width": _thins_feed_forward_blocks,
    "prune-heads": _takes_heads_away,
    "free-sides": _takes_other_sizes,
    "run-on": _runs_elsewhere,
}
NEEDS = {"run-on": "openvino"}
# What is left of `Likeness`: random weights forgive far less than trained ones, and 52 layers of them least.
FLOAT_KEEPS = {"mobilenet": 0.9, "csp": 0.99, "transformer": 0.99}
INT8_KEEPS = {"mobilenet": 0.2, "csp": 0.97, "transformer": 0.95}
FACTORED_KEEPS = {"mobilenet": 0.05, "csp": 0.3, "transformer": 0.2}  # random matrices have full rank
SPARSE_KEEPS = {"mobilenet": 0.2, "csp": 0.8, "transformer": 0.8}
SHRUNK_KEEPS = {"mobilenet": 0.05, "csp": 0.9}  # the inputs are noise, which no smaller picture shows


def _graph(candidate: Candidate) -> onnx.GraphProto:
    assert candidate.graph is not None
    return candidate.graph.graph


def _stored(candidate: Candidate) -> int:
    """Bytes of all constants."""
    return sum(numpy_helper.to_array(tensor).nbytes for tensor in _graph(candidate).initializer)


def test_each_registered_pass_has_an_effect_to_show() -> None:
    assert set(EFFECTS) | ELSEWHERE == set(pass_methods()), "a new pass: say above what it does"


@pytest.mark.parametrize(
    ("method", "net"), [(method, net) for method in EFFECTS for net in NETS if (method, net) not in NOT_FOR]
)
def test_it_does_its_work_and_nothing_else(
    method: str,
    net: str,
    task_of: Callable[[str], Likeness],
    exported: Callable[[str], Candidate],
    cleaned: Callable[[str], Candidate],
) -> None:
    if method in NEEDS:
        pytest.importorskip(NEEDS[method])
    task = task_of(net)
    start = Candidate(module=task.reference())
    before = {"export": lambda _: start, "clean": exported}.get(method, cleaned)(net)
    snapshot = _snapshot(before)
    after = exported(net) if method == "export" else apply(method, before, task, **QUICK.get(method, {}))
    assert _snapshot(before) == snapshot, "a pass makes a new candidate"
    assert EFFECTS[method](before, after, task)
    assert [record.method for record in after.lineage] == [*(record.method for record in before.lineage), method]
    kind = {"quantize": INT8_KEEPS, "shrink": SHRUNK_KEEPS, "factorize": FACTORED_KEEPS, "prune": SPARSE_KEEPS}
    keeps = kind.get(method.split("-", 1)[0], FLOAT_KEEPS)
    assert metrics(task.evaluate(after.session()))["likeness"] > keeps[net]


def _snapshot(candidate: Candidate) -> list[bytes]:
    """Everything a pass could change: the module's mode and numbers before the export, the graph after it."""
    if candidate.module is None:
        assert candidate.graph is not None
        return [candidate.graph.SerializeToString(deterministic=True)]
    state = candidate.module.state_dict().items()
    return [str(candidate.module.training).encode(), *(name.encode() + t.numpy().tobytes() for name, t in state)]


@pytest.mark.parametrize("method", pass_methods())
def test_a_misspelt_setting_is_refused_with_the_place(method: str) -> None:
    steps = [{"method": "export"}, {"method": method, "inptus": 3}]
    with pytest.raises(ConfigError, match=rf'mine\.toml, pass 2 \({method}\): unknown key "inptus"'):
        Recipe.parse({"name": "r", "passes": steps}, "mine.toml")


@pytest.mark.parametrize("method", sorted(set(pass_methods()) - ON_MODULES))
def test_without_a_graph_it_says_what_to_put_first(method: str, task_of: Callable[[str], Likeness]) -> None:
    if method in NEEDS:
        pytest.importorskip(NEEDS[method])
    task = task_of("chain")
    with pytest.raises(ConfigError, match="put an `export` pass"):
        apply(method, Candidate(module=task.reference()), task)


@pytest.mark.parametrize("method", sorted(set(pass_methods()) - ON_MODULES - ON_ANYTHING))
def test_what_is_quantized_is_not_changed_again(
    method: str, task_of: Callable[[str], Likeness], cleaned: Callable[[str], Candidate]
) -> None:
    task = task_of("chain")
    quantized = apply("quantize-static", cleaned("chain"), task, inputs=1)
    with pytest.raises(ConfigError, match="quantized already"):
        apply(method, quantized, task)


def test_an_export_that_differs_from_torch_is_refused(task_of: Callable[[str], Likeness]) -> None:
    task = task_of("chain")
    with pytest.raises(ConfigError, match="differs from torch by"):
        apply("export", Candidate(module=task.reference()), task, tolerance=1e-12)


def test_clean_folds_what_the_exporter_left() -> None:
    """Conv, BatchNormalization, Identity, and a branch that nobody reads, become one convolution."""
    random = np.random.default_rng(0)
    make, info = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    arrays = {"w": random.normal(size=(4, 3, 3, 3)), **{name: random.random(4) + 0.5 for name in ("g", "b", "m", "v")}}
    tensors = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in arrays.items()]
    nodes = [
        make("Conv", ["input", "w"], ["c"], doc_string="/home/someone/net.py"),
        make("BatchNormalization", ["c", "g", "b", "m", "v"], ["n"]),
        make("Identity", ["n"], ["i"]),
        make("Relu", ["i"], ["output"]),
        make("Exp", ["c"], ["unread"]),
    ]
    shapes = [info("input", 1, [1, 3, 8, 8])], [info("output", 1, [1, 4, 6, 6])]
    graph = onnx.helper.make_graph(nodes, "g", *shapes, tensors, doc_string="/home/someone")
    before = Candidate(graph=onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]))
    task = Likeness(torch.nn.Identity, (1, 3, 8, 8), count=3)
    after = apply("clean", before, task)
    assert [node.op_type for node in _graph(after).node] == ["Conv", "Relu"]
    assert after.lineage[-1].notes == {"nodes_before": 5, "nodes_after": 2}
    assert b"someone" not in after.graph_bytes
    for x in task.inputs:
        assert error(before.session()(x)[0], after.session()(x)[0]) < 1e-5


@pytest.mark.parametrize(("format", "keeps"), [("fp16", torch.float16), ("bf16", torch.bfloat16)])
def test_weights_that_came_in_16_bits_lose_nothing(
    format: str, keeps: torch.dtype, task_of: Callable[[str], Likeness], cleaned: Callable[[str], Candidate]
) -> None:
    graph = onnx.ModelProto()
    graph.CopyFrom(cleaned("csp").graph)
    for tensor in graph.graph.initializer:
        values = torch.from_numpy(numpy_helper.to_array(tensor).copy())
        if values.is_floating_point():
            tensor.CopyFrom(numpy_helper.from_array(values.to(keeps).float().numpy(), tensor.name))
    before = Candidate(graph=graph)
    after = apply("half-weights", before, task_of("csp"), format=format)
    assert after.precision == format
    assert after.lineage[-1].notes["largest_change"] == 0
    x = task_of("csp").inputs[5]
    np.testing.assert_array_equal(after.session()(x)[0], before.session()(x)[0])


def test_a_weight_beyond_fp16_stays_in_float(
    task_of: Callable[[str], Likeness], cleaned: Callable[[str], Candidate]
) -> None:
    graph = onnx.ModelProto()
    graph.CopyFrom(cleaned("chain").graph)
    weight = max(graph.graph.initializer, key=lambda tensor: numpy_helper.to_array(tensor).size)
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) * np.float32(1e8), weight.name))
    tensors = {
        format: apply("half-weights", Candidate(graph=graph), task_of("chain"), format=format)
        for format in ("fp16", "bf16")
    }
    kept = {format: weight.name in {t.name for t in _graph(made).initializer} for format, made in tensors.items()}
    assert kept == {"fp16": True, "bf16": False}
