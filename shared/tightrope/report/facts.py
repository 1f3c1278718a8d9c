"""What a card, a page and the README say of an artifact: tables of text, made from its manifest and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tightrope.artifact import Manifest
from tightrope.budget import Budget, Verdict
from tightrope.config import validate
from tightrope.errors import ConfigError
from tightrope.measure.evidence import verdicts

Evidence = Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """A table of text, with a sentence below it that says how its figures came about."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def recorded_budget(manifest: Manifest) -> Budget | None:
    """The budget that the artifact was made for; None: it does not say."""
    recorded = manifest.evidence.get("budget")
    return validate(Budget, recorded, f"{manifest.name}, evidence") if recorded else None


def judged(evidence: Evidence, budget: Budget) -> list[Verdict]:
    """Every axis of the budget that the evidence has a figure for: latency, memory, size, and each metric's share."""
    found = verdicts(evidence, budget) if "pipeline" in evidence else []
    for kept in evidence.get("gate", {}).get("retentions", ()):
        found.append(Verdict(f"kept of {kept['metric']}", kept["share"] * 100, budget.keep * 100, "%", at_least=True))
    return found


def fits(evidence: Evidence, budget: Budget) -> bool | None:
    """True if every axis is met; None: it was never measured."""
    return all(verdict.met for verdict in judged(evidence, budget)) if "pipeline" in evidence else None


def latency_at(evidence: Evidence, percentile: float) -> Mapping[str, float]:
    """The whole pipeline's quantile at that percentile. Raises ConfigError if the evidence has none."""
    total = evidence["pipeline"]["total"]
    known: list[Mapping[str, float]] = [evidence["pipeline"]["at_budget"], total["p50"], total["p90"], total["p99"]]
    for quantile in known:
        if quantile["percentile"] == percentile:
            return quantile
    raise ConfigError(f"the evidence has no p{percentile:g} of the pipeline; measure again with this budget")


def budget_facts(evidence: Evidence, budget: Budget) -> Facts:
    """Each axis: measured, limit, met or missed."""
    rows = tuple(
        (
            verdict.axis,
            f"{verdict.measured:.5g} {verdict.unit}",
            f"{'>=' if verdict.at_least else '<='} {verdict.limit:.4g} {verdict.unit}",
            "met" if verdict.met else "MISSED",
        )
        for verdict in judged(evidence, budget)
    )
    return Facts("Against its budget", ("axis", "measured", "limit", "verdict"), rows)


def gate_facts(evidence: Evidence) -> Facts:
    """Score of the reference and of the artifact, and the share that is kept, for each metric of the gate."""
    gate = evidence["gate"]
    rows = tuple(
        (
            kept["metric"],
            f"{kept['reference']:.4f}",
            f"{kept['candidate']:.4f}",
            f"{kept['share']:.2%}",
            f"{kept['low']:.2%} to {kept['high']:.2%}",
        )
        for kept in gate["retentions"]
    )
    note = (
        f"The exported graphs in {evidence.get('backend', 'onnxruntime')}, "
        f"on {gate['samples']} held-out samples that calibration never saw. "
        f"Interval: {gate['interval']}, {gate['resamples']} resamples. The point estimate decides."
    )
    if judged_by := evidence.get("judged_by"):
        note += f" What is compared: {judged_by}."
    return Facts("Accuracy", ("metric", "reference", "this artifact", "kept", "interval"), rows, note)


def latency_facts(evidence: Evidence) -> Facts:
    """p50, p90 and p99 of the whole pipeline, its stages, and the bare model."""
    model, pipeline = evidence["model_latency"], evidence["pipeline"]
    stages = {f"- {name}": stage for name, stage in pipeline["stages"].items()}
    rows = {"whole pipeline": pipeline["total"], **stages, f"model ({model['scenario']})": model["latency_ms"]}
    coverage = min(row[percentile]["coverage"] for row in rows.values() for percentile in ("p50", "p90"))
    note = (
        f"Brackets: intervals by order statistics, for p50 and p90 with {coverage:.0%} confidence or more; "
        "'..': too few runs to bound it."
    )
    cells = tuple(
        (name, *(quantile_text(row[percentile]) for percentile in ("p50", "p90", "p99")), str(row["n"]))
        for name, row in rows.items()
    )
    return Facts("Latency", ("ms", "p50", "p90", "p99", "runs"), cells, note)


def variant_facts(evidence: Evidence) -> Facts:
    """p50, p90 and p99 of each of the workload's variants."""
    rows = tuple(
        (name, *(quantile_text(row[percentile]) for percentile in ("p50", "p90", "p99")), str(row["n"]))
        for name, row in evidence["variants"].items()
    )
    return Facts("Other inputs and results", ("ms", "p50", "p90", "p99", "runs"), rows, "Side by side, in turn.")


def finding_facts(evidence: Evidence) -> Iterator[Facts]:
    """What else the task found out: the evidence's `findings`.

    They are title -> {"rows": {row: {column: figure}}, "note": text}. A figure is a text, a number, or a list of value,
    low and high.
    """
    for title, finding in evidence.get("findings", {}).items():
        rows = finding["rows"]
        columns = tuple(dict.fromkeys(column for row in rows.values() for column in row))
        cells = tuple((name, *(_figure(row.get(column, "")) for column in columns)) for name, row in rows.items())
        yield Facts(title, ("", *columns), cells, finding["note"])


def _figure(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "{:.3f} [{:.3f}, {:.3f}]".format(*value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def instruction_set_facts(evidence: Evidence) -> Facts:
    """What is kept on each emulated instruction set and, of the same inputs, on the processor beside it."""
    entries = evidence["instruction_sets"]
    rows = tuple(
        (
            entry["instruction_set"],
            there["metric"],
            f"{there['share']:.2%} [{there['low']:.2%}, {there['high']:.2%}]",
            f"{here['share']:.2%} on {entry['beside']}",
            f"{entry['inputs']} of {entry['held_out']}",
            f"{entry['outputs']['share']:.2%}, by {entry['outputs']['largest']:.3g} at most",
        )
        for entry in entries
        for there, here in zip(entry["there"]["retentions"], entry["here"]["retentions"], strict=True)
    )
    runs = "; ".join(
        f"{entry['instruction_set']}: {entry['emulator']}, onnxruntime {entry['onnxruntime']}, {entry['date'][:10]}"
        for entry in entries
    )
    note = (
        f"{runs}. Kept of the float reference, which ran on the other processor, as all but the artifact's graphs did; "
        "the differences are between the graphs' outputs there and on the other processor. Intervals as above."
    )
    header = ("instruction set", "metric", "kept", "kept, same inputs", "held-out inputs", "outputs that differ")
    return Facts("On other instruction sets", header, rows, note)


def resource_facts(evidence: Evidence) -> Facts:
    """Size, memory, cold start, operators, and the time beside the reference's."""
    start, operators = evidence["cold_start"], evidence["operators"]
    rows = [
        ("graphs", f"{evidence['bytes'] / 1e6:.2f} MB"),
        ("peak memory of a process that only runs it", f"{evidence['peak_rss_mb']:.0f} MB"),
        (
            "cold start to the first result",
            f"{start['wall_s']:.2f} s, {start['cpu_s']:.2f} s of CPU (median of {start['n']} processes)",
        ),
        *([("runtime", evidence["backend"])] if "backend" in evidence else []),
        ("time in integer kernels", f"{operators['integer_share']:.0%}"),
        (
            "slowest operators" + (", if it ran in onnxruntime" if "backend" in evidence else ""),
            ", ".join(f"{row['name']} {row['share']:.0%}" for row in operators["op_types"][:4]),
        ),
    ]
    if energy := evidence.get("energy"):
        watts = f" of {energy['core_watts']:g} W" if energy["core_watts"] else ""
        gco2e = f"{energy['gco2e_per_million']:.2g} g CO2e a million at {energy['grams_per_kwh']:g} g a kWh"
        rows.append(("energy of one run", f"{energy['millijoules']:.3g} mJ ({energy['how']}{watts}); {gco2e}"))
    if ratio := evidence.get("ratio_to_reference"):
        interval = f"[{ratio['low']:.3f}, {ratio['high']:.3f}]"
        rows.append(
            ("model's time over the reference's", f"{ratio['value']:.3f} {interval} of {ratio['n']} interleaved runs")
        )
    return Facts("Memory, start and operators", ("", "measured"), tuple(rows))


def environment_facts(evidence: Evidence) -> Facts:
    """The machine, and how much others used it."""
    here = evidence["environment"]
    load = f"{here['foreign_load']:.1%} of the CPU time went to others"
    rows = (
        ("CPU", f"{here['cpu']}, {here['cores']} cores, {here['usable']} usable"),
        ("instruction set", f"{here['instruction_set']} ({', '.join(here['flags'])})"),
        ("threads of the model", str(here["threads"])),
        ("onnxruntime", here["onnxruntime"]),
        ("Python, numpy", f"{here['python']}, {here['numpy']}"),
        ("system", here["os"]),
        ("clock governor", here["governor"] or "not known"),
        ("disturbance", f"{load}: {'quiet' if here['quiet'] else 'DISTURBED, times are too long'}"),
        ("date", evidence["date"]),
        ("measurement", evidence["mode"]),
    )
    return Facts("Measured on", ("", "at the time"), rows)


def pass_facts(manifest: Manifest) -> Facts:
    """The passes in order, with what each noted."""
    rows = tuple(
        (_of_graph(step), "; ".join(_notes(step.get("notes", {}))) or "-", f"{step['seconds']:.0f} s")
        for step in manifest.lineage["passes"]
    )
    return Facts("Passes", ("pass", "noted", "took"), rows)


def _of_graph(step: Mapping[str, Any]) -> str:
    """'quantize-dynamic', or 'encoder: quantize-dynamic' where the artifact has several graphs."""
    return ": ".join(str(step[key]) for key in ("graph", "method") if key in step)


def scope_lines(manifest: Manifest) -> Iterator[str]:
    """What goes in, what comes out, and what the evidence does not cover; only what the manifest says."""
    if manifest.preprocess:
        yield "Input, as the runtime prepares it: " + _pairs(manifest.preprocess)
    if manifest.labels:
        yield f"It knows {len(manifest.labels)} classes and nothing else: {', '.join(manifest.labels)}"
    for name, point in manifest.operating_points.items():
        yield f"Operating point {name}: {_pairs(point)}"
    if gate := manifest.evidence.get("gate"):
        yield f"Accuracy is known on {gate['samples']} held-out samples; inputs unlike them may score less"
    if here := manifest.evidence.get("environment"):
        yield (
            f"Times hold for {here['cpu']}, {here['instruction_set']}, {here['threads']} thread(s). Integer kernels of "
            "another instruction set round differently too: run `tightrope measure` and `tightrope verify` there"
        )


def sensitivity(manifest: Manifest) -> tuple[list[Mapping[str, Any]], frozenset[str]]:
    """Layers by what quantizing each costs, most harmful first, and which of them stayed in float; none: ([], {})."""
    for step in _all_passes(manifest.lineage.get("passes", ())):
        notes = step.get("notes", {})
        if "sensitivity" in notes:
            return list(notes["sensitivity"]), frozenset(notes.get("kept_in_float", ()))
    return [], frozenset()


def _all_passes(passes: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """And those of the artifact that a graph was taken from."""
    for step in passes:
        yield from _all_passes(step.get("notes", {}).get("made_by", ()))
        yield step


def quantile_text(quantile: Mapping[str, float]) -> str:
    """'value [low, high]'; '..' in place of `high` where the sample is too small to bound it."""
    high = f"{quantile['high']:.3g}" if quantile["coverage"] >= 0.95 else ".."
    return f"{quantile['value']:.3g} [{quantile['low']:.3g}, {high}]"


def _notes(notes: Mapping[str, Any]) -> Iterator[str]:
    for key, value in notes.items():
        if key not in ("sensitivity", "made_by"):
            yield f"{key.replace('_', ' ')}: {_short(value)}"


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {_short(value)}" for key, value in values.items())


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return f"{{{_pairs(value)}}}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_short, value)) if value else "none"
    return str(value)
