"""Everything measured about an artifact, as one JSON-able dict; and what a budget says to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Literal

from tightrope.app import App
from tightrope.artifact import Artifact
from tightrope.budget import Budget, Verdict
from tightrope.errors import ConfigError
from tightrope.measure.coldstart import cold_start
from tightrope.measure.energy import energy_of
from tightrope.measure.environment import Watch
from tightrope.measure.latency import interleaved, single_stream
from tightrope.measure.memory import peak_rss_mb
from tightrope.measure.pipeline import pipeline_latency, variant_latency
from tightrope.measure.profile import profile
from tightrope.measure.statistics import Ratio
from tightrope.measure.workload import Feeds, example_feeds, feeds_for, main_graph, open_workload
from tightrope.runtime.session import Session

Mode = Literal["rapid", "full"]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How often each thing is run. `seconds` is about how long LoadGen goes on, at the least."""

    warmup: int
    queries: int
    seconds: float
    pipeline_runs: int
    rounds: int
    cold_starts: int
    profile_runs: int


MOST_VARIANT_ROUNDS = 64  # a variant may take ten times what the pipeline takes
PLANS: dict[str, Plan] = {
    "rapid": Plan(5, 64, 2.0, 64, 32, 3, 10),
    "full": Plan(20, 1024, 10.0, 512, 128, 9, 50),
}


def measure_artifact(
    app: App | None,
    artifact: Artifact,
    budget: Budget,
    reference: Artifact | None = None,
    mode: Mode = "rapid",
    say: Say = lambda step: None,
) -> dict[str, Any]:
    """Measure an artifact on this machine with the budget's threads.

    Args:
        app: whose pipeline is timed; None for a user's own model, where the pipeline is the bare graph.
        reference: the artifact to compare with, usually fp32; its main graph runs interleaved with this one's.
        say: is told each step before it begins.

    Returns:
        model_latency (scenario, graph, input, latency_ms), ratio_to_reference (or None), pipeline (total, stages,
        at_budget; ms), variants (percentiles and at_budget of each; ms), energy (mJ, and how it came about), cold_start
        (s), peak_rss_mb, bytes, operators (always as onnxruntime runs them), backend (if it is not onnxruntime),
        environment, date (ISO, UTC), mode.

    Raises:
        MissingExtraError: LoadGen is not installed.
        ArtifactError: a graph does not load or run.
    """
    plan, threads = PLANS[mode], budget.threads
    with Watch(threads) as watch:
        workload = open_workload(app, artifact, threads)
        graph = main_graph(artifact)
        session = artifact.session(threads, graph)
        feeds, origin = feeds_for(session, workload, graph)
        say("model latency")
        model = single_stream(lambda: session.run(feeds), plan.queries, plan.seconds, plan.warmup)
        say("ratio to the reference")
        compared = _ratio_to(reference, session, feeds, threads, plan) if reference else None
        say("pipeline")
        pipeline = pipeline_latency(workload, plan.pipeline_runs, plan.warmup, budget.percentile)
        say("variants")
        variants = variant_latency(workload, min(plan.rounds, MOST_VARIANT_ROUNDS), percentile=budget.percentile)
        say("energy")
        turns = cycle(workload.samples)
        energy = energy_of(lambda: workload.pipeline(next(turns)), plan.profile_runs, budget.core_watts)
        say("operators")
        operators = profile(artifact.graph(graph), feeds, plan.profile_runs, threads)
        say("cold start")
        start = cold_start(app, artifact, threads, plan.cold_starts)
        say("memory")
        peak = peak_rss_mb(app, artifact, threads)
    return {
        "model_latency": {**model.to_dict(), "graph": graph, "input": origin},
        "ratio_to_reference": compared,
        "pipeline": pipeline.to_dict(),
        "variants": variants,
        "energy": energy.to_dict(),
        "cold_start": start.to_dict(),
        "peak_rss_mb": peak,
        "bytes": artifact.size,
        "operators": operators.to_dict(),
        **({"backend": session.backend} if session.backend != "onnxruntime" else {}),
        "environment": watch.record.to_dict(),
        "date": watch.record.date,
        "mode": mode,
    }


def verdicts(evidence: Mapping[str, Any], budget: Budget) -> list[Verdict]:
    """What was measured against each limit that the budget sets: latency, peak RSS, artifact size, energy.

    Each of the workload's variants is held to the latency's limit too.

    The point estimate is judged; `interval_text` shows how sure it is. Accuracy is judged by who measured it.

    Raises:
        ConfigError: the evidence has no figure at the budget's percentile.
    """
    axis = f"pipeline p{budget.percentile:g}"
    found = [Verdict(axis, _at_percentile(evidence, budget.percentile)["value"], budget.latency_ms, "ms")]
    for name, row in evidence.get("variants", {}).items():
        if row["at_budget"]["percentile"] == budget.percentile:
            found.append(Verdict(f"{name} p{budget.percentile:g}", row["at_budget"]["value"], budget.latency_ms, "ms"))
    if budget.peak_rss_mb is not None:
        found.append(Verdict("peak RSS", evidence["peak_rss_mb"], budget.peak_rss_mb, "MB"))
    if budget.artifact_mb is not None:
        found.append(Verdict("artifact", evidence["bytes"] / 1e6, budget.artifact_mb, "MB"))
    if budget.energy_mj is not None and "energy" in evidence:
        how = evidence["energy"]["how"].partition(",")[0]
        found.append(Verdict(f"energy ({how})", evidence["energy"]["millijoules"], budget.energy_mj, "mJ"))
    return found


def interval_text(evidence: Mapping[str, Any], budget: Budget) -> str:
    """The latency verdict's interval in words, such as '97% interval 41.2 to 43.9 ms of 64 runs'."""
    quantile = _at_percentile(evidence, budget.percentile)
    low, high, runs = quantile["low"], quantile["high"], evidence["pipeline"]["total"]["n"]
    return f"{quantile['coverage']:.0%} interval {low:.4g} to {high:.4g} ms of {runs} runs"


def _at_percentile(evidence: Mapping[str, Any], percentile: float) -> Mapping[str, Any]:
    pipeline = evidence["pipeline"]
    total = pipeline["total"]
    known: list[Mapping[str, Any]] = [pipeline["at_budget"], total["p50"], total["p90"], total["p99"]]
    for quantile in known:
        if quantile["percentile"] == percentile:
            return quantile
    raise ConfigError(f"the evidence has no p{percentile:g} of the pipeline; measure again with this budget")


def _ratio_to(reference: Artifact, session: Session, feeds: Feeds, threads: int, plan: Plan) -> dict[str, Any]:
    """Latency of a session over that of the reference's main graph; both on the same input where both take it."""
    other = reference.session(threads, main_graph(reference))
    theirs = feeds if other.inputs == session.inputs else example_feeds(other)
    runs = {"artifact": lambda: session.run(feeds), "reference": lambda: other.run(theirs)}
    samples = interleaved(runs, plan.rounds, plan.warmup)
    found = Ratio.of(samples["artifact"], samples["reference"])
    return {**found.to_dict(), "reference": reference.manifest.name, "precision": reference.manifest.precision}
