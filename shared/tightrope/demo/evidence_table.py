"""What is known of an artifact, from its own evidence: its budget, its accuracy, and on what it was measured."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from tightrope.artifact import Artifact
from tightrope.budget import Budget
from tightrope.ladder import is_reference
from tightrope.report.facts import Facts, budget_facts, environment_facts, gate_facts, latency_facts, pass_facts
from tightrope.report.page import section


def evidence_table(artifact: Artifact, budget: Budget) -> str:
    """HTML: tables that scroll on their own where the screen is narrow."""
    evidence = artifact.manifest.evidence
    parts = [f"<p>{about(artifact)}. Every figure is from <code>artifact.json</code>.</p>"]
    for facts in _facts(artifact, budget):
        parts += section(facts)
    if not evidence:
        parts.append("<p>It was never measured.</p>")
    return f'<div class="tr-evidence">{"".join(parts)}</div>'


def about(artifact: Artifact) -> str:
    """Name, precision and size in a line of HTML, such as '<b>nanodet-416-int8</b>, mixed, 3.9 MB'."""
    manifest = artifact.manifest
    kind = f"{manifest.precision}, the reference" if is_reference(manifest) else manifest.precision
    return f"<b>{escape(manifest.name)}</b>, {escape(kind)}, {artifact.size / 1e6:.1f} MB"


def _facts(artifact: Artifact, budget: Budget) -> Iterator[Facts]:
    manifest, evidence = artifact.manifest, artifact.manifest.evidence
    if "pipeline" in evidence:
        yield budget_facts(evidence, budget)
    if "gate" in evidence:
        yield gate_facts(evidence)
    if "pipeline" in evidence:
        yield latency_facts(evidence)
        yield environment_facts(evidence)
    if manifest.lineage:
        yield pass_facts(manifest)
