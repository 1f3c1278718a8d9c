"""What a graph will take is ranked right before it runs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx

from tightrope.compress import Candidate
from tightrope.compress.search.latency import LatencyModel, amounts, rank_correlation, work
from tightrope.measure.latency import interleaved

from ..conftest import apply
from ..nets import Chain, Likeness


def graphs() -> dict[str, onnx.ModelProto]:
    """Chains of three lengths at two sizes, each in float and in int8."""
    found = {}
    for count in (2, 4, 8):
        for side in (24, 64):
            task = Likeness(lambda count=count: Chain(count), (1, 3, side, side), count=5)  # type: ignore[misc]
            candidate = apply("clean", apply("export", Candidate(module=task.reference()), task), task)
            found[f"{count} {side} float"] = candidate.float_graph()
            quantized = apply("quantize-static", candidate, task, inputs=1, rounding="nearest")
            assert quantized.graph is not None
            found[f"{count} {side} int8"] = quantized.graph
    return found


def test_each_is_ranked_by_what_the_others_took() -> None:
    made = graphs()
    runs: dict[str, Callable[[], object]] = {}
    for name, graph in made.items():
        session = Candidate(graph=graph).session()
        side = int(name.split()[1])
        image = np.zeros((1, 3, side, side), np.float32)
        runs[name] = lambda session=session, image=image: session(image)  # type: ignore[misc]
    samples = {name: float(np.median(times)) for name, times in interleaved(runs, 30).items()}
    predicted = []
    for name, graph in made.items():
        model = LatencyModel()
        for other in made:
            if other != name:
                model.learn([made[other]], samples[other])
        predicted.append(model.predict([graph]))
    assert rank_correlation(np.array(predicted, np.float64), np.array(list(samples.values()))) > 0.8


def test_nothing_learned_nothing_said() -> None:
    assert LatencyModel().predict([onnx.ModelProto()]) is None


def test_what_int8_saves_is_seen() -> None:
    made = graphs()
    plain, integer = made["4 64 float"], made["4 64 int8"]
    assert work([integer]) < 0.5 * work([plain])
    assert amounts(integer)["int8 dense"] == amounts(plain)["float dense"] > 0
