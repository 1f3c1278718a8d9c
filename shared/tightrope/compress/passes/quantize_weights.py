"""Weights of matrix products in 4 or 8 bits by blocks, computed in float: less to store, nothing to calibrate.

onnxruntime's `MatMulNBits`: every `block` weights of an output share a scale, and are unpacked inside the product.
What it gains is size, and time where a product waits for its weights, as with one row at a time; where a product
computes with many rows it can be slower than float: it is measured, and left out where it is.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from pydantic import Field, field_validator

from tightrope.compress.candidate import Candidate
from tightrope.compress.linear import arrays, products, put_back
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task


@register("quantize-weights")
class QuantizeWeights(Pass):
    """Weight-only 4- or 8-bit quantization of MatMul and Gemm by blocks (`MatMulNBits`); activations stay float."""

    bits: int = Field(4, description="4 or 8")
    block: int = Field(32, description="weights that share a scale: a power of 2 from 16")
    symmetric: bool = Field(True, description="without a zero point a block")
    minimum_elements: int = Field(256, ge=1, description="smaller matrices stay in float")

    faster = True

    @field_validator("bits")
    @classmethod
    def _known_bits(cls, bits: int) -> int:
        if bits not in (4, 8):
            raise ValueError("bits is 4 or 8")
        return bits

    @field_validator("block")
    @classmethod
    def _power(cls, block: int) -> int:
        if block < 16 or block & (block - 1):
            raise ValueError("block is a power of 2, from 16")
        return block

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        graph = candidate.float_graph()
        _split_gemms(graph.graph)
        sizes = {tensor.name: int(np.prod(tensor.dims)) for tensor in graph.graph.initializer}
        chosen = {p.node.name for p in products(graph.graph) if sizes[p.weight] >= self.minimum_elements}
        if not chosen:
            return candidate.then(self.record(layers=0))
        others = [node.name for node in graph.graph.node if node.name not in chosen]
        quantizer = MatMulNBitsQuantizer(
            graph, bits=self.bits, block_size=self.block, is_symmetric=self.symmetric, nodes_to_exclude=others
        )
        quantizer.process()
        made: onnx.ModelProto = quantizer.model.model
        layers = sum(node.op_type == "MatMulNBits" for node in made.graph.node)
        return candidate.then(self.record(layers=layers), graph=made, precision=f"w{self.bits}")


def _split_gemms(graph: onnx.GraphProto) -> None:
    """A Gemm by a constant becomes a MatMul and an Add, which is what the quantizer takes."""
    values = arrays(graph)
    for product in list(products(graph)):
        node = product.node
        if node.op_type != "Gemm":
            continue
        values[product.weight] = np.ascontiguousarray(product.matrix(values[product.weight]))
        place = list(graph.node).index(node)
        multiplied = f"{node.name}_product" if len(node.input) > 2 else node.output[0]
        parts = [helper.make_node("MatMul", list(node.input[:2]), [multiplied], f"{node.name}_matmul")]
        if len(node.input) > 2:
            parts.append(helper.make_node("Add", [multiplied, node.input[2]], list(node.output), f"{node.name}_add"))
        graph.node.remove(node)
        for part in reversed(parts):
            graph.node.insert(place, part)
    put_back(graph, values)
