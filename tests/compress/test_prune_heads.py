"""Attention loses whole heads: idle ones cost nothing to lose, and what is left is a smaller graph, without masks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional

from tightrope.compress import Candidate
from tightrope.compress.attention import find_attention
from tightrope.compress.quantize import layers

from .conftest import apply
from .graphs import BATCH, FREE, HEADS, LAYOUTS, LENGTH, SIZE, WIDTH, attention
from .nets import Likeness, error


class Given:
    """A task as the pass sees it: calibration inputs, and nothing else."""

    def __init__(self) -> None:
        random = np.random.default_rng(1)
        self.inputs = [random.normal(size=(BATCH, LENGTH, WIDTH)).astype(np.float32) for _ in range(3)]

    def calibration(self) -> Iterator[np.ndarray[Any, Any]]:
        return iter(self.inputs)


@pytest.mark.parametrize("importance", ["ablation", "energy"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_whatever_the_layout_the_idle_heads_go(layout: str, importance: str) -> None:
    given: Any = Given()
    before = Candidate(graph=attention(layout))
    after = apply("prune-heads", before, given, ratio=0.5, importance=importance, inputs=2)
    assert list(after.lineage[-1].notes["heads"].values()) == [[HEADS, HEADS // 2]]
    assert len(after.graph_bytes) < 0.7 * len(before.graph_bytes)
    shapes = [(LENGTH, BATCH), *([(7, 3)] if layout in FREE else [])]
    for length, batch in shapes:
        x = np.random.default_rng(2).normal(size=(batch, length, WIDTH)).astype(np.float32)
        assert error(before.session()(x)[0] - x, after.session()(x)[0] - x) < 1e-3
    further = apply("prune-heads", after, given, ratio=0.5, inputs=2)
    assert list(further.lineage[-1].notes["heads"].values()) == [[2, 1]]
    assert error(before.session()(x)[0] - x, further.session()(x)[0] - x) > 0.05, "those that were left are needed"


class Fused(nn.Module):
    """One product for queries, keys and values; torch's own attention. Of the heads in `idle` little comes out."""

    def __init__(self, idle: tuple[int, ...] = (1, 2)) -> None:
        super().__init__()
        self.project, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        _idle(self.out, idle)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = self.project(x).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        y: torch.Tensor = x + self.out(mixed.transpose(1, 2).flatten(2))
        return y


class Separate(nn.Module):
    """Three products, as in BERT, and a mask that is added to the scores; two layers, the second without idle heads."""

    def __init__(self, idle: tuple[int, ...] = (1, 2)) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.ModuleDict({name: nn.Linear(WIDTH, WIDTH) for name in ("query", "key", "value", "out")})
            for _ in range(2)
        )
        _idle(self.layers[0]["out"], idle)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        bias = torch.where(x[:, None, None, :, 0] > 1.5, -1e4, 0.0)
        for layer in self.layers:
            query, key, value = (_split(layer[name](x)) for name in ("query", "key", "value"))
            weights = torch.softmax(query @ key.transpose(-1, -2) / math.sqrt(SIZE) + bias, dim=-1)
            mixed = (weights @ value).permute(0, 2, 1, 3).contiguous()
            x = x + layer["out"](mixed.view(*mixed.shape[:2], -1))
        return x


class Torch(nn.Module):
    """torch's own encoder layer."""

    def __init__(self, idle: tuple[int, ...] = (1, 2)) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 64, batch_first=True, norm_first=True)
        _idle(self.layer.self_attn.out_proj, idle)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.layer(x)
        return y


def _idle(out: nn.Linear, heads: tuple[int, ...]) -> None:
    with torch.no_grad():
        for head in heads:
            out.weight[:, head * SIZE : (head + 1) * SIZE] *= 1e-5


def _split(x: torch.Tensor) -> torch.Tensor:
    return x.view(x.shape[0], -1, HEADS, SIZE).transpose(1, 2)


class Free(Likeness):
    """With batch and length free, as a text encoder has them."""

    free_axes = MappingProxyType({"input": {0: "batch", 1: "length"}})


NETS = {"fused": Fused, "separate": Separate, "torch": Torch}


def made(net: str, kind: type[Likeness] = Likeness) -> tuple[Likeness, Candidate]:
    task = kind(NETS[net], (2, 12, WIDTH))
    return task, apply("clean", apply("export", Candidate(module=task.reference()), task), task)


def work(candidate: Candidate) -> int:
    return sum(layer.work for layer in layers(candidate.float_graph()))


@pytest.mark.parametrize("importance", ["ablation", "energy"])
@pytest.mark.parametrize(
    ("net", "kind"),
    [("fused", Likeness), ("fused", Free), ("separate", Likeness), ("separate", Free), ("torch", Likeness)],
)
def test_heads_that_do_nothing_go_first_and_with_all_they_have(net: str, kind: type[Likeness], importance: str) -> None:
    task, before = made(net, kind)
    layer_count = len(list(find_attention(before.float_graph().graph)))
    after = apply("prune-heads", before, task, ratio=0.5 / layer_count, importance=importance, inputs=2)
    counts = list(after.lineage[-1].notes["heads"].values())
    assert counts == [[4, 2], [4, 4]][:layer_count]
    for x, y in zip(task.inputs, task.expected, strict=True):
        assert error(y, after.session()(x)[0]) < 1e-3
    assert after.graph is not None
    sizes = [sum(numpy_helper.to_array(t).nbytes for t in c.float_graph().graph.initializer) for c in (before, after)]
    halved = 4 * (4 * WIDTH + 3) * WIDTH // 2  # bytes of half of the four matrices, and of three biases
    assert sizes[0] - sizes[1] == pytest.approx(halved, abs=600), "beside them only a few shapes are stored"
    assert not any(node.op_type == "Mul" and "gate" in node.name for node in after.graph.graph.node)
    if kind is Likeness:
        of_products = 2 * 12 * 4 * WIDTH * WIDTH // 2
        assert work(before) - work(after) > of_products, "and some of what the heads themselves multiply"
    else:
        longer = np.concatenate([task.inputs[0]] * 2, axis=1)
        with torch.no_grad():
            expected = task.reference()(torch.from_numpy(longer)).numpy()
        assert error(expected, after.session()(longer)[0]) < 1e-3, "the axes are as free as they were"


def test_those_that_are_left_are_needed_and_one_stays() -> None:
    task, before = made("fused")
    kept = [apply("prune-heads", before, task, ratio=ratio, inputs=2) for ratio in (0.5, 0.75, 0.99)]
    assert [list(each.lineage[-1].notes["heads"].values()) for each in kept] == [[[4, 2]], [[4, 1]], [[4, 1]]]
    assert error(task.expected[0], kept[1].session()(task.inputs[0])[0]) > 0.02


def test_passes_follow_each_other() -> None:
    task, before = made("separate", Free)
    thin = apply("prune-heads", apply("prune-heads", before, task, inputs=1), task, ratio=0.5, inputs=1)
    after = apply("quantize-dynamic", thin, task)
    assert error(thin.session()(task.inputs[5])[0], after.session()(task.inputs[5])[0]) < 0.1


def test_what_has_no_heads_stays_as_it_is(
    task_of: Callable[[str], Likeness], cleaned: Callable[[str], Candidate]
) -> None:
    after = apply("prune-heads", cleaned("csp"), task_of("csp"))
    assert after.graph_bytes == cleaned("csp").graph_bytes
    assert after.lineage[-1].notes == {"heads": {}}


class Tempered(Fused):
    """Each head has a temperature of its own, which stands beside the scores and not on the way of the numbers."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = self.project(x).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        scores = query @ key.transpose(-1, -2) * torch.linspace(1, 2, HEADS)[:, None, None]
        y: torch.Tensor = x + self.out((torch.softmax(scores, -1) @ value).transpose(1, 2).flatten(2))
        return y


def test_heads_that_differ_in_more_than_their_columns_are_left_alone() -> None:
    task = Likeness(Tempered, (2, 12, WIDTH))
    before = apply("clean", apply("export", Candidate(module=task.reference()), task), task)
    assert apply("prune-heads", before, task, inputs=1).lineage[-1].notes == {"heads": {}}
