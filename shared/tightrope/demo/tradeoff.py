"""Accuracy against latency as a small drawing (SVG): every artifact with its intervals, and 'you are here'."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from tightrope.artifact import Artifact
from tightrope.budget import Budget

_WIDTH, _HEIGHT = 420, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 14, 26, 42


@dataclass(frozen=True)
class _Plane:
    """From (ms, score) to the drawing."""

    most_ms: float
    low: float
    high: float

    def x(self, ms: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * min(ms / self.most_ms, 1)

    def y(self, score: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * (score - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class _Point:
    name: str
    ms: tuple[float, float, float]
    score: tuple[float, float, float]


def tradeoff(artifacts: Sequence[Artifact], here: str, budget: Budget, measured_ms: float | None) -> str:
    """HTML of the drawing in the first metric of the gate; empty if no artifact has evidence.

    Args:
        here: name of the artifact that is chosen.
        measured_ms: p50 of this session, if there is one: a dotted line.
    """
    known = [a for a in artifacts if {"pipeline", "gate"} <= a.manifest.evidence.keys()]
    if not known:
        return ""
    metric = known[0].manifest.evidence["gate"]["retentions"][0]["metric"]
    points = [point for a in known if (point := _point(a, metric)) is not None]
    plane = _plane(points, budget, measured_ms)
    chosen = next((point for point in points if point.name == here), None)
    said = f"{metric} against the pipeline's latency for {len(points)} artifacts"
    if chosen:
        said += f"; you are at {chosen.name}: {chosen.score[0]:.3f} in {chosen.ms[0]:.1f} ms at p90"
    body = [*_axes(plane, metric), *_limit(plane, budget)]
    if measured_ms is not None:
        x = plane.x(measured_ms)
        body.append(f'<line class="tr-now" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>')
    for rung, point in enumerate(points):
        body += _mark(plane, point, rung, point.name == here)
    note = "Numbers: rungs; filled: you are here. Whiskers: 95% intervals. Dashed: the limit."
    note += " Dotted: p50 of this session." if measured_ms is not None else ""
    return (
        f'<figure class="tr-plot"><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(said)}">'
        f"{''.join(body)}</svg><figcaption>{note}</figcaption></figure>"
    )


def _point(artifact: Artifact, metric: str) -> _Point | None:
    evidence = artifact.manifest.evidence
    p90 = evidence["pipeline"]["total"]["p90"]
    kept: Mapping[str, Any] | None = next((k for k in evidence["gate"]["retentions"] if k["metric"] == metric), None)
    if kept is None:
        return None
    score = (kept["candidate"], kept["low"] * kept["reference"], kept["high"] * kept["reference"])
    return _Point(artifact.manifest.name, (p90["value"], p90["low"], p90["high"]), score)


def _plane(points: Sequence[_Point], budget: Budget, measured_ms: float | None) -> _Plane:
    most = 1.25 * max(budget.latency_ms, measured_ms or 0, *(point.ms[0] for point in points))
    low, high = min(min(point.score) for point in points), max(max(point.score) for point in points)
    margin = max(0.12 * (high - low), 1e-3)
    return _Plane(most, low - margin, high + margin)


def _axes(plane: _Plane, metric: str) -> list[str]:
    base = _HEIGHT - _BOTTOM
    parts = [f'<path class="tr-axis" d="M{_LEFT} {_TOP}V{base}H{_WIDTH - _RIGHT}"/>']
    for ms in _round_values(0, plane.most_ms):
        parts.append(f'<text x="{plane.x(ms):.1f}" y="{base + 16}" text-anchor="middle">{ms:g}</text>')
    for score in _round_values(plane.low, plane.high):
        parts.append(f'<text x="{_LEFT - 6}" y="{plane.y(score) + 4:.1f}" text-anchor="end">{score:g}</text>')
    parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 8}" text-anchor="end">ms at p90, whole pipeline</text>')
    parts.append(f'<text x="4" y="14">{escape(metric)}</text>')
    return parts


def _round_values(low: float, high: float) -> list[float]:
    """Three to six round values between two others: multiples of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _limit(plane: _Plane, budget: Budget) -> list[str]:
    x = plane.x(budget.latency_ms)
    return [
        f'<line class="tr-limit" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>',
        f'<text x="{x:.1f}" y="14" text-anchor="middle">{budget.latency_ms:g} ms</text>',
    ]


def _mark(plane: _Plane, point: _Point, rung: int, here: bool) -> list[str]:
    x, y = plane.x(point.ms[0]), plane.y(point.score[0])
    left, right = plane.x(point.ms[1]), plane.x(point.ms[2])
    bottom, top = plane.y(point.score[1]), plane.y(point.score[2])
    kind = "tr-here" if here else "tr-there"
    return [
        f'<path class="tr-whisker" d="M{left:.1f} {y:.1f}H{right:.1f}M{x:.1f} {bottom:.1f}V{top:.1f}"/>',
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="9"><title>{escape(point.name)}</title></circle>',
        f'<text class="{kind}" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{rung}</text>',
    ]
