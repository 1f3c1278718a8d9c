"""Tell in an artifact's evidence what was measured of the same graph, with other numbers in it, on another machine.

    python tools/carry_measurement.py road OLD NAME

How long a graph takes depends on its nodes and the shapes of its constants, not on the numbers in them. Where weights
or ranges were learned anew on a machine of another kind, what the old artifact's evidence says of its own machine holds
for the new one, and is kept as a finding that says all this. OLD is the old artifact's folder. Refused, in one line, if
the graphs differ in more than numbers.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import onnx

from tightrope.artifact import Artifact
from tightrope.cli.main import guarded
from tightrope.compress.flow import with_evidence
from tightrope.errors import ArtifactError
from tightrope.models import open_artifact
from tightrope.report.card import write_card


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("app")
    parser.add_argument("old", type=Path, help="folder of the artifact that was measured")
    parser.add_argument("name", help="shipped artifact whose evidence is to tell of it")
    arguments = parser.parse_args()
    return guarded(lambda: carry(Artifact.load(arguments.old), open_artifact(arguments.app, arguments.name)))


def carry(old: Artifact, new: Artifact) -> None:
    """Raises ArtifactError if the graphs differ in more than numbers, or if both were measured on the same machine."""
    for name in new.manifest.graphs:
        works = [_work(onnx.load_from_string(artifact.graph(name))) for artifact in (old, new)]
        if works[0] != works[1]:
            raise ArtifactError(f"{old.path} has another graph than {new.path}: its times say nothing of it")
    before, now = old.manifest.evidence, new.manifest.evidence
    if not before.get("ratio_to_reference"):
        raise ArtifactError(f"{old.path} was not measured beside its reference")
    machine = before["environment"]
    if machine["instruction_set"] == now["environment"]["instruction_set"]:
        raise ArtifactError(f"{old.path} was measured on the same kind of processor as {new.path}")
    title = f"On {machine['cpu']}, {machine['instruction_set']}"
    found = {"rows": _rows(before), "note": _note(machine, before["date"])}
    with_evidence(new, {**now, "findings": {**now.get("findings", {}), title: found}}, write_card)
    print(f"written: {new.path}")


def _rows(evidence: Any) -> dict[str, dict[str, Any]]:
    ratio, model = evidence["ratio_to_reference"], evidence["model_latency"]["latency_ms"]
    rows = {f"model, {percentile}, ms": model[percentile] for percentile in ("p50", "p90")}
    told = {name: {"": [row["value"], row["low"], row["high"]], "runs": model["n"]} for name, row in rows.items()}
    share = {"": [ratio["value"], ratio["low"], ratio["high"]], "runs": ratio["n"]}
    return {**told, f"model, share of the {ratio['precision']} reference's time": share}


def _note(machine: Any, date: str) -> str:
    return (
        f"Measured {date[:10]} on one machine of that kind, {machine['threads']} thread, onnxruntime "
        f"{machine['onnxruntime']}, of this graph with the numbers that it had then; the whole input of the model. How "
        "long a graph takes does not depend on them."
    )


def _work(graph: onnx.ModelProto) -> list[str]:
    """What takes time: every node's operator and attributes, and the types and shapes of the constants it reads."""
    constants = {tensor.name: f"{tensor.data_type} {list(tensor.dims)}" for tensor in graph.graph.initializer}

    def told(node: onnx.NodeProto) -> str:
        attributes = sorted(onnx.helper.printable_attribute(attribute) for attribute in node.attribute)
        return f"{node.op_type} {attributes} {[constants.get(name) for name in node.input]}"

    return sorted(map(told, graph.graph.node))


if __name__ == "__main__":
    sys.exit(main())
