"""Nodes of a graph: the names that layers are chosen by, and what reads a tensor, subgraphs included."""

from __future__ import annotations

from collections.abc import Iterable

import onnx


def name_nodes(graph: onnx.ModelProto) -> None:
    """Give each node a unique name: layers are chosen, profiled and reported by it."""
    given = {node.name for node in graph.graph.node}
    seen: set[str] = set()
    for position, node in enumerate(graph.graph.node):
        if not node.name or node.name in seen:
            node.name = f"{node.op_type}_{position}"
            while node.name in given:  # by a node that comes later, say
                node.name += "_"
        seen.add(node.name)
        given.add(node.name)


def read_by(node: onnx.NodeProto) -> set[str]:
    """Names of the tensors that a node reads, those that its subgraphs take from outside included."""
    return {*node.input, *_read_inside(node)}


def reads(graph: onnx.GraphProto) -> list[str]:
    """A tensor's name as often as it is read: by nodes, by the subgraphs of nodes, and as an output of the graph."""
    by_nodes = [name for node in graph.node for name in (*node.input, *_read_inside(node))]
    return [*by_nodes, *(output.name for output in graph.output)]


def with_outputs(graph: onnx.ModelProto, names: Iterable[str]) -> onnx.ModelProto:
    """A copy that also gives these tensors; what is an output already stays one."""
    wide = onnx.ModelProto()
    wide.CopyFrom(graph)
    present = {output.name for output in wide.graph.output}
    wide.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in present)
    return wide


def _read_inside(node: onnx.NodeProto) -> set[str]:
    """By the subgraphs of an If, Loop or Scan."""
    names: set[str] = set()
    for graph in (graph for attribute in node.attribute for graph in (attribute.g, *attribute.graphs)):
        names.update(reads(graph))
    return names
