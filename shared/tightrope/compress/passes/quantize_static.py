"""Static post-training quantization to int8, QDQ form."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tightrope.compress.calibration import Method
from tightrope.compress.candidate import Candidate
from tightrope.compress.quantize import Integer, Quantizer, Rounding, Scheme, calibrate, tensor_ranges
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task
from tightrope.targets.target import detect

NOTHING_DONE = {"quantized": 0}  # the note of a pass that leaves every layer in float
ReduceRange = bool | Literal["auto"]


def decide_reduce_range(setting: ReduceRange) -> bool:
    """What a recipe says, or with "auto" what this machine's instruction set needs."""
    return detect().reduce_range if setting == "auto" else setting


class StaticQuantization(Pass):
    """Settings that every static int8 pass shares; `reduce_range` = "auto" follows the machine's instruction set."""

    calibration: Method = Field("mse", description="how a tensor's range is chosen")
    percentile: float = Field(99.99, gt=50, le=100, description="for calibration = percentile")
    inputs: int = Field(64, ge=1, description="calibration batches to stream")
    activations: Integer = "uint8"
    weights: Integer = "int8"
    per_channel: bool = True
    symmetric: bool = Field(False, description="activation ranges mirrored around zero")
    reduce_range: ReduceRange = Field("auto", description="7-bit weights, for AVX2 without VNNI")

    rounding: Rounding = Field(
        "hessian", description="of weights: to the nearest step, or to spoil outputs least (GPTQ; AdaRound)"
    )

    faster = True

    def quantizer(self, candidate: Candidate, task: Task) -> Quantizer:
        """The candidate's graph, calibrated and rounded as these settings say."""
        graph = candidate.float_graph()
        ranges = tensor_ranges(calibrate(graph, task, self.inputs), self.calibration, self.percentile)
        quantizer = Quantizer(graph, ranges, self.scheme())
        quantizer.round_weights(self.rounding, task, self.inputs)
        return quantizer

    def scheme(self) -> Scheme:
        reduce = decide_reduce_range(self.reduce_range)
        return Scheme(self.activations, self.weights, self.per_channel, reduce, self.symmetric)


@register("quantize-static")
class QuantizeStatic(StaticQuantization):
    """All layers to int8, after calibration by min-max, percentile, entropy or mean squared error."""

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        quantizer = self.quantizer(candidate, task)
        notes = {"layers": len(quantizer.layers), "reduce_range": quantizer.scheme.reduce_range}
        if not quantizer.layers:
            return candidate.then(self.record(**notes, **NOTHING_DONE))
        return candidate.then(self.record(**notes), graph=quantizer.build(), precision="int8")
