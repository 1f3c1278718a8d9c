from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tightrope.app import Workload
from tightrope.artifact import Artifact
from tightrope.budget import Budget
from tightrope.errors import ArtifactError, ConfigError
from tightrope.measure import evidence as module
from tightrope.measure.coldstart import cold_start
from tightrope.measure.evidence import Plan, interval_text, measure_artifact, verdicts
from tightrope.measure.memory import peak_rss_mb
from tightrope.measure.pipeline import pipeline_latency
from tightrope.measure.workload import feeds_for, open_workload
from tightrope.runtime import FakeClock, Pipeline

BUDGET = Budget(latency_ms=1000, peak_rss_mb=1000, artifact_mb=1)


def test_evidence_of_a_small_artifact(
    artifact: Artifact, integer_artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlperf_loadgen")
    monkeypatch.setitem(module.PLANS, "rapid", Plan(2, 64, 0.0, 40, 10, 1, 3))
    steps: list[str] = []
    found = json.loads(json.dumps(measure_artifact(None, integer_artifact, BUDGET, artifact, "rapid", steps.append)))
    assert set(found) == {
        "model_latency", "ratio_to_reference", "pipeline", "variants", "energy", "cold_start", "peak_rss_mb", "bytes",
        "operators", "environment", "date", "mode",
    }  # fmt: skip
    assert found["model_latency"]["latency_ms"]["n"] == 64
    assert found["energy"]["millijoules"] > 0
    assert set(found["pipeline"]["stages"]) == {"preprocess", "session", "postprocess"}
    assert found["ratio_to_reference"]["reference"] == "small-fp32"
    assert found["operators"]["integer_share"] > 0
    assert found["bytes"] == integer_artifact.size
    assert steps[0] == "model latency"
    assert [verdict.axis for verdict in verdicts(found, BUDGET)] == ["pipeline p90", "peak RSS", "artifact"]
    assert "ms of 40 runs" in interval_text(found, BUDGET)


def test_verdicts_judge_the_budgets_percentile() -> None:
    quantile = {"percentile": 95, "value": 9.0, "low": 8.0, "high": 12.0, "coverage": 0.96}
    p99 = {**quantile, "percentile": 99, "value": 11.0}
    total = {"n": 64, "p50": {**quantile, "percentile": 50}, "p90": {**quantile, "percentile": 90}, "p99": p99}
    found: dict[str, Any] = {"pipeline": {"total": total, "at_budget": quantile}, "peak_rss_mb": 300.0, "bytes": 9e6}
    (latency,) = verdicts(found, Budget(latency_ms=10, percentile=95))
    assert latency.met, "the point estimate is judged, not the end of its interval"
    assert str(latency) == "pipeline p95 9 <= 10 ms"
    tight = Budget(latency_ms=10, percentile=99, peak_rss_mb=250, artifact_mb=8)
    assert [verdict.met for verdict in verdicts(found, tight)] == [False, False, False]
    with pytest.raises(ConfigError, match="p97"):
        verdicts(found, Budget(latency_ms=10, percentile=97))


def test_pipeline_latency_has_each_stage_and_drops_the_warmup() -> None:
    clock = FakeClock()
    seen: list[str] = []

    def preprocess(item: str) -> tuple[Any, None]:
        seen.append(item)
        clock.advance(1.0 if len(seen) <= 2 else 0.002)
        return item, None

    def session(array: Any) -> list[Any]:
        clock.advance(0.005)
        return [array]

    pipeline: Pipeline[str, None, Any] = Pipeline(preprocess, session, lambda outputs, _: outputs[0], clock)
    found = pipeline_latency(Workload(pipeline, ["a", "b", "c"], str), runs=4, warmup=2, percentile=95)
    assert seen == ["a", "b", "c", "a", "b", "c"]
    assert found.total.p99.value == pytest.approx(7.0)
    assert found.stages["preprocess"].p50.value == pytest.approx(2.0)
    assert (found.at_budget.percentile, found.total.n) == (95, 4)


def test_feeds_come_from_the_sample_where_it_fits(artifact: Artifact) -> None:
    session = artifact.session()
    array = feeds_for(session)[0]["x"]
    fitting = Workload(Pipeline(lambda item: (array + item, None), session, lambda out, _: out), [1], str)
    assert feeds_for(session, fitting)[1] == "sample"
    other = Workload(Pipeline(lambda item: (array[:, :3], None), session, lambda out, _: out), [1], str)
    assert feeds_for(session, other)[1] == "random"


def test_bare_workload_runs_without_an_app(artifact: Artifact) -> None:
    workload = open_workload(None, artifact, threads=1)
    answer = workload.pipeline(workload.samples[0])
    assert workload.describe(answer.result) == "y (1, 64)"


def test_processes_that_only_run_the_artifact(artifact: Artifact) -> None:
    start = cold_start(None, artifact, repetitions=1)
    assert start.cpu_s > 0
    assert start.wall_s > 0
    padding = b"x" * 400_000_000  # a large parent must not show in a small child's peak
    assert peak_rss_mb(None, artifact, runs=2) * 1e6 < len(padding)


def test_an_artifact_that_does_not_run_is_named(artifact: Artifact) -> None:
    gone = replace(artifact, path=artifact.path / "gone")
    with pytest.raises(ArtifactError, match=r"does not run in a process of its own: no artifact at"):
        peak_rss_mb(None, gone)


def test_energy_is_judged_if_the_budget_limits_it_and_says_how_it_came_about() -> None:
    other = {"percentile": 50, "value": 1.0}
    p90 = {"percentile": 90, "value": 1.0}
    evidence = {
        "pipeline": {"total": {"p50": other, "p90": p90, "p99": other}, "at_budget": p90},
        "energy": {"millijoules": 12.0, "how": "modelled, CPU time * power of a core"},
    }
    _, energy = verdicts(evidence, Budget(latency_ms=5, energy_mj=10))
    assert (energy.axis, energy.met) == ("energy (modelled)", False)
    assert len(verdicts(evidence, Budget(latency_ms=5))) == 1
