"""The governor against fixed rungs, for real: pictures come at a fixed rate, and everything shares one core.

    python benchmarks/governor/live.py --hogs 0 --hogs 2 --hogs 0-2-0 [--stream street] [--seconds 60] [--append]

0-2-0: none for a third of the time, then two, then none. `streams.py` says what is shown; every picture is scored
against the newest answer that was there when it was captured (streaming average precision).

Camera, detector, governor and reader are threads of this process, which is pinned to one core; so are the hogs,
programs that only count. A picture is captured when it is due, not when the busy core lets the camera's thread have it:
what is lost there counts as age. Every rung is run alone, then the governor on all of them. The ladder has the
compressed rungs whose p90 by their evidence lies within the period, for pictures of the stream's shape.

Results go to benchmarks/results/governor.json and governor.md; with --append beside those of runs before, so that a
long measurement can be made in short ones.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from page import write_page
from streams import STREAMS, Stream

from tightrope.ladder import Ladder
from tightrope.measure.environment import Watch
from tightrope.models import artifact_names, open_artifact
from tightrope.runtime import Emit, JsonLines, Limits, LiveRunner, Runner, Step, SystemClock, Telemetry
from tightrope.runtime.device import hogs
from tightrope.runtime.policies import Fixed, Hysteresis, Policy
from tightrope.runtime.summary import Summary
from tightrope.writing import write_text
from tightrope_road.detector import Detector
from tightrope_road.rungs import for_pictures

_SETTLE_S = 0.5
_LEAST_SCORE = 0.1
RESULTS = Path(__file__).parents[1] / "results" / "governor.json"


def main() -> None:
    parser = argparse.ArgumentParser(description="Deadlines missed by fixed rungs and by the governor.")
    parser.add_argument("--stream", choices=sorted(STREAMS), default="street")
    parser.add_argument("--hogs", action="append", help="programs on the same core, one phase after the other")
    parser.add_argument("--seconds", type=float, default=60.0, help="of every run")
    parser.add_argument("--rate", type=float, default=20.0, help="inputs a second; the next one is the deadline")
    parser.add_argument("--only", action="append", help="a rung's name, or 'governor'; more than once for more")
    parser.add_argument("--append", action="store_true", help="keep the runs that the results file has")
    parser.add_argument("--telemetry", type=Path, help="folder for the governor's JSON lines and traces")
    parser.add_argument("--models", type=Path, help="folder of more artifacts for the ladder")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    limits = Limits.every(1 / arguments.rate)
    stream = STREAMS[arguments.stream]()
    steps = open_ladder(limits, stream, arguments.models)
    results: dict[str, Any] = {"late": {}, "runs": []}
    if arguments.append and arguments.out.exists():
        results.update(json.loads(arguments.out.read_text()))
    # What this stream leaves of a perfect detector that is so many pictures late.
    results["late"][stream.name] = {str(pictures): stream.late(pictures) for pictures in (1, 2, 3)}
    for plan in arguments.hogs or ["0", "2", "0-2-0"]:
        for name, ladder, policy in contestants(steps):
            if arguments.only and name not in arguments.only:
                continue
            with Watch(1) as watch, _lines(arguments, name, plan) as lines:
                counts = [int(count) for count in plan.split("-")]
                summary, streaming = drive(ladder, policy, limits, stream, counts, core, arguments.seconds, lines)
            results["runs"].append(
                {
                    "policy": name,
                    "hogs": plan,
                    "rate": arguments.rate,
                    "stream": stream.name,
                    "streaming": streaming,
                    "summary": summary.to_dict(),
                    "environment": watch.record.to_dict(),
                }
            )
            print(f"{plan} hogs, {name}: {summary}; streaming {streaming}", flush=True)
    write_text(arguments.out, json.dumps(results, indent=1) + "\n")
    write_page(arguments.out)


def open_ladder(limits: Limits, stream: Stream, more: Path | None) -> tuple[Step[Any, Any], ...]:
    """The compressed detectors within the period; they report what is scored, not only what they are sure of."""
    names = [*artifact_names("road"), *(str(folder) for folder in sorted(more.iterdir() if more else []))]
    ladder = Ladder.of([open_artifact("road", name) for name in names]).compressed()
    height, width = stream.pictures[0].shape[:2]
    fitting = for_pictures(ladder, (width, height)).within(limits.period_s * 1e3)
    return fitting.steps(lambda artifact: Detector(artifact, 1, score=_LEAST_SCORE).pipeline)


def contestants(steps: Sequence[Step[Any, Any]]) -> list[tuple[str, Sequence[Step[Any, Any]], Policy]]:
    """Every rung alone, and the governor on all."""
    alone = [(step.name, [step], Fixed(0)) for step in steps]
    return [*alone, ("governor", steps, Hysteresis())]


class Load:
    """Hogs that come and go. A context; a thread starts and ends them, so that who asks need not wait."""

    def __init__(self, core: int) -> None:
        self._core = core
        self._wanted: SimpleQueue[int | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def want(self, count: int) -> None:
        """From now on so many."""
        self._wanted.put(count)

    def _follow(self) -> None:
        count = self._wanted.get()
        while count is not None:
            with hogs(count, self._core):
                count = self._wanted.get()

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wanted.put(None)
        self._thread.join()


def drive(
    steps: Sequence[Step[Any, Any]],
    policy: Policy,
    limits: Limits,
    stream: Stream,
    counts: Sequence[int],
    core: int,
    seconds: float,
    lines: JsonLines | None = None,
) -> tuple[Summary, dict[str, float]]:
    """Push a picture every period, with so many hogs for each equal part of the time; loading meets the first ones."""
    pictures = stream.pictures
    outcomes: list[Any] = []
    clock = SystemClock()
    telemetry = Telemetry(steps, limits, clock.now(), lines.write if lines else None)
    runner: Runner[Any, Any] = Runner(steps, limits, pictures[0], policy, clock, telemetry)
    with ExitStack() as stack:
        load = stack.enter_context(Load(core))
        load.want(counts[0])
        time.sleep(_SETTLE_S)
        live = stack.enter_context(LiveRunner(runner))
        reader = threading.Thread(target=_read, args=(live, outcomes))
        reader.start()
        number = round(seconds / limits.period_s)
        changes = {number * phase // len(counts): count for phase, count in enumerate(counts) if phase}
        start = clock.now() + limits.period_s
        for index in range(number):
            due = start + index * limits.period_s
            if index in changes:
                load.want(changes[index])
            time.sleep(max(0.0, due - clock.now()))
            live.push(pictures[index % len(pictures)], due)
        live.close()
        reader.join()
    pairs = stream.shown(outcomes, number, limits.period_s, start=start)
    scored = stream.score([(picture, answer.result if answer else None) for picture, answer in pairs])
    return telemetry.close(clock.now()), scored


def _read(live: LiveRunner[Any, Any], outcomes: list[Any]) -> None:
    outcomes.extend(outcome for outcome in live if isinstance(outcome, Emit))


def _lines(arguments: argparse.Namespace, name: str, plan: str) -> AbstractContextManager[JsonLines | None]:
    if arguments.telemetry is None or name != "governor":
        return nullcontext()
    return JsonLines(arguments.telemetry / f"{name}-{plan}-hogs.jsonl")


if __name__ == "__main__":
    main()
