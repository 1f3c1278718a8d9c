"""The budget bar: what the last run took, stage by stage, against the limit; and how this session has gone so far.

The bar's full width is 1.5 times the limit. Everything it shows is written beside it in words.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from html import escape
from typing import Any

from tightrope.budget import Budget
from tightrope.demo.session import Session
from tightrope.measure.statistics import Quantile
from tightrope.runtime.pipeline import StageTimes

_WIDTH = 1.5  # of the limit
_ENOUGH = 10  # of fewer runs the 90th percentile is the slowest, and the first run of a process is slow
_STAGES = ("preprocess", "session", "postprocess")


def budget_bar(session: Session, budget: Budget, name: str, process_mb: float, evidence: Mapping[str, Any]) -> str:
    """HTML.

    Args:
        name: of the artifact.
        process_mb: peak memory of the demo's own process, MB (10^6).
        evidence: that of the artifact; its peak memory, measured alone, is what the budget's limit is about.
    """
    rows = [("rung", f"{session.rung}, {escape(name)}"), *_memory_rows(budget, process_mb, evidence)]
    if session.meter.runs:
        body = _bar(session.meter.last, budget) + _legend(session.meter.last)
        rows = [*_session_rows(session, budget), *rows]
    else:
        body = f'<p class="tr-soft">Nothing was run yet. The limit is {budget.latency_ms:g} ms.</p>'
    if session.pilot is not None:
        body += f'<p class="tr-soft">The governor chooses: rung {session.rung} next. {escape(session.why)}</p>'
    if session.meter.runs and (busy := _busy()):
        body += f'<p class="tr-soft">{busy}</p>'
    if session.rivals:
        body += f'<p class="tr-emulated">{_emulated(session.rivals)}</p>'
    listed = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows)
    return f'<section class="tr-budget" aria-label="Latency budget">{body}<dl>{listed}</dl></section>'


def _busy() -> str:
    """A sentence if more programs want this computer's cores than it has; a run then waits for its turn."""
    if not hasattr(os, "getloadavg"):
        return ""
    wanted, cores = os.getloadavg()[0], os.cpu_count() or 1
    if wanted <= cores:
        return ""
    return f"This computer is busy: {wanted:.0f} programs wanted its {cores} cores in the last minute."


def _bar(times: StageTimes, budget: Budget) -> str:
    """The stages side by side, and a mark at the limit."""
    total, limit = times.total_ms, budget.latency_ms
    full = limit * _WIDTH
    left, parts = 0.0, []
    for name in _STAGES:
        width = min(_milliseconds(times, name) / full, 1 - left)
        parts.append(f'<i class="tr-{name}" style="width:{width:.2%}"></i>')
        left += width
    verdict = '<b class="tr-met">inside</b>' if total <= limit else '<b class="tr-missed">over</b>'
    return (
        f'<p class="tr-total"><strong>{total:.1f} ms</strong> of {limit:g} ms: {verdict}</p>'
        f'<div class="tr-track" aria-hidden="true">{"".join(parts)}<u style="left:{1 / _WIDTH:.2%}"></u></div>'
    )


def _legend(times: StageTimes) -> str:
    items = (f'<li class="tr-{name}">{name} {_milliseconds(times, name):.1f} ms</li>' for name in _STAGES)
    return f'<ul class="tr-legend">{"".join(items)}</ul>'


def _session_rows(session: Session, budget: Budget) -> list[tuple[str, str]]:
    meter = session.meter
    runs = f"{meter.runs} run{'' if meter.runs == 1 else 's'}"
    p90 = f"{meter.total_ms(90):.1f} ms" if meter.runs >= _ENOUGH else f"after {_ENOUGH} runs"
    shown = [("p50", f"{meter.total_ms(50):.1f} ms"), ("p90", p90)]
    if budget.percentile not in (50, 90) and meter.runs >= _ENOUGH:
        shown.append((f"p{budget.percentile:g}", f"{meter.total_ms(budget.percentile):.1f} ms"))
    shown.append(("over the limit", f"{meter.missed} of {runs} ({meter.missed / meter.runs:.0%})"))
    if len(meter.work_ms) >= _ENOUGH:
        work = Quantile.of(meter.work_ms, 90).value
        shown.append(("p90 with decoding and drawing", f"{work:.1f} ms"))
    return shown


def _memory_rows(budget: Budget, process_mb: float, evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [("peak memory, this demo", f"{process_mb:.0f} MB with the web server")]
    if (alone := evidence.get("peak_rss_mb")) is not None:
        limit = "" if budget.peak_rss_mb is None else f" of {budget.peak_rss_mb:g}"
        rows.insert(0, ("peak memory, alone", f"{alone:.0f}{limit} MB"))
    return rows


def _emulated(rivals: int) -> str:
    others = "one other program" if rivals == 1 else f"{rivals} other programs"
    return f"Emulated: {others} on the same core. Figures of this session only; no other device is measured by it."


def _milliseconds(times: StageTimes, stage: str) -> float:
    return times.to_dict()[f"{stage}_ms"]
