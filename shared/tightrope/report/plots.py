"""The page's plots, as SVG text in the page's own colours, so that they follow its light or dark theme.

matplotlib draws with stand-in colours; each is then replaced by a variable of the page's style sheet.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from tightrope.budget import Budget
from tightrope.errors import MissingExtraError
from tightrope.report.facts import Evidence

INK, FAINT, ACCENT, SECOND, LIMIT = "#010203", "#010204", "#010205", "#010206", "#010207"
_VARIABLES = {INK: "currentColor", FAINT: "var(--line)", ACCENT: "var(--accent)", SECOND: "var(--second)"} | {
    LIMIT: "var(--limit)"
}
_TOP_LAYERS = 20
_TOP_OPERATORS = 10
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tightrope",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Point:
    """One artifact in the plane: latency in ms and score of one metric, each with its interval (low, high)."""

    name: str
    latency: float
    latency_interval: tuple[float, float]
    score: float
    score_interval: tuple[float, float]


@dataclass(frozen=True)
class Bar:
    """A bar, and which of two kinds it is of."""

    name: str
    value: float
    first: bool


def tradeoff(metric: str, points: Sequence[Point], reference: float, budget: Budget) -> str:
    """Accuracy against latency: every artifact with its intervals, the latency limit, and the score to keep."""

    def draw(axes: Any) -> None:
        for point in points:
            across = _whiskers(point.latency, point.latency_interval)
            upright = _whiskers(point.score, point.score_interval)
            axes.errorbar(
                point.latency, point.score, upright, across, fmt="o", color=ACCENT, ecolor=INK, elinewidth=1, capsize=2
            )
            axes.annotate(point.name, (point.latency, point.score), (7, 7), textcoords="offset points")
        axes.axvline(budget.latency_ms, color=LIMIT, linestyle="--", linewidth=1.2)
        axes.axhline(reference * budget.keep, color=LIMIT, linestyle=":", linewidth=1.2)
        axes.text(
            budget.latency_ms, 1.01, f"{budget.latency_ms:g} ms", transform=axes.get_xaxis_transform(), ha="center"
        )
        axes.text(
            1, reference * budget.keep, f"{budget.keep:.0%} of the reference ", transform=axes.get_yaxis_transform(),
            ha="right", va="bottom",
        )  # fmt: skip
        axes.set_xlim(0, 1.25 * max(budget.latency_ms, *(point.latency_interval[1] for point in points)))
        axes.margins(y=0.25)
        axes.set(xlabel=f"whole pipeline, ms at p{budget.percentile:g}", ylabel=metric)
        axes.grid(alpha=0.6)

    return figure(draw, f"{metric} against pipeline latency", (7.2, 4.2))


def stage_times(evidence: Evidence, budget: Budget) -> str:
    """p50 (bar) and p90 (whisker) of each stage and of the whole pipeline, against the latency limit."""
    stages = {**evidence["pipeline"]["stages"], "pipeline": evidence["pipeline"]["total"]}

    def draw(axes: Any) -> None:
        p50 = [stage["p50"]["value"] for stage in stages.values()]
        beyond = [max(0.0, stage["p90"]["value"] - stage["p50"]["value"]) for stage in stages.values()]
        axes.barh(list(stages), p50, color=ACCENT, height=0.6)
        axes.errorbar(p50, list(stages), xerr=([0.0] * len(p50), beyond), fmt="none", ecolor=INK, capsize=3)
        axes.axvline(budget.latency_ms, color=LIMIT, linestyle="--", linewidth=1.2)
        axes.invert_yaxis()
        axes.set(xlabel="ms: bar p50, whisker p90; dashed: the budget")
        axes.grid(axis="x", alpha=0.6)

    return figure(draw, "Time of each stage", (7.2, 0.42 * len(stages) + 0.9))


def operator_times(evidence: Evidence) -> str:
    """Share of the model's time by operator type; the integer kernels are set apart."""
    operators: Sequence[Mapping[str, Any]] = evidence["operators"]["op_types"][:_TOP_OPERATORS]
    bars = [Bar(row["name"], row["share"] * 100, row["integer"]) for row in operators]

    def draw(axes: Any) -> None:
        _draw_bars(axes, bars, "in integers", "in float")
        axes.set(xlabel="% of the model's time")

    return figure(draw, "Time by operator", (7.2, 0.3 * len(bars) + 1.0))


def layer_sensitivity(layers: Sequence[Mapping[str, Any]], kept: frozenset[str]) -> str:
    """Relative output error of quantizing each layer alone, the most harmful first, and what stayed in float."""
    bars = [Bar(row["layer"], row["error"] * 100, row["layer"] not in kept) for row in layers[:_TOP_LAYERS]]

    def draw(axes: Any) -> None:
        _draw_bars(axes, bars, "quantized", "kept in float")
        for place, (bar, row) in enumerate(zip(bars, layers, strict=False)):
            if row.get("loss") is not None:
                axes.annotate(f" score {-row['loss']:+.2%}", (bar.value, place), va="center", fontsize=8)
        axes.margins(x=0.18)
        axes.set(xlabel="% of the output's energy that changes when only this layer is quantized")

    return figure(draw, f"Sensitivity of {len(bars)} layers", (7.2, 0.27 * len(bars) + 1.0))


def _draw_bars(axes: Any, bars: Sequence[Bar], first: str, second: str) -> None:
    """Horizontal bars from above; the legend names the two kinds that there are."""
    for kind, colour, label in ((True, ACCENT, first), (False, SECOND, second)):
        places = [place for place, bar in enumerate(bars) if bar.first is kind]
        if places:
            axes.barh(places, [bars[place].value for place in places], color=colour, label=label)
    axes.set_yticks(range(len(bars)), [bar.name for bar in bars])
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.6)
    axes.legend(loc="lower right")


def _whiskers(value: float, interval: tuple[float, float]) -> tuple[list[float], list[float]]:
    return [max(0.0, value - interval[0])], [max(0.0, interval[1] - value)]


def figure(draw: Callable[[Any], None], title: str, size: tuple[float, float]) -> str:
    """The SVG of what `draw` puts into fresh axes; `size` in inches. Raises MissingExtraError without matplotlib.

    Colours of the page are INK, FAINT, ACCENT, SECOND and LIMIT.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib (the report's plots)", "compress") from error
    with rc_context(_STYLE):
        figure = Figure(size, layout="constrained")
        draw(figure.add_subplot())
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _for_page(out.getvalue(), title)


def _for_page(svg: str, title: str) -> str:
    """The bare <svg> element: no prolog, no metadata, no group names that would repeat on one page, page colours."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<g id=\"[^\"]*\"", "<g", svg)
    for stand_in, variable in _VARIABLES.items():
        svg = svg.replace(stand_in, variable)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1)
