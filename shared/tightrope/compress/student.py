"""A float ONNX graph whose weights are trained: run in torch, and written back."""

from __future__ import annotations

import onnx
from onnx import numpy_helper
from torch import Tensor

from tightrope.compress.torch_graph import constants, run
from tightrope.errors import ConfigError

TRAINED = ("Conv", "ConvTranspose", "Gemm", "MatMul")


def unit(tensor: Tensor) -> float:
    """What a step is a share of: the tensor's root mean square, since folded BatchNorm leaves very different scales."""
    return max(float(tensor.detach().square().mean().sqrt()), 1e-3)


class Student:
    """A float ONNX graph of one input whose weights and biases are trained."""

    def __init__(self, graph: onnx.ModelProto) -> None:
        self._source = graph
        self._values = constants(graph)
        read = (name for node in graph.graph.node if node.op_type in TRAINED for name in node.input[1:])
        names = [name for name in dict.fromkeys(read) if name in self._values]
        self.trained = {name: self._values[name].requires_grad_() for name in names}
        if not self.trained:
            raise ConfigError("the graph has no weights to train")

    def units(self) -> list[tuple[Tensor, float]]:
        """Each trained tensor, and what a step of it is a share of."""
        return [(tensor, unit(tensor)) for tensor in self.trained.values()]

    def __call__(self, example: Tensor) -> dict[str, Tensor]:
        """The outputs by name."""
        values = {**self._values, self._source.graph.input[0].name: example}
        run(self._source.graph.node, values)
        return {output.name: values[output.name] for output in self._source.graph.output}

    def graph(self) -> onnx.ModelProto:
        """A copy of the graph with the weights as they are now."""
        copy = onnx.ModelProto()
        copy.CopyFrom(self._source)
        for tensor in copy.graph.initializer:
            if tensor.name in self.trained:
                tensor.CopyFrom(numpy_helper.from_array(self.trained[tensor.name].detach().numpy(), tensor.name))
        return copy
