"""What a search tried, dropped and why, as Markdown: nothing is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tightrope.compress.search.front import front
from tightrope.compress.search.ladder import Made
from tightrope.compress.search.search import prediction_quality
from tightrope.compress.search.trials import Trial


def story(name: str, trials: Sequence[Trial], made: Sequence[Made], machine: str) -> str:
    """The page, with what it was measured on."""
    counted = Counter(trial.state for trial in trials)
    states = ", ".join(f"{count} {state}" for state, count in counted.most_common())
    quality = prediction_quality(trials)
    best = {trial.number for trial in front(trials)}
    lines = [
        f"# Search: {name}",
        "",
        f"{len(trials)} trials: {states}. Measured on {machine}.",
        "Shares are of the calibration split, which steers the search; the rungs were judged on the held-out one.",
        *([f"Rank correlation of predicted and measured latency: {quality:.2f}."] if quality is not None else []),
        "",
        "## Rungs",
        "",
        *(_rung(one) for one in made),
        "",
        "## Trials",
        "",
        "| | settings | kept | predicted, ms | p50, ms | of the reference's time | |",
        "|--:|---|--:|--:|--:|--:|---|",
        *(_row(trial, trial.number in best) for trial in trials),
    ]
    return "\n".join(lines) + "\n"


def _rung(made: Made) -> str:
    if made.artifact is None:
        return f"- trial {made.trial.number}: {made.why}"
    gate = made.artifact.manifest.evidence["gate"]["retentions"]
    kept = "; ".join(f"{row['share']:.1%} [{row['low']:.1%}, {row['high']:.1%}] of {row['metric']}" for row in gate)
    ratio = made.artifact.manifest.evidence["ratio_to_reference"]
    speed = f"{ratio['value']:.3f} [{ratio['low']:.3f}, {ratio['high']:.3f}] of the reference's time"
    return f"- `{made.artifact.manifest.name}`: keeps {kept}; {speed}"


def _row(trial: Trial, on_front: bool) -> str:
    settings = ", ".join(f"{name} = {_short(value)}" for name, value in trial.settings.items())
    kept = f"{trial.share:.2%}" if trial.shares else ""
    times = [_number(value) for value in (trial.predicted_ms, trial.p50_ms, trial.ratio)]
    verdict = "**on the front**" if on_front else f"{trial.state} {trial.why}".strip()
    return f"| {trial.number} | {settings} | {kept} | {' | '.join(times)} | {verdict} |"


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
