"""Weights in 16 bits, arithmetic in 32: half the bytes on the device, the same speed."""

from __future__ import annotations

from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from pydantic import Field

from tightrope.compress.candidate import Candidate
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task

_FORMATS = {"fp16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16}


@register("half-weights")
class HalfWeights(Pass):
    """Store large float weights as fp16 or bf16 and cast them back; onnxruntime folds the cast when it loads.

    Lossless where the weights came in 16 bits. A weight beyond fp16's range stays in float.
    """

    format: Literal["fp16", "bf16"] = "fp16"
    minimum_elements: int = Field(256, ge=1, description="smaller tensors stay in float")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        graph = candidate.float_graph()
        kept, casts, largest = [], [], 0.0
        for tensor in graph.graph.initializer:
            values = numpy_helper.to_array(tensor) if tensor.data_type == TensorProto.FLOAT else None
            if values is None or values.size < self.minimum_elements or not self._fits(values):
                kept.append(tensor)
                continue
            half = _cast(values, tensor.name, self.format)
            largest = max(largest, float(np.abs(numpy_helper.to_array(half).astype(np.float32) - values).max()))
            kept.append(half)
            casts.append(
                helper.make_node("Cast", [half.name], [tensor.name], f"{tensor.name}_cast", to=TensorProto.FLOAT)
            )
        nodes = [*casts, *graph.graph.node]
        del graph.graph.initializer[:], graph.graph.node[:]
        graph.graph.initializer.extend(kept)
        graph.graph.node.extend(nodes)
        notes = {"tensors": len(casts), "largest_change": largest}
        return candidate.then(self.record(**notes), graph=graph, precision=self.format)

    def _fits(self, values: np.ndarray) -> bool:
        return self.format == "bf16" or float(np.abs(values).max()) <= float(np.finfo(np.float16).max)


def _cast(values: np.ndarray, name: str, format: str) -> onnx.TensorProto:
    target = helper.tensor_dtype_to_np_dtype(_FORMATS[format])
    return numpy_helper.from_array(values.astype(target), f"{name}_{format}")
