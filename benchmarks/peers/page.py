"""The comparison as Markdown: a table a case, then where we are not faster and what is known of the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_HEAD = (
    "| | accuracy kept | p50, ms | p90, ms | MB | to compress, CPU s | user lines | ours is faster by |",
    "|---|---|---:|---:|---:|---:|---:|---:|",
)
_EXPLAINED = """Every contestant gets the same float graph and the same 128 calibration inputs. Accuracy is judged by \
one `evaluate()` on the held-out split, in the runtime that is timed; of several metrics the worst is shown, with its \
95% interval by the paired bootstrap, and all of them have to keep {keep:.0%}. Times are of one inference on one \
thread, interleaved in one process. To compress: CPU seconds of all threads together, with the search for what stays \
in float where there is one. User lines: neither blank nor comment; data, metric and network, which all need, are not \
counted. The last column: the median over rounds of a contestant's time over that of our fastest that passes, in the \
same round, with its 95% interval; above 1 ours is faster."""


def page(result: Mapping[str, Any], keep: float) -> str:
    """The whole page; `result` as run.py writes it."""
    lines = ["# Compression, side by side with the peers", "", _EXPLAINED.format(keep=keep)]
    for case in result["cases"].values():
        lines += ["", f"## {case['title']}", "", where(case["environment"]), ""]
        if not case["scored"]:
            lines += ["Speed only: its weights were not trained, so there is no accuracy to keep.", ""]
        lines += [*_HEAD, *(_row(row, case["verdict"]) for row in case["rows"])]
        lines += ["", *(f"- {line}" for line in (*lost(case), *remarks(case)))]
    return "\n".join(lines) + "\n"


def where(here: Mapping[str, Any]) -> str:
    """Machine, date and how busy it was, in a line."""
    busy = "" if here["quiet"] else f"; **not quiet**: others took {here['foreign_load']:.0%} of the processor"
    return (
        f"One thread of {here['cpu']} ({here['instruction_set']}), onnxruntime {here['onnxruntime']}, "
        f"{here['date'][:10]}{busy}."
    )


def _row(row: Mapping[str, Any], verdict: Mapping[str, Any]) -> str:
    lines = "" if row["cpu_seconds"] is None else f"{row['user_lines']}"
    seconds = "" if row["cpu_seconds"] is None else f"{row['cpu_seconds']:.0f}"
    name = f"**{row['name']}**" if row["name"] == verdict["ours"] else row["name"]
    if "error" in row:
        return f"| {name} | does not run | | | | {seconds} | {lines} | |"
    latency, over = row["latency_ms"], verdict["over_ours"].get(row["name"])
    cells = [name, _kept(row["gate"]), *(f"{latency[key]['value']:.2f}" for key in ("p50", "p90"))]
    cells += [f"{row['bytes'] / 1e6:.1f}", seconds, lines, ratio_text(over) if over else ""]
    return f"| {' | '.join(cells)} |"


def _kept(gate: Mapping[str, Any] | None) -> str:
    if gate is None:
        return ""
    worst = worst_of(gate)
    interval = f"[{worst['low']:.1%}, {worst['high']:.1%}]"
    return f"{worst['share']:.1%} {interval} of {worst['metric']}" + ("" if gate["passed"] else ", **fails**")


def worst_of(gate: Mapping[str, Any]) -> Mapping[str, Any]:
    """The retention of the metric that is kept least."""
    found: Mapping[str, Any] = min(gate["retentions"], key=lambda one: one["share"])
    return found


def ratio_text(ratio: Mapping[str, float]) -> str:
    return f"{ratio['value']:.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}]"


def lost(case: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each peer that ours does not beat, or one that all are beaten."""
    verdict, by_name = case["verdict"], {row["name"]: row for row in case["rows"]}
    if verdict["ours"] is None:
        yield "None of ours passes the gate here: " + "; ".join(
            f"{row['name']}, {_kept(row['gate'])}" for row in case["rows"] if row["ours"] and row.get("gate")
        )
        return
    best = by_name[verdict["ours"]]
    losses = {name: ratio for name, ratio in verdict["over_ours"].items() if ratio["low"] <= 1}
    for name, ratio in losses.items():
        word = "Slower than" if ratio["high"] < 1 else "Not shown to be faster than"
        yield f"{word} {name}, {ratio_text(ratio)} of our time. {reason(best, by_name[name])}"
    if not losses:
        yield f"{best['name']} is faster than every peer's that {'passes' if case['scored'] else 'runs'}."
    if best["notes"]:
        yield f"{best['name']}: {best['notes']}."


def reason(ours: Mapping[str, Any], peer: Mapping[str, Any]) -> str:
    """What the rows themselves say of why: the runtime, what stays in float, how much was asked of the accuracy."""
    parts = []
    if ours["runtime"] == peer["runtime"]:
        parts.append(f"Both run in {ours['runtime']}, with the same kernels")
    else:
        parts.append(f"Ours runs in {ours['runtime']}, the peer's in {peer['runtime']}")
    if ours["notes"]:
        parts.append(f"of ours {ours['notes']}")
    if peer["gate"] and ours["gate"]:
        parts.append(f"kept are {worst_of(ours['gate'])['share']:.1%} against {worst_of(peer['gate'])['share']:.1%}")
    return "; ".join(parts) + "."


def remarks(case: Mapping[str, Any]) -> Iterator[str]:
    """Peers that did not run, each with its own last word."""
    for row in case["rows"]:
        if "error" in row:
            yield f"{row['name']} does not run: `{row['error']}`"
        elif not row["ours"] and row["gate"] and not row["gate"]["passed"]:
            yield f"{row['name']} does not pass the gate, and does not count."
