"""Products by a constant matrix in a graph: which nodes they are, and what runs through them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from tightrope.compress.nodes import reads, with_outputs
from tightrope.compress.task import Task
from tightrope.runtime.session import Session

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Product:
    """A MatMul or Gemm by a constant [inputs, outputs], or its transpose."""

    node: onnx.NodeProto
    transposed: bool

    @property
    def read(self) -> str:
        """The tensor that it multiplies; channels are its last axis."""
        return str(self.node.input[0])

    @property
    def weight(self) -> str:
        return str(self.node.input[1])

    def matrix(self, stored: Floats) -> Floats:
        """[inputs, outputs], a view of the constant."""
        return stored.T if self.transposed else stored


def products(graph: onnx.GraphProto) -> Iterator[Product]:
    """In graph order; those whose constant nothing else reads, and that only multiply (no factor but 1)."""
    shapes = {tensor.name: len(tensor.dims) for tensor in graph.initializer if tensor.data_type == 1}
    count = Counter(reads(graph))
    for node in graph.node:
        if node.op_type not in ("MatMul", "Gemm") or shapes.get(node.input[1]) != 2 or count[node.input[1]] > 1:
            continue
        settings: dict[str, Any] = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if settings.get("alpha", 1) == settings.get("beta", 1) == 1 and not settings.get("transA"):
            yield Product(node, bool(settings.get("transB")))


def arrays(graph: onnx.GraphProto) -> dict[str, Floats]:
    """Copies of the constants, by name."""
    return {tensor.name: numpy_helper.to_array(tensor).copy() for tensor in graph.initializer}


def put_back(graph: onnx.GraphProto, values: dict[str, Floats]) -> None:
    """Store constants, some of them new or of another shape; those that nothing reads any more are left out."""
    read = set(reads(graph))
    del graph.initializer[:]
    graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in values.items() if name in read)


def observe_channels(
    graph: onnx.ModelProto, names: set[str], task: Task, inputs: int, measure: Callable[[Floats], Floats]
) -> dict[str, Floats]:
    """The largest `measure` (of rows [n, channels] -> [channels], none below 0) of each tensor over calibration inputs.

    Of no rows, as behind a NonZero that finds nothing, it is 0.
    """
    wanted = sorted(names - {value.name for value in graph.graph.input})
    session = Session(with_outputs(graph, wanted).SerializeToString())
    found: dict[str, Floats] = {}
    for example in islice(task.calibration(), inputs):
        feeds = dict(session.feeds(example))
        values = session.ort.run(wanted, feeds) if wanted else []  # asked for nothing, onnxruntime gives all
        seen = {**feeds, **dict(zip(wanted, values, strict=True))}
        for name in names:
            rows = seen[name].reshape(-1, seen[name].shape[-1])
            once = measure(rows) if len(rows) else np.zeros(rows.shape[1], np.float32)
            found[name] = np.maximum(found.get(name, once), once)
    return found
