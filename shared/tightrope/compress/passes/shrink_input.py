"""A smaller input: the cheapest way to a cheaper network, where the task does not need every pixel.

The work of a convolutional network falls with the square of the input's side. The graph keeps its input's shape, and
its first node shrinks the picture, so that pre-processing, calibration and everybody who calls the artifact stay as
they are. Whether the network still sees enough is for the gate to say; fine-tuning by distillation afterwards gets
back most of what is lost.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper
from pydantic import Field

from tightrope.compress.candidate import Candidate
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task
from tightrope.errors import ConfigError
from tightrope.runtime.session import Session, first_line

_SHRUNK = "shrunk_input"


@register("shrink-input")
class ShrinkInput(Pass):
    """Shrink pictures [N, C, H, W] by bilinear interpolation inside the graph.

    Raises ConfigError if the graph's input is no picture of fixed size, if it cannot take a smaller one, or if rounding
    leaves its size as it was.
    """

    factor: float = Field(0.875, gt=0, lt=1, description="new side over old side")
    multiple: int = Field(16, ge=1, description="the new sides are rounded to a multiple of this, in pixels")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        graph = candidate.float_graph()
        picture = graph.graph.input[0]
        shape = [axis.dim_value for axis in picture.type.tensor_type.shape.dim]
        if len(shape) != 4 or not all(shape[2:]):
            raise ConfigError(f"{self.method} needs an input [N, C, H, W] of fixed size; {picture.name!r} has {shape}")
        sides = [max(1, round(side * self.factor / self.multiple)) * self.multiple for side in shape[2:]]
        if sides == shape[2:]:
            raise ConfigError(f"{self.factor:g} of {sides[0]} x {sides[1]} rounds to the same: try a smaller multiple")
        shrunk = shrink(graph, sides)
        try:
            Session(shrunk.SerializeToString())(task.example())
        except Exception as error:  # onnxruntime's exceptions share no base but Exception
            raise ConfigError(f"the graph cannot take {sides[0]} x {sides[1]} pixels: {first_line(error)}") from error
        return candidate.then(self.record(sides_before=shape[2:], sides_after=sides), graph=shrunk)


def shrink(graph: onnx.ModelProto, sides: list[int]) -> onnx.ModelProto:
    """A copy whose input [N, C, H, W] is resized to [N, C, *sides] before anything else looks at it."""
    copy = onnx.ModelProto()
    copy.CopyFrom(graph)
    body = copy.graph
    picture = body.input[0]
    for node in body.node:
        node.input[:] = [_SHRUNK if name == picture.name else name for name in node.input]
    channels = [axis.dim_value for axis in picture.type.tensor_type.shape.dim][:2]
    body.initializer.append(numpy_helper.from_array(np.array([*channels, *sides], np.int64), f"{_SHRUNK}_size"))
    resize = helper.make_node(
        "Resize",
        [picture.name, "", "", f"{_SHRUNK}_size"],
        [_SHRUNK],
        _SHRUNK,
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )
    body.node.insert(0, resize)
    # The shapes of before are wrong now, those of the outputs included.
    del body.value_info[:]
    for output in body.output:
        for axis in output.type.tensor_type.shape.dim[2:]:
            axis.Clear()
    inferred = onnx.shape_inference.infer_shapes(copy)
    return inferred
