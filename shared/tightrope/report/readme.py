"""The README's table of what was measured: written between two markers from the artifacts' evidence, never typed."""

from __future__ import annotations

from collections.abc import Sequence

from tightrope.artifact import Artifact, Manifest
from tightrope.errors import BadInputError
from tightrope.ladder import is_reference
from tightrope.report.card import markdown_table
from tightrope.report.facts import judged, latency_at, quantile_text, recorded_budget

BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"


def measured_table(artifacts: Sequence[Artifact]) -> str:
    """A Markdown table of the artifacts that have evidence, a row each, and a line on how it was measured."""
    measured = [artifact for artifact in artifacts if {"pipeline", "gate"} <= artifact.manifest.evidence.keys()]
    header = ("artifact", "MB", "pipeline p90, ms", "budget", "accuracy kept", "model time over the reference's")
    rows = [_row(artifact) for artifact in measured]
    conditions = dict.fromkeys(_conditions(artifact.manifest) for artifact in measured)
    notes = [f"Measured on {text}." for text in conditions]
    notes.append(
        "Brackets: intervals; of latencies by order statistics, of accuracy by the paired bootstrap. "
        "Written from the evidence in each artifact's `artifact.json`."
    )
    return "\n\n".join((markdown_table(header, rows), "  \n".join(notes)))


def update_readme(text: str, table: str) -> str:
    """`text` with `table` between the markers. Raises BadInputError if they are not there once, in this order."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BadInputError(f"the text has no place for the table: put {BEGIN} and {END} on lines of their own")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def _row(artifact: Artifact) -> tuple[str, ...]:
    manifest, evidence = artifact.manifest, artifact.manifest.evidence
    name = f"{manifest.app} `{manifest.name}`{' (reference)' if is_reference(manifest) else ''}"
    kept = [
        f"{k['share']:.1%} [{k['low']:.1%}, {k['high']:.1%}] of {k['metric']}" for k in evidence["gate"]["retentions"]
    ]
    ratio = evidence.get("ratio_to_reference")
    speed = f"{ratio['value']:.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}]" if ratio else "-"
    p90 = quantile_text(latency_at(evidence, 90))
    return (name, f"{artifact.size / 1e6:.1f}", p90, _budget(manifest), "<br>".join(kept), speed)


def _budget(manifest: Manifest) -> str:
    """The latency limit, and whether all axes are met or which are not."""
    if not (budget := recorded_budget(manifest)):
        return "-"
    missed = [verdict.axis for verdict in judged(manifest.evidence, budget) if not verdict.met]
    return f"{budget.latency_ms:g} ms at p{budget.percentile:g}: {'misses ' + ', '.join(missed) if missed else 'fits'}"


def _conditions(manifest: Manifest) -> str:
    evidence = manifest.evidence
    here, gate = evidence["environment"], evidence["gate"]
    quiet = "" if here["quiet"] else ", beside other load"
    return (
        f"{here['cpu']} ({here['instruction_set']}), {here['threads']} thread(s), onnxruntime {here['onnxruntime']}, "
        f"{evidence['date'][:10]}{quiet}; {evidence['pipeline']['total']['n']} runs of the whole pipeline, "
        f"{gate['samples']} held-out samples"
    )
