"""Dynamic int8 for matrix products: weights and tables are int8 in the file, activations are quantized as they come."""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from pydantic import Field

from tightrope.compress.candidate import Candidate
from tightrope.compress.passes.quantize_static import ReduceRange, decide_reduce_range
from tightrope.compress.quantize import Integer
from tightrope.compress.registry import Pass, register
from tightrope.compress.tables import quantize_tables
from tightrope.compress.task import Task


@register("quantize-dynamic")
class QuantizeDynamic(Pass):
    """onnxruntime's dynamic quantization of MatMul and Gemm (and Conv on request: it is usually slower than float).

    Tables that are looked up (embeddings) become int8 too, row by row; see `tables`.
    """

    operators: tuple[str, ...] = Field(("MatMul", "Gemm"), description="operator types to quantize")
    weights: Integer = "int8"
    per_channel: bool = True
    reduce_range: ReduceRange = Field("auto", description="7-bit weights, for AVX2 without VNNI")
    tables: bool = Field(True, description="tables that are looked up in int8 too")

    faster = True

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        graph = candidate.float_graph()
        reduce = decide_reduce_range(self.reduce_range)
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "dynamic.onnx"
            quantize_dynamic(
                graph,
                target,
                op_types_to_quantize=list(self.operators),
                per_channel=self.per_channel,
                reduce_range=reduce,
                weight_type=QuantType.QInt8 if self.weights == "int8" else QuantType.QUInt8,
            )
            made = onnx.load(target)
        tables = quantize_tables(made, 63 if reduce else 127) if self.tables else 0
        layers = sum("Integer" in node.op_type for node in made.graph.node)
        notes = {"layers": layers, "reduce_range": reduce, **({"tables": tables} if tables else {})}
        precision = "int8-dynamic" if layers else candidate.precision
        return candidate.then(self.record(**notes), graph=made, precision=precision)
