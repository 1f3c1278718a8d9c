"""How long one inference takes: MLPerf LoadGen's SingleStream for a model, an interleaved sampler for comparisons.

LoadGen (mlcommons-loadgen, docs.mlcommons.org/inference) is the reference load generator of MLPerf Inference: in the
SingleStream scenario it issues the next query as soon as the last one is complete, which is a device's batch-1 life.
"""

from __future__ import annotations

import json
import math
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tightrope.errors import MissingExtraError
from tightrope.measure.statistics import Percentiles, Samples
from tightrope.runtime.clock import Clock, SystemClock

MAX_QUERIES = 50_000
_LATENCY = re.compile(r'"name":"Sample"[^}]*"complete_ns":(\d+)')


@dataclass(frozen=True)
class ModelLatency:
    """Percentiles in ms under a named scenario; `valid` is LoadGen's own judgement of the run."""

    scenario: str
    loadgen: str
    valid: bool
    latency_ms: Percentiles

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def single_stream(
    run: Callable[[], Any], queries: int = 64, seconds: float = 2.0, warmup: int = 10, clock: Clock | None = None
) -> ModelLatency:
    """Time `run` under LoadGen's SingleStream.

    Args:
        run: one inference on inputs that are ready.
        queries: at least so many queries (MLPerf asks for 1024 in SingleStream).
        seconds: and for about so long: the number of queries is raised by the median of the
            warm-up, up to MAX_QUERIES.
        warmup: runs before the clock counts, at least 1.

    Raises:
        MissingExtraError: LoadGen is not installed.
        Whatever `run` raises, Ctrl-C included, as soon as LoadGen has been wound down.
    """
    loadgen = _import_loadgen()
    wanted = math.ceil(seconds / _warm_up(run, warmup, clock or SystemClock()))
    count = max(queries, min(wanted, MAX_QUERIES))
    failures: list[BaseException] = []

    def issue(batch: list[Any]) -> None:
        # An exception that leaves this callback takes the process down with LoadGen's threads. So the first one is
        # kept, the rest of the queries is answered at once, and it is raised when LoadGen has ended.
        for query in batch:
            if not failures:
                try:
                    run()
                except BaseException as error:
                    failures.append(error)
            loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(query.id, 0, 0)])

    with tempfile.TemporaryDirectory(prefix="tightrope-loadgen-") as folder:
        _start(loadgen, issue, count, folder)
        if failures:
            raise failures[0]
        return _read_logs(Path(folder), count)


def interleaved(
    runs: Mapping[str, Callable[[], Any]],
    rounds: int,
    warmup: int = 3,
    clock: Clock | None = None,
    seed: int = 0,
) -> dict[str, Samples]:
    """Time several things in one go, each once a round, in an order that is drawn anew every round.

    What drifts (clock frequency, temperature, neighbours) then meets all alike, and none always follows the same
    one into its warm caches.

    Returns:
        name -> milliseconds, float64 of shape (rounds,); the i-th of all come from the same round.
    """
    now = (clock or SystemClock()).now
    names = list(runs)
    for _ in range(warmup):
        for name in names:
            runs[name]()
    order = np.random.default_rng(seed)
    samples = {name: np.empty(rounds) for name in names}
    for index in range(rounds):
        for position in order.permutation(len(names)):
            name = names[position]
            start = now()
            runs[name]()
            samples[name][index] = (now() - start) * 1e3
    return samples


def _import_loadgen() -> Any:
    try:
        import mlperf_loadgen
    except ImportError as error:
        raise MissingExtraError("MLPerf LoadGen (model latency)", "measure") from error
    return mlperf_loadgen


def _warm_up(run: Callable[[], Any], warmup: int, clock: Clock) -> float:
    """Run `warmup` times; median seconds of the second half of them, never 0."""
    times = []
    for _ in range(max(1, warmup)):
        start = clock.now()
        run()
        times.append(clock.now() - start)
    return max(1e-6, float(np.median(times[len(times) // 2 :])))


def _start(loadgen: Any, issue: Callable[[list[Any]], None], count: int, folder: str) -> None:
    settings = loadgen.TestSettings()
    settings.scenario = loadgen.TestScenario.SingleStream
    settings.mode = loadgen.TestMode.PerformanceOnly
    settings.min_query_count = settings.max_query_count = count
    # The duration is kept by `count`: LoadGen cannot be stopped, and would spin through it after a Ctrl-C.
    settings.min_duration_ms = 0
    log = loadgen.LogSettings()
    log.log_output.outdir = folder
    log.log_output.copy_summary_to_stdout = False
    log.enable_trace = True
    system = loadgen.ConstructSUT(issue, _nothing)
    library = loadgen.ConstructQSL(1, 1, _nothing, _nothing)
    try:
        loadgen.StartTestWithLogSettings(system, library, settings, log, "")
    finally:
        loadgen.DestroyQSL(library)
        loadgen.DestroySUT(system)


def _nothing(*_: Any) -> None:
    """The sample library has one sample, which is loaded, and there is nothing to flush."""


def _read_logs(folder: Path, count: int) -> ModelLatency:
    """LoadGen's own latency of every query, from its trace (not quite JSON), and its verdict, from its detail log."""
    latencies = [int(ns) / 1e6 for ns in _LATENCY.findall((folder / "mlperf_log_trace.json").read_text())]
    if len(latencies) != count:
        raise RuntimeError(f"LoadGen issued {count} queries and its trace has {len(latencies)}")
    detail = _parse_detail((folder / "mlperf_log_detail.txt").read_text())
    version = str(detail.get("loadgen_version", "unknown")).split()[0]
    valid = detail.get("result_validity") == "VALID"
    return ModelLatency("MLPerf LoadGen SingleStream", version, valid, Percentiles.of(latencies))


def _parse_detail(text: str) -> dict[str, Any]:
    """Key and value of every line of mlperf_log_detail.txt; the last of a key counts."""
    entries = (json.loads(line.removeprefix(":::MLLOG ")) for line in text.splitlines() if line.startswith(":::MLLOG "))
    return {entry["key"]: entry["value"] for entry in entries}
