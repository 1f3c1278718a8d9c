"""SmoothQuant: channels in which activations are large hand some of it to the weights, where it does less harm.

Xiao et al. 2023, 'SmoothQuant' (arXiv:2211.10438), section 4: the input of a product is divided by s channel by
channel, and the rows of the constant matrix multiplied by it, with s = max|x|^alpha / max|w|^(1 - alpha) (equation 4).
The graph computes the same; but one scale for all channels of x then loses less. The division costs nothing where the
input comes from a LayerNormalization, whose own factor takes it; elsewhere, as before the output of attention, it is a
Mul.
`equalize` is the same for convolutions.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import onnx
from onnx import helper
from pydantic import Field

from tightrope.compress.candidate import Candidate
from tightrope.compress.linear import Floats, Product, arrays, observe_channels, products, put_back
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task


@register("smooth")
class Smooth(Pass):
    """Even out the channels that matrix products read; the graph computes the same. A static int8 pass goes behind."""

    alpha: float = Field(0.5, ge=0, le=1, description="0: only weights decide, 1: only activations")
    inputs: int = Field(16, ge=1, description="calibration inputs for the activations' ranges")
    multiply: bool = Field(False, description="also where it costs a Mul: behind no LayerNormalization")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        graph = candidate.float_graph()
        readers: dict[str, list[Product]] = defaultdict(list)
        for product in products(graph.graph):
            readers[product.read].append(product)
        values = arrays(graph.graph)
        norms = {}
        for name, those in readers.items():
            width = len(those[0].matrix(values[those[0].weight]))
            if norm := _own_norm(graph.graph, name, width, len(those)):
                norms[name] = norm
        places = [name for name in readers if name in norms or self.multiply]
        if not places:
            return candidate.then(self.record(absorbed=0, multiplied=0))
        ranges = observe_channels(graph, set(places), task, self.inputs, lambda rows: np.abs(rows).max(axis=0))
        for name in places:
            scale = _scale(
                ranges[name], [product.matrix(values[product.weight]) for product in readers[name]], self.alpha
            )
            for product in readers[name]:
                product.matrix(values[product.weight])[...] *= scale[:, None]
            if name in norms:
                _absorb(norms[name], values, scale)
            else:
                _divide(graph.graph, name, readers[name], values, scale)
        put_back(graph.graph, values)
        notes = {"absorbed": len(norms), "multiplied": len(places) - len(norms)}
        return candidate.then(self.record(**notes), graph=graph)


def _own_norm(graph: onnx.GraphProto, name: str, width: int, readers: int) -> onnx.NodeProto | None:
    """The LayerNormalization over `width` channels that makes this tensor, if only those readers see what it makes."""
    outputs = {output.name for output in graph.output}
    reads = [read for node in graph.node for read in node.input]
    widths = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    makers = {made: node for node in graph.node for made in node.output}
    while name in makers and name not in outputs and reads.count(name) == readers:
        maker, readers = makers[name], 1
        if maker.op_type == "LayerNormalization":
            return maker if all(widths.get(constant) == (width,) for constant in maker.input[1:]) else None
        if (
            maker.op_type != "Reshape"
        ):  # rows of a product: its channels stay the last axis, as there are `width` of them
            return None
        name = maker.input[0]
    return None


def _scale(largest: Floats, matrices: list[Floats], alpha: float) -> Floats:
    """s [channels], their geometric mean 1; a channel that is always 0, or that nobody weighs, keeps 1."""
    weights = np.max([np.abs(matrix).max(axis=1) for matrix in matrices], axis=0)
    live = (largest > 1e-6) & (weights > 1e-6)
    scale = np.ones(len(largest), np.float32)
    scale[live] = largest[live] ** alpha / weights[live] ** (1 - alpha)
    scale[live] /= np.exp(np.log(scale[live]).mean())
    return scale


def _absorb(norm: onnx.NodeProto, values: dict[str, Floats], scale: Floats) -> None:
    """Divide what a norm makes; its constants become its own, as an exporter stores those that are alike only once."""
    for place in range(1, len(norm.input)):
        own = f"{norm.name}_smoothed_{place}"
        values[own] = values[norm.input[place]] / scale
        norm.input[place] = own


def _divide(
    graph: onnx.GraphProto, name: str, readers: list[Product], values: dict[str, Floats], scale: Floats
) -> None:
    """Put a Mul by 1/s between a tensor and the products that read it."""
    factor, smoothed = f"{name}_smoothing", f"{name}_smoothed"
    values[factor] = (1 / scale).astype(np.float32)
    first = min(list(graph.node).index(product.node) for product in readers)
    for product in readers:
        product.node.input[0] = smoothed
    graph.node.insert(first, helper.make_node("Mul", [name, factor], [smoothed], f"{smoothed}_mul"))
