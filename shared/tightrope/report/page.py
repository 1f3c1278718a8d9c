"""One self-contained HTML page about an app's artifacts: no script, no remote asset, no figure but the evidence's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

from tightrope import __version__
from tightrope.artifact import Artifact, Manifest
from tightrope.budget import Budget
from tightrope.ladder import Ladder, is_reference
from tightrope.measure.evidence import interval_text
from tightrope.report import plots
from tightrope.report.facts import (
    Facts,
    budget_facts,
    environment_facts,
    finding_facts,
    fits,
    gate_facts,
    instruction_set_facts,
    judged,
    latency_at,
    latency_facts,
    pass_facts,
    resource_facts,
    scope_lines,
    sensitivity,
    variant_facts,
)


def write_page(app: str, summary: str, artifacts: Sequence[Artifact], profile: str, budget: Budget) -> str:
    """The page, as text.

    Args:
        app, summary: name of the app, and its line.
        artifacts: in the order in which they are shown.
        profile, budget: the device profile that they are judged by, and its name.

    Raises:
        ConfigError: an artifact's evidence has no latency at the budget's percentile.
        MissingExtraError: matplotlib is not installed.
    """
    ladder = Ladder.of(artifacts)
    body = [
        f"<h1>{escape(app)}: artifacts and their evidence</h1>",
        f'<p class="soft">{escape(summary)} Judged by the device profile <b>{escape(profile)}</b>. Written by '
        f"tightrope {__version__} from each artifact's <code>artifact.json</code>.</p>",
        '<div class="verdicts">',
        *(_verdict(artifact, ladder, budget) for artifact in artifacts),
        "</div>",
        *_tradeoffs(artifacts, budget),
        *(part for artifact in artifacts for part in _artifact(artifact.manifest, budget)),
    ]
    return document(f"{app}: artifacts and their evidence", body)


def document(title: str, body: Sequence[str]) -> str:
    """A self-contained page of these pieces of HTML, in the style of all of Tightrope's reports."""
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
    )
    return head + "\n".join(body) + "\n</body>\n</html>\n"


def _verdict(artifact: Artifact, ladder: Ladder, budget: Budget) -> str:
    """A box with the headline: fits or not, axis by axis."""
    manifest = artifact.manifest
    fit = fits(manifest.evidence, budget)
    kind, said = {True: ("fits", "fits"), False: ("misses", "does not fit"), None: ("", "not measured")}[fit]
    rung = ladder.position(manifest.name)
    about = [manifest.precision, f"{artifact.size / 1e6:.1f} MB"]
    about += ["the reference"] if is_reference(manifest) else []
    about += [f"rung {rung}"] if rung is not None else ["not on the ladder"]
    lines = (
        f'<li class="{"met" if verdict.met else "missed"}">{escape(str(verdict))}</li>'
        for verdict in judged(manifest.evidence, budget)
    )
    return (
        f'<div class="verdict {kind}"><a href="#{escape(manifest.name)}">{escape(manifest.name)}</a>'
        f'<strong>{said}</strong><span class="soft">{escape(", ".join(about))}</span><ul>{"".join(lines)}</ul></div>'
    )


def _tradeoffs(artifacts: Sequence[Artifact], budget: Budget) -> Iterator[str]:
    """A plot for each metric of the gate, over all artifacts that have both figures."""
    measured = [a.manifest for a in artifacts if {"pipeline", "gate"} <= a.manifest.evidence.keys()]
    if not measured:
        return
    yield "<h2>Accuracy against latency</h2>"
    for metric in dict.fromkeys(kept["metric"] for m in measured for kept in m.evidence["gate"]["retentions"]):
        points, reference = [], 0.0
        for manifest in measured:
            for kept in manifest.evidence["gate"]["retentions"]:
                if kept["metric"] == metric:
                    points.append(_point(manifest, kept, budget))
                    reference = max(reference, kept["reference"])
        yield plots.tradeoff(metric, points, reference, budget)
    yield (
        '<p class="note">Whiskers: across, the interval of the latency by order statistics; upright, the interval of '
        "the share kept (paired bootstrap) times the reference's score. Dashed: the latency limit; dotted: the score "
        "to keep.</p>"
    )
    machines = {(m.evidence["environment"]["cpu"], m.evidence["environment"]["threads"]) for m in measured}
    if len(machines) > 1:
        yield '<p class="note missed">These were measured on different machines: their times do not compare.</p>'


def _point(manifest: Manifest, kept: dict[str, float], budget: Budget) -> plots.Point:
    latency = latency_at(manifest.evidence, budget.percentile)
    scores = (kept["low"] * kept["reference"], kept["high"] * kept["reference"])
    return plots.Point(manifest.name, latency["value"], (latency["low"], latency["high"]), kept["candidate"], scores)


def _artifact(manifest: Manifest, budget: Budget) -> Iterator[str]:
    evidence = manifest.evidence
    yield f'<h2 id="{escape(manifest.name)}">{escape(manifest.name)}</h2>'
    if "pipeline" in evidence:
        yield from section(budget_facts(evidence, budget))
        yield f'<p class="note">Latency: {escape(interval_text(evidence, budget))}.</p>'
    if "gate" in evidence:
        yield from section(gate_facts(evidence))
    if evidence.get("instruction_sets"):
        yield from section(instruction_set_facts(evidence))
    for facts in finding_facts(evidence):
        yield from section(facts)
    if "pipeline" in evidence:
        yield from section(latency_facts(evidence))
        yield plots.stage_times(evidence, budget)
        if evidence.get("variants"):
            yield from section(variant_facts(evidence))
        yield from section(resource_facts(evidence))
        yield plots.operator_times(evidence)
    yield from _sensitivity(manifest)
    if "environment" in evidence:
        yield from section(environment_facts(evidence))
    yield from _scope(manifest)
    yield from _lineage(manifest)


def _sensitivity(manifest: Manifest) -> Iterator[str]:
    layers, kept = sensitivity(manifest)
    if not layers:
        return
    yield "<h3>What quantizing each layer costs</h3>"
    yield plots.layer_sensitivity(layers, kept)
    yield (
        f'<p class="note">{len(kept)} of {len(layers)} layers are kept in float. Where a score is given, it is what '
        "the worst gate metric changed by on the calibration split.</p>"
    )


def _scope(manifest: Manifest) -> Iterator[str]:
    if lines := list(scope_lines(manifest)):
        yield f"<h3>Intended use and limits</h3><ul>{''.join(f'<li>{_code(line)}.</li>' for line in lines)}</ul>"


def _lineage(manifest: Manifest) -> Iterator[str]:
    if lineage := manifest.lineage:
        yield "<details><summary>How it was made</summary>"
        yield f"<pre><code>{escape(lineage['command'])}</code></pre>"
        yield table(pass_facts(manifest))
        versions = ", ".join(f"{name} {version}" for name, version in lineage["versions"].items())
        yield f"<p>With {escape(versions)}.</p>"
        for name, digest in lineage["data_sha256"].items():
            yield f"<p>Data {escape(name)}, sha256 <code>{escape(digest)}</code></p>"
        for entry in manifest.licences:
            yield f"<p>{escape(entry['what'])}: {escape(entry['licence'])}. {escape(entry['source'])}</p>"
        yield "</details>"


def section(facts: Facts) -> Iterator[str]:
    """A table under its title, with its note."""
    yield f"<h3>{escape(facts.title)}</h3>"
    yield table(facts)
    if facts.note:
        yield f'<p class="note">{escape(facts.note)}</p>'


def table(facts: Facts) -> str:
    """A table that scrolls on a narrow screen."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in facts.header)
    rows = ("".join(_cell(cell) for cell in row) for row in facts.rows)
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(f"<tr>{row}</tr>" for row in rows)}</table></div>'


def _cell(text: str) -> str:
    mark = {"met": ' class="met"', "MISSED": ' class="missed"'}.get(text, "")
    return f"<td{mark}>{escape(text)}</td>"


def _code(text: str) -> str:
    """Escaped text in which `...` is set as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
