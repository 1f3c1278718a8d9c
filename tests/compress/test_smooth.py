"""Outliers in the activations of a transformer cost accuracy in int8, and less after `smooth`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from tightrope.compress import Candidate
from tightrope.compress.scores import metrics

from .conftest import apply
from .nets import Likeness, Transformer, error


def with_outliers() -> nn.Module:
    """`Transformer`, with three channels 60 times as large between norm and product, which computes the same.

    That is how large language models are: Dettmers et al. 2022, arXiv:2208.07339.
    """
    net = Transformer()
    with torch.no_grad():
        for norm, product in ((net.before, net.mix), (net.between, net.mlp[0])):
            for channel in (3, 11, 20):
                norm.weight[channel] *= 60
                norm.bias[channel] *= 60
                product.weight[:, channel] /= 60  # type: ignore[index]
    return net


@pytest.fixture(scope="module")
def outliers() -> tuple[Likeness, Candidate]:
    task = Likeness(with_outliers, (1, 12, 32))
    return task, apply("clean", apply("export", Candidate(module=task.reference()), task), task)


def kept(candidate: Candidate, task: Likeness) -> float:
    return metrics(task.evaluate(candidate.session()))["likeness"]


def int8(candidate: Candidate, task: Likeness) -> Candidate:
    return apply("quantize-static", candidate, task, inputs=4, calibration="minmax", rounding="nearest")


@pytest.mark.parametrize("multiply", [False, True])
def test_int8_loses_less_behind_it(outliers: tuple[Likeness, Candidate], multiply: bool) -> None:
    task, graph = outliers
    smooth = apply("smooth", graph, task, inputs=4, multiply=multiply)
    for x in task.inputs[4:]:
        assert error(graph.session()(x)[0], smooth.session()(x)[0]) < 1e-4, "by itself it changes nothing"
    lost, lost_smooth = 1 - kept(int8(graph, task), task), 1 - kept(int8(smooth, task), task)
    assert lost_smooth < 0.5 * lost


def test_a_mul_stands_only_where_no_norm_takes_it(outliers: tuple[Likeness, Candidate]) -> None:
    task, graph = outliers
    notes = {multiply: apply("smooth", graph, task, multiply=multiply).lineage[-1].notes for multiply in (False, True)}
    assert notes[False] == {"absorbed": 2, "multiplied": 0}
    assert notes[True]["absorbed"] == 2
    assert notes[True]["multiplied"] == 3, "before the attention's output, the MLP's second layer, and the head"


def test_a_norm_that_others_read_too_is_left_alone(
    cleaned: Callable[[str], Candidate], task_of: Callable[[str], Likeness]
) -> None:
    graph = onnx.ModelProto()
    graph.CopyFrom(cleaned("transformer").graph)
    norm = next(node for node in graph.graph.node if node.op_type == "LayerNormalization")
    graph.graph.output.append(onnx.helper.make_tensor_value_info(norm.output[0], 1, None))
    after = apply("smooth", Candidate(graph=graph), task_of("transformer"))
    assert after.lineage[-1].notes["absorbed"] == 1
    x = task_of("transformer").inputs[5]
    for one, other in zip(Candidate(graph=graph).session()(x), after.session()(x), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
