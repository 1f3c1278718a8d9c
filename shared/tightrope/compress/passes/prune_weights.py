"""Weights set to zero by their magnitude, one by one or N of every M; what that is worth, and what not.

Han et al. 2015, 'Learning both Weights and Connections' (arXiv:1506.02626); N:M as in Mishra et al. 2021, 'Accelerating
Sparse Deep Neural Networks' (arXiv:2104.08378). onnxruntime multiplies by zeros like by any other number: nothing gets
faster on a CPU, and the file is as large as before. It is smaller only when compressed, as in an app's package. A GPU
with sparse tensor cores runs 2:4 faster under TensorRT. For speed take whole channels away: `prune-channels`.
"""

from __future__ import annotations

import re
import zlib

import numpy as np
from pydantic import Field, field_validator

from tightrope.compress.candidate import Candidate
from tightrope.compress.linear import Floats, arrays, put_back
from tightrope.compress.quantize import COMPUTE
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task


@register("prune-weights")
class PruneWeights(Pass):
    """Set the smallest weights of each layer to zero. Gains nothing in onnxruntime but the size of the compressed file.

    A static int8 pass behind it keeps the zeros with `rounding = "nearest"`; the other roundings move them.
    """

    ratio: float = Field(0.5, gt=0, lt=1, description="share of each layer's weights, where `pattern` is empty")
    pattern: str = Field("", description='"2:4": of every 4 weights along the inputs 2 stay; empty: any')
    minimum_elements: int = Field(256, ge=1, description="smaller weights stay as they are")

    @field_validator("pattern")
    @classmethod
    def _known(cls, pattern: str) -> str:
        found = re.fullmatch(r"(\d+):(\d+)", pattern)
        if pattern and (found is None or not 0 < int(found[1]) < int(found[2])):
            raise ValueError('pattern is "N:M" with 0 < N < M, such as "2:4", or empty')
        return pattern

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        graph = candidate.float_graph()
        values = arrays(graph.graph)
        before = _packed(graph.SerializeToString())
        zeros = total = 0
        for node in graph.graph.node:
            weight = node.input[1] if node.op_type in COMPUTE else ""
            if weight not in values or values[weight].size < self.minimum_elements:
                continue
            last = node.op_type == "MatMul" or (node.op_type == "Gemm" and not _transposed(node))
            values[weight] = self._pruned(values[weight], inputs_first=last)
            zeros, total = zeros + int((values[weight] == 0).sum()), total + values[weight].size
        put_back(graph.graph, values)
        notes = {
            "zeros": round(zeros / max(total, 1), 4),
            "deflated_before": before,
            "deflated_after": _packed(graph.SerializeToString()),
        }
        return candidate.then(self.record(**notes), graph=graph)

    def _pruned(self, weight: Floats, inputs_first: bool) -> Floats:
        """[outputs, inputs, ...], or [inputs, outputs]."""
        if not self.pattern:
            count = int(weight.size * self.ratio)
            limit = np.partition(np.abs(weight).reshape(-1), count)[count]
            return np.where(np.abs(weight) < limit, np.float32(0), weight)
        keep, group = map(int, self.pattern.split(":"))
        rows = weight.T if inputs_first else np.moveaxis(weight, 1, -1)  # the inputs go last
        shape = rows.shape
        if shape[-1] % group:
            return weight
        grouped = np.ascontiguousarray(rows).reshape(-1, group)
        smallest = np.argsort(np.abs(grouped), axis=1, kind="stable")[:, : group - keep]
        np.put_along_axis(grouped, smallest, np.float32(0), axis=1)
        pruned = grouped.reshape(shape)
        return np.ascontiguousarray(pruned.T if inputs_first else np.moveaxis(pruned, -1, 1))


def _transposed(node: object) -> bool:
    return any(attribute.name == "transB" and attribute.i for attribute in node.attribute)  # type: ignore[attr-defined]


def _packed(data: bytes) -> int:
    """Bytes after deflate, as in a wheel, an APK or an IPA."""
    return len(zlib.compress(data, 6))
