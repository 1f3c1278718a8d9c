"""Static int8 that keeps the harmful layers in float, chosen by measuring, never by a hand-written list."""

from __future__ import annotations

from pydantic import Field

from tightrope.compress.candidate import Candidate
from tightrope.compress.mixed import fewest_float_layers
from tightrope.compress.passes.quantize_static import NOTHING_DONE, StaticQuantization
from tightrope.compress.progress import say
from tightrope.compress.registry import register
from tightrope.compress.sensitivity import rank_layers
from tightrope.compress.task import Task


@register("quantize-mixed")
class QuantizeMixed(StaticQuantization):
    """int8 with the layers that it harms left in float: as few as keep the score on the calibration split.

    Layers are ranked by what quantizing each alone costs; then the smallest k for which everything but the k worst
    passes is found by bisection, in O(log layers) evaluations.
    """

    keep: float = Field(0.995, gt=0, le=1, description="share of each gate metric to keep on the calibration split")
    at_least: int = Field(0, ge=0, description="so many of the worst layers stay in float in any case")
    leading: int = Field(
        0, ge=0, description="so many layers from the input on stay in float: few channels, little gain, much error"
    )
    probe_inputs: int = Field(8, ge=1, description="calibration inputs for the output error of each layer")
    per_work: bool = Field(False, description="rank by error per multiply-accumulate, so that float layers stay cheap")
    measured: int = Field(6, ge=0, description="worst layers of which the task's metric is measured too")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        quantizer = self.quantizer(candidate, task)
        ranking = rank_layers(quantizer, task, self.probe_inputs, self.measured, say, self.per_work)
        first = {layer.name for layer in quantizer.layers[: self.leading]}
        ranking = sorted(ranking, key=lambda item: item.layer.name not in first)  # stable: the rest keeps its order
        choice = fewest_float_layers(quantizer, task, ranking, self.keep, max(self.at_least, len(first)))
        notes = {
            "layers": len(ranking),
            "reduce_range": quantizer.scheme.reduce_range,
            "kept_in_float": [item.layer.name for item in ranking[: choice.count]],
            "calibration_share": choice.share,
            "evaluations": choice.evaluations,
            "sensitivity": [item.to_dict() for item in ranking],
        }
        if choice.count == len(ranking):
            return candidate.then(self.record(**notes, **NOTHING_DONE))
        precision = "int8" if choice.count == 0 else "mixed"
        return candidate.then(self.record(**notes), graph=choice.graph, precision=precision)
