"""Free sides: the same convolutional graph for pictures of any height and width.

A letterbox of fixed size spends its work on padding: a quarter of a square one for a picture of 4:3, two thirds for
a camera of 3:1. Convolutions do not care, nor do the scales of an int8 graph; what fixes the size is the input's
declared shape, and the sizes that an exporter wrote into reshapes. With these free, pre-processing may hand over no
more than the picture needs.
"""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import numpy_helper
from pydantic import Field

from tightrope.compress.candidate import Candidate
from tightrope.compress.nodes import read_by
from tightrope.compress.passes.export import largest_error
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task
from tightrope.errors import ConfigError
from tightrope.runtime.session import Array, Session, first_line

_SIDES = ("height", "width")
_TOLERANCE = 1e-4  # float kernels of a runtime may add in another order


@register("free-sides")
class FreeSides(Pass):
    """Free the height and the width of an input [N, C, H, W]; it goes last, as other passes weigh layers by their size.

    Raises ConfigError as `free_sides` does.
    """

    for_the_reference = True

    multiple: int = Field(32, ge=1, description="the sides that are handed over are multiples of this, in pixels")

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        graph = onnx.load_from_string(candidate.graph_bytes)
        example = task.example()
        if not isinstance(example, np.ndarray) or example.ndim != 4:
            raise ConfigError("free-sides needs an input [N, C, H, W], and no other one")
        if min(example.shape[2:]) <= self.multiple:
            raise ConfigError(
                f"free-sides needs sides above {self.multiple} pixels; this input has {example.shape[2:]}"
            )
        smaller = np.ascontiguousarray(example[..., : -self.multiple, : -self.multiple])
        return candidate.then(self.record(), graph=free_sides(graph, example, smaller))


def free_sides(graph: onnx.ModelProto, example: Array, other: Array) -> onnx.ModelProto:
    """A copy that takes pictures of any size.

    Args:
        example: an input of the graph's own size.
        other: one of another height and width.

    Raises ConfigError if the graph's input has no fixed sides, for a reshape of which it is not clear which of its axes
    takes what is free, for an operator that is told a size, or if the copy does not give the same for `example`, or
    takes no `other`.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(graph)
    picture = copy.graph.input[0]
    axes = picture.type.tensor_type.shape.dim
    if len(axes) != 4 or not all(axis.dim_value for axis in axes[2:]):
        raise ConfigError(f"free-sides needs an input [N, C, H, W] of fixed size; {picture.name!r} is none")
    for axis, name in zip(axes[2:], _SIDES, strict=True):
        axis.dim_param = name  # in place of its value
    del copy.graph.value_info[:]
    for output in copy.graph.output:
        for axis in output.type.tensor_type.shape.dim:
            axis.Clear()
    stored = {tensor.name for tensor in copy.graph.initializer}
    if told := next((node for node in copy.graph.node if stored.intersection(_sizes(node))), None):
        raise ConfigError(
            f"free-sides: {told.op_type} {told.name} is told a size, which would be that of every picture"
        )
    try:
        for node in [node for node in copy.graph.node if node.op_type == "Reshape"]:
            _free_reshape(copy, node, [{picture.name: one} for one in (example, other)])
        after = Session(copy.SerializeToString())
        after(other)
    except ConfigError:
        raise
    except Exception as error:  # onnxruntime's exceptions share no base but Exception
        raise ConfigError(f"the graph takes no other size than its own: {first_line(error)}") from error
    if (off := largest_error(Session(graph.SerializeToString())(example), after(example))) > _TOLERANCE:
        raise ConfigError(f"with free sides the outputs differ by {off:.2g} of the largest: they depend on the size")
    return copy


def _free_reshape(graph: onnx.ModelProto, node: onnx.NodeProto, feeds: list[dict[str, Array]]) -> None:
    """Let one axis of the reshape follow from the others, if the shape of what it reads follows from the picture's."""
    stored = next((tensor for tensor in graph.graph.initializer if tensor.name == node.input[1]), None)
    target = None if stored is None else numpy_helper.to_array(stored).copy()
    if target is None or -1 in target or any(node.input[0] == tensor.name for tensor in graph.graph.initializer):
        return
    own, other = _shapes(graph, node.input[0], feeds)
    if own == other:
        return
    fixed = math.prod(size for size, changed in zip(own, other, strict=True) if size == changed)
    free = [place for place in range(len(target)) if math.prod(np.delete(target, place)) == fixed]
    if len(free) != 1:
        raise ConfigError(f"free-sides: it is not clear which axis of {node.name}, {target.tolist()}, becomes free")
    target[free[0]] = -1
    name = f"{node.output[0]}_free"  # its own, as the constant may serve others
    graph.graph.initializer.append(numpy_helper.from_array(target, name))
    node.input[1] = name


def _sizes(node: onnx.NodeProto) -> list[str]:
    """The inputs of a node that say how large its output is, other than a reshape's."""
    return list(node.input[3:4] if node.op_type == "Resize" else node.input[1:] if node.op_type == "Expand" else [])


def _shapes(graph: onnx.ModelProto, name: str, feeds: list[dict[str, Array]]) -> list[tuple[int, ...]]:
    """Of a tensor, for each of the inputs."""
    if name in feeds[0]:
        return [feed[name].shape for feed in feeds]
    before = Session(_up_to(graph, name).SerializeToString())
    return [before.run(feed)[0].shape for feed in feeds]


def _up_to(graph: onnx.ModelProto, name: str) -> onnx.ModelProto:
    """A copy that computes this tensor and nothing else."""
    made_by = {output: node for node in graph.graph.node for output in node.output}
    wanted, asked = {name}, [name]
    while asked:
        before = read_by(made_by[asked.pop()]) & made_by.keys() - wanted
        wanted |= before
        asked += before
    part = onnx.ModelProto()
    part.CopyFrom(graph)
    del part.graph.node[:], part.graph.output[:]
    part.graph.node.extend(node for node in graph.graph.node if wanted.intersection(node.output))
    part.graph.output.append(onnx.ValueInfoProto(name=name))
    return part
