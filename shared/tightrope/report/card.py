"""The model card, README.md of an artifact: written from its manifest, never by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tightrope.artifact import Manifest
from tightrope.ladder import is_reference
from tightrope.report.facts import (
    Evidence,
    Facts,
    budget_facts,
    environment_facts,
    finding_facts,
    fits,
    gate_facts,
    instruction_set_facts,
    latency_facts,
    pass_facts,
    recorded_budget,
    resource_facts,
    scope_lines,
    variant_facts,
)


def write_card(manifest: Manifest) -> str:
    """Markdown card of an artifact; sections without evidence are left out."""
    parts = [
        f"# {manifest.name}",
        _summary(manifest),
        *_evidence(manifest),
        *_scope(manifest),
        *_lineage(manifest),
        *_licences(manifest.licences),
    ]
    return "\n\n".join(parts) + "\n"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; bars in cells are escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _summary(manifest: Manifest) -> str:
    """Whether it fits, before anything else."""
    kind = "the reference, uncompressed" if is_reference(manifest) else manifest.precision
    own = manifest.lineage.get("own")
    owner = (
        f"Made by Tightrope from `{own['target']}`"
        if own
        else f"An artifact of the **{manifest.app}** app of Tightrope"
    )
    about = f"{owner} ({kind}), made {manifest.created}."
    budget = recorded_budget(manifest)
    fit = fits(manifest.evidence, budget) if budget else None
    said = {True: " **It fits its budget.**", False: " **It does not fit its budget.**", None: ""}[fit]
    if not manifest.evidence.get("environment", {"quiet": True})["quiet"]:
        said += " It was measured on a disturbed machine, so its times are too long."
    return f"{about}{said} Every figure below is from the evidence in `artifact.json`; this card is written from it."


def _evidence(manifest: Manifest) -> Iterator[str]:
    evidence, budget = manifest.evidence, recorded_budget(manifest)
    if budget and "pipeline" in evidence:
        yield from _section(budget_facts(evidence, budget))
    if "gate" in evidence:
        yield from _section(gate_facts(evidence))
    if evidence.get("instruction_sets"):
        yield from _section(instruction_set_facts(evidence))
    for facts in (*finding_facts(evidence), *_measured(evidence)):
        yield from _section(facts)


def _measured(evidence: Evidence) -> Iterator[Facts]:
    if "pipeline" in evidence:
        yield latency_facts(evidence)
        if evidence.get("variants"):
            yield variant_facts(evidence)
        yield resource_facts(evidence)
        yield environment_facts(evidence)


def _scope(manifest: Manifest) -> Iterator[str]:
    if lines := list(scope_lines(manifest)):
        yield "## Intended use and limits"
        yield "\n".join(f"- {line}." for line in lines)


def _lineage(manifest: Manifest) -> Iterator[str]:
    if not (lineage := manifest.lineage):
        return
    yield "## How it was made"
    yield f"```\n{lineage['command']}\n```"
    yield _table(pass_facts(manifest))
    yield "With " + ", ".join(f"{name} {version}" for name, version in lineage["versions"].items()) + "."
    if digests := lineage["data_sha256"]:
        yield "Data, by sha256:"
        yield "\n".join(f"- {name}: `{digest}`" for name, digest in digests.items())


def _licences(licences: Sequence[Mapping[str, str]]) -> Iterator[str]:
    if licences:
        yield "## Licences"
        yield "\n".join(f"- {entry['what']}: {entry['licence']}. {entry['source']}" for entry in licences)


def _section(facts: Facts) -> Iterator[str]:
    yield f"## {facts.title}"
    yield _table(facts)
    if facts.note:
        yield facts.note


def _table(facts: Facts) -> str:
    return markdown_table(facts.header, facts.rows)
