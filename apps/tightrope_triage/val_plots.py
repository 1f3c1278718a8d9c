"""The evaluation page's plots, as SVG text in the page's own colours (see tightrope.report.plots)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tightrope.report.plots import ACCENT, FAINT, INK, LIMIT, SECOND, figure

SIZE = (4.6, 3.9)
COLOURS = (INK, ACCENT, SECOND, LIMIT)


def roc_curves(site: Mapping[str, Any], title: str) -> str:
    """Sensitivity against the share of false alarms, for all and each view; rings: the artifact's thresholds."""
    aucs = {group["name"]: group["auc"]["value"] for group in site["groups"] if "auc" in group}

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
        for colour, (name, corners) in zip(COLOURS, site["roc"].items(), strict=False):
            x, y = zip(*corners, strict=True)
            axes.plot(x, y, color=colour, linewidth=1.6, label=f"{name}: AUC {aucs[name]:.3f}")
        for point in site["groups"][0]["points"].values():
            if point["sensitivity"] and point["specificity"]:
                place = (1 - point["specificity"]["value"], point["sensitivity"]["value"])
                axes.plot(*place, "o", markersize=8, markerfacecolor="none", color=LIMIT)
        axes.set(xlabel="1 - specificity", ylabel="sensitivity", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes.legend(loc="lower right")
        axes.grid(alpha=0.6)

    return figure(draw, title, SIZE)


def reliability_plot(rows: Sequence[Mapping[str, Any]], title: str) -> str:
    """Share of positives against the probability that was given, tenths of the cases, with Wilson intervals."""

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
        given = [row["probability"] for row in rows]
        found = [row["positive"]["value"] for row in rows]
        down = [max(0.0, row["positive"]["value"] - row["positive"]["low"]) for row in rows]
        up = [max(0.0, row["positive"]["high"] - row["positive"]["value"]) for row in rows]
        axes.errorbar(given, found, [down, up], fmt="o-", color=ACCENT, ecolor=INK, elinewidth=0.8, capsize=2)
        axes.set(xlabel="probability given", ylabel="share that is positive", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes.grid(alpha=0.6)

    return figure(draw, title, SIZE)


def decision_curve(rows: Sequence[Mapping[str, float]], title: str) -> str:
    """Net benefit of acting on the model, on everybody, on nobody, by the threshold at which one acts."""

    def draw(axes: Any) -> None:
        threshold = [row["threshold"] for row in rows]
        axes.axhline(0, color=INK, linewidth=1, label="nobody")
        axes.plot(threshold, [row["all"] for row in rows], color=SECOND, linestyle="--", label="everybody")
        axes.plot(threshold, [row["model"] for row in rows], color=ACCENT, linewidth=1.8, label="the model")
        best = max(row["model"] for row in rows)
        axes.set(xlabel="threshold probability", ylabel="net benefit", ylim=(-0.45 * best - 0.02, 1.15 * best + 0.02))
        axes.legend(loc="lower left")
        axes.grid(alpha=0.6)

    return figure(draw, title, SIZE)
