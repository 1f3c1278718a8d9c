"""Record timing traces: what every rung takes, moment by moment, while the device is slowed down on purpose.

    python benchmarks/governor/record.py steady|contention|thermal|stall|disturbed --out FOLDER [--rows 600]

Pinned to one core. In every row each rung runs once, with a rest before it as in a stream; a replay then takes a row
for a period, and every policy meets the same moments.

    steady       nothing else runs
    contention   programs that only count come and go on the same core: 0, 2, 0, 1, 0 of them
    thermal      stopped and continued so that the core's share falls slowly to 40%, stays and comes back, as a device
                 does that grows hot: emulated
    stall        the process is stopped for 300 ms within every run of the middle row
    disturbed    as it comes, on a machine where other people's programs come and go
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tightrope.app import find_app
from tightrope.ladder import Ladder
from tightrope.measure.environment import Watch
from tightrope.models import artifact_names, open_artifact
from tightrope.runtime.device import hogs
from tightrope.runtime.replay import TimingTrace
from tightrope.writing import write_text

_REST_S = 0.012
_STALL_S = 0.3
_SLICE_S = 0.01
# Another process, because one that is stopped cannot continue itself. A line on standard input: seconds to let the
# parent run and to stop it for, once ('once') or over and over until the next line ('again').
_STOPPER = """
import os, select, signal, sys, time
parent = os.getppid()
run, stand, how = 0.0, 0.0, "once"
while True:
    if how == "once" or select.select([0], [], [], 0)[0]:
        line = os.read(0, 4096).decode().splitlines()
        if not line:
            break
        run, stand, how = line[-1].split()
        run, stand = float(run), float(stand)
    time.sleep(run)
    if stand:
        os.kill(parent, signal.SIGSTOP)
        time.sleep(stand)
        os.kill(parent, signal.SIGCONT)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Record what every rung takes on a device that is slowed down.")
    parser.add_argument("kind", choices=("steady", "contention", "thermal", "stall", "disturbed"))
    parser.add_argument("--app", default="road")
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--models", type=Path, help="folder of more artifacts for the ladder")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    arguments = parser.parse_args()
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    names, pipelines, pictures = open_rungs(arguments.app, arguments.models)
    with Watch(1) as watch, ExitStack() as stack:
        slow = {"contention": _contention, "thermal": _thermal, "stall": _stall}.get(arguments.kind, _undisturbed)
        before = stack.enter_context(slow(core, arguments.rows))
        seconds = record(pipelines, pictures, arguments.rows, before)
    here = watch.record
    kind = f"{arguments.kind} (emulated)" if arguments.kind in ("contention", "thermal", "stall") else arguments.kind
    notes = (
        f"{kind}, recorded {here.date[:10]} on one core of {here.cpu}, onnxruntime {here.onnxruntime}",
        f"other processes used {here.foreign_load:.0%} of all CPU time, hogs included",
    )
    trace = TimingTrace(names, seconds, 0.05, notes)
    write_text(arguments.out / f"{arguments.kind}.csv", trace.to_csv())
    for name, median, most in zip(names, np.median(seconds, axis=0), seconds.max(axis=0), strict=True):
        print(f"{name:<24} median {median * 1e3:6.1f} ms, longest {most * 1e3:6.1f} ms")


def open_rungs(app: str, more: Path | None) -> tuple[tuple[str, ...], list[Callable[[Any], Any]], Sequence[Any]]:
    """Names and warmed pipelines of the app's ladder, best first, and its sample pictures."""
    chosen = find_app(app)
    names = [*artifact_names(app), *(str(folder) for folder in sorted(more.iterdir() if more else []))]
    ladder = Ladder.of([open_artifact(app, name) for name in names]).compressed()
    workloads = [chosen.open(rung.artifact, 1) for rung in ladder.rungs]
    pictures = workloads[0].samples
    for workload in workloads:
        for _ in range(5):
            workload.pipeline(pictures[0])
    return tuple(rung.name for rung in ladder.rungs), [workload.pipeline for workload in workloads], pictures


def record(
    pipelines: Sequence[Callable[[Any], Any]], pictures: Sequence[Any], rows: int, before: Callable[[int], None]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Seconds, float64 [rows, rungs]; `before` is called with the row's number before every run."""
    seconds = np.empty((rows, len(pipelines)))
    for row in range(rows):
        for index, pipeline in enumerate(pipelines):
            time.sleep(_REST_S)
            before(row)
            start = time.perf_counter()
            pipeline(pictures[row % len(pictures)])
            seconds[row, index] = time.perf_counter() - start
    return seconds


@contextmanager
def _undisturbed(core: int, rows: int) -> Iterator[Callable[[int], None]]:
    yield lambda row: None


@contextmanager
def _contention(core: int, rows: int) -> Iterator[Callable[[int], None]]:
    counts = (0, 2, 0, 1, 0)
    with ExitStack() as running:
        now = 0

        def before(row: int) -> None:
            nonlocal now
            if (wanted := counts[row * len(counts) // rows]) != now:
                running.close()
                running.enter_context(hogs(wanted, core))
                now = wanted

        yield before


@contextmanager
def _thermal(core: int, rows: int) -> Iterator[Callable[[int], None]]:
    with _stopper(core) as stop:

        def before(row: int) -> None:
            # Cool for a tenth, hotter until a half, hot until seven tenths, then cooler.
            share = float(np.interp(row / rows, (0.1, 0.5, 0.7, 0.95), (1.0, 0.4, 0.4, 1.0)))
            stop(share * _SLICE_S, (1 - share) * _SLICE_S, "again")

        yield before


@contextmanager
def _stall(core: int, rows: int) -> Iterator[Callable[[int], None]]:
    with _stopper(core) as stop:
        yield lambda row: stop(0.004, _STALL_S, "once") if row == rows // 2 else None


@contextmanager
def _stopper(core: int) -> Iterator[Callable[[float, float, str], None]]:
    """A function (seconds to run, seconds to stand still, 'once' or 'again') that stops this process."""
    other = min(os.sched_getaffinity(os.getppid()) - {core}, default=core)
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", _STOPPER], stdin=subprocess.PIPE, text=True) as process:
        os.sched_setaffinity(process.pid, {other})
        assert process.stdin is not None
        pipe = process.stdin

        def stop(run: float, stand: float, how: str) -> None:
            pipe.write(f"{run} {stand} {how}\n")
            pipe.flush()

        yield stop
        pipe.close()  # the other process then ends, with this one running


if __name__ == "__main__":
    main()
