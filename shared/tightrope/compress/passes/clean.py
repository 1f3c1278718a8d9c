"""Graph clean-up that changes nothing but the work: constants folded, BatchNorm folded, dead nodes gone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnx
import onnxruntime as ort

from tightrope.compress.candidate import Candidate
from tightrope.compress.nodes import name_nodes, read_by
from tightrope.compress.registry import Pass, register
from tightrope.compress.task import Task
from tightrope.runtime.session import session_options


@register("clean")
class Clean(Pass):
    """onnxruntime's hardware-independent rewrites, saved: constant folding, BatchNorm, Add, Mul and Pad into
    convolutions, identities and dead ends removed. Every node has a name afterwards, and the exporter's
    annotations, which name the paths of source files, are gone.

    Activations stay separate nodes: onnxruntime fuses them when it loads the graph (its fused operators are not
    standard ONNX, and cannot be quantized any more).
    """

    def apply(self, candidate: Candidate, task: Task) -> Candidate:
        before = onnx.ModelProto()
        before.ParseFromString(candidate.graph_bytes)
        count = len(before.graph.node)
        _drop_dead_ends(before.graph)
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "clean.onnx"
            options = session_options(threads=1)
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
            options.optimized_model_filepath = str(target)
            ort.InferenceSession(before.SerializeToString(), options, providers=["CPUExecutionProvider"])
            graph = onnx.load(target)
        _strip(graph)
        name_nodes(graph)
        nodes = {"nodes_before": count, "nodes_after": len(graph.graph.node)}
        return candidate.then(self.record(**nodes), graph=graph)


def _drop_dead_ends(graph: onnx.GraphProto) -> None:
    """Remove nodes from which no output is reached: onnxruntime keeps them, and fuses nothing that they read."""
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(read_by(node))
    alive = [onnx.NodeProto.FromString(node.SerializeToString()) for node in reversed(kept)]
    del graph.node[:]
    graph.node.extend(alive)


def _strip(graph: onnx.ModelProto) -> None:
    """Drop exporter annotations and operator-set imports that no node uses."""
    for owner in (graph, graph.graph):
        del owner.metadata_props[:]
        owner.doc_string = ""
    for node in graph.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*graph.graph.value_info, *graph.graph.input, *graph.graph.output, *graph.graph.initializer):
        del value.metadata_props[:]
        value.doc_string = ""
    used = {node.domain for node in graph.graph.node} | {""}
    kept = [entry for entry in graph.opset_import if entry.domain in used]
    del graph.opset_import[:]
    graph.opset_import.extend(kept)
