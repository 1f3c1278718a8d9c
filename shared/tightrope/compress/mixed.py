"""The fewest layers in float that keep the score: a bisection over the sensitivity order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx

from tightrope.compress.gate import shares_kept
from tightrope.compress.quantize import Quantizer
from tightrope.compress.scores import metrics
from tightrope.compress.sensitivity import Sensitivity
from tightrope.compress.task import Task
from tightrope.runtime.session import Session


@dataclass(frozen=True)
class MixedChoice:
    """The chosen graph, how many of the worst layers it keeps in float, and the share of the score that it keeps."""

    graph: onnx.ModelProto
    count: int
    share: float
    evaluations: int


def fewest_float_layers(
    quantizer: Quantizer,
    task: Task,
    ranking: Sequence[Sensitivity],
    keep: float,
    at_least: int = 0,
) -> MixedChoice:
    """Bisect over k = at_least ... all: everything but the k worst layers in int8, judged on the calibration split.

    Retention is taken to grow with k, as the order is by harm. Where noise breaks that, the answer still passes
    `keep`, since only a k that was measured to pass is returned; k = all is the float graph, and passes by definition.
    """
    reference = metrics(task.evaluate(Session(quantizer.graph.SerializeToString()), "calibration"))
    low, high = min(at_least, len(ranking)), len(ranking)
    best = MixedChoice(quantizer.graph, high, 1.0, 1)
    evaluations = 1
    while low < high:
        count = low if evaluations == 1 else (low + high) // 2
        kept = [node for item in ranking[:count] for node in item.layer.nodes]
        mixed = quantizer.build(keep_float=kept)
        scored = metrics(task.evaluate(Session(mixed.SerializeToString()), "calibration"))
        share = min(shares_kept(reference, scored, task.gate_metrics).values())
        evaluations += 1
        if share >= keep:
            best, high = MixedChoice(mixed, count, share, evaluations), count
        else:
            low = count + 1
    return MixedChoice(best.graph, best.count, best.share, evaluations)
