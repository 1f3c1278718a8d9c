from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tightrope.artifact import Artifact
from tightrope.errors import MissingExtraError
from tightrope.measure.latency import interleaved, single_stream
from tightrope.measure.workload import feeds_for
from tightrope.runtime import FakeClock


def test_single_stream_reports_loadgen_latencies(artifact: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlperf_loadgen")
    monkeypatch.chdir(artifact.path)
    before = sorted(Path().iterdir())
    session = artifact.session()
    feeds, _ = feeds_for(session)
    runs = 0

    def run() -> None:
        nonlocal runs
        runs += 1
        session.run(feeds)

    found = single_stream(run, queries=64, seconds=0.0, warmup=4)
    assert found.valid
    assert found.scenario == "MLPerf LoadGen SingleStream"
    assert (found.latency_ms.n, runs) == (64, 68)
    assert found.latency_ms.p50.value > 0
    assert sorted(Path().iterdir()) == before, "LoadGen's logs stay in a temporary folder"


def test_duration_raises_the_number_of_queries() -> None:
    pytest.importorskip("mlperf_loadgen")
    clock = FakeClock()
    found = single_stream(lambda: clock.advance(0.25), queries=10, seconds=10.0, warmup=3, clock=clock)
    assert found.latency_ms.n == 40


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt()])
def test_what_the_model_raises_comes_out_and_loadgen_works_again(error: BaseException) -> None:
    pytest.importorskip("mlperf_loadgen")
    calls = 0

    def run() -> None:
        nonlocal calls
        calls += 1
        if calls == 20:
            raise error

    with pytest.raises(type(error)):
        single_stream(run, queries=64, seconds=0.0)
    assert calls == 20
    assert single_stream(lambda: None, queries=16, seconds=0.0).latency_ms.n == 16


def test_missing_loadgen_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlperf_loadgen", None)
    with pytest.raises(MissingExtraError, match=r"tightrope\[measure\]"):
        single_stream(lambda: None)


def test_interleaved_times_each_once_a_round_in_changing_order() -> None:
    clock = FakeClock()
    calls: list[str] = []

    def task(name: str, seconds: float) -> None:
        calls.append(name)
        clock.advance(seconds)

    runs = {"slow": lambda: task("slow", 0.004), "fast": lambda: task("fast", 0.001)}
    samples = interleaved(runs, rounds=50, warmup=2, clock=clock)
    np.testing.assert_allclose(samples["slow"], np.full(50, 4.0))
    np.testing.assert_allclose(samples["fast"], np.full(50, 1.0))
    rounds = [tuple(calls[i : i + 2]) for i in range(4, len(calls), 2)]
    assert len(rounds) == 50
    assert set(rounds) == {("slow", "fast"), ("fast", "slow")}


def test_interleaved_is_the_same_for_the_same_seed() -> None:
    def order(seed: int) -> list[str]:
        calls: list[str] = []
        runs = {name: (lambda name=name: calls.append(name)) for name in "abc"}
        interleaved(runs, rounds=10, warmup=0, clock=FakeClock(), seed=seed)
        return calls

    assert order(1) == order(1) != order(2)
