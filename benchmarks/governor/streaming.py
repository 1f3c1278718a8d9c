"""Accuracy under the deadline: each picture is scored against the newest answer that is there when it is captured.

    python benchmarks/governor/streaming.py drive|kitti|coco [--rate 20]

Streaming average precision, after Li, Wang and Ramanan, 'Towards Streaming Perception', ECCV 2020: an answer that comes
late describes a street that has changed. `streams.py` says what is shown. The answers of every rung to every picture
are real; when they come is replayed from those timing traces that have every shipped rung, so the figures are the same
on any machine. Each stream is played on each trace eight times, beginning at another picture every time, so that each
picture meets each load; the average precision is over all of it.

Results go to benchmarks/results/governor-streaming.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from streams import STREAMS, Stream

from tightrope.ladder import Ladder
from tightrope.models import artifact_names, open_artifact
from tightrope.runtime import Limits
from tightrope.runtime.policies import Fixed, Hysteresis, Oracle, Policy
from tightrope.runtime.replay import TimingTrace, replay
from tightrope.writing import write_text
from tightrope_road.detections import Detections
from tightrope_road.detector import Detector

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "governor-streaming.json"
TRACES = ROOT / "tests" / "runtime" / "traces"
_TIMES = 8


def main() -> None:
    parser = argparse.ArgumentParser(description="Streaming average precision of rungs and governor.")
    parser.add_argument("stream", choices=sorted(STREAMS))
    parser.add_argument("--rate", type=float, default=20.0, help="pictures a second; the next one is the deadline")
    arguments = parser.parse_args()
    period = 1 / arguments.rate
    ladder = Ladder.of([open_artifact("road", name) for name in artifact_names("road")]).compressed()
    rungs = tuple(rung.name for rung in ladder.rungs)
    traces = {file.stem: TimingTrace.load(file, period) for file in sorted(TRACES.glob("*.csv"))}
    stream = STREAMS[arguments.stream]()
    known = {name: detected(name, stream) for name in rungs}
    ordinary = {name: ordinary_score(stream, found) for name, found in known.items()}
    for name, score in ordinary.items():
        print(f"{stream.name}, every answer at once, {name}: {score}", flush=True)
    runs = []
    for name, trace in traces.items():
        if trace.rungs != rungs:
            continue
        policies: dict[str, Policy] = {rung: Fixed(index) for index, rung in enumerate(rungs)}
        for policy in (*policies, "governor", "oracle"):
            chosen = policies.get(policy) or (Hysteresis() if policy == "governor" else Oracle(trace.at))
            row = played(stream, known, trace, chosen, period)
            runs.append({"trace": name, "notes": trace.notes, "policy": policy, **row})
            print(f"{stream.name}, {name}, {policy}: {row}", flush=True)
    before = json.loads(RESULTS.read_text())["streams"] if RESULTS.exists() else {}
    result = {**before, stream.name: {"rate": arguments.rate, "ordinary": ordinary, "runs": runs}}
    write_text(RESULTS, json.dumps({"streams": result}, indent=1) + "\n")


def detected(model: str, stream: Stream) -> list[Detections]:
    """A rung's answers to every picture."""
    detector = Detector.load(model, score=0.05)
    answers: dict[int, Detections] = {}
    for picture in stream.pictures:
        if id(picture) not in answers:
            answers[id(picture)] = detector(picture).result
    return [answers[id(picture)] for picture in stream.pictures]


def ordinary_score(stream: Stream, found: Sequence[Detections]) -> dict[str, float]:
    """Average precision if every answer were there at once."""
    return stream.score([(k, there) for k, there in enumerate(found) if stream.truths[k] is not None])


def played(
    stream: Stream, known: dict[str, list[Detections]], trace: TimingTrace, policy: Policy, period: float
) -> dict[str, Any]:
    """Misses, and the score of what was there to look at."""
    run = replay(trace, policy, Limits.every(period))
    count = len(stream.pictures)
    pairs: list[tuple[int, Detections | None]] = []
    for time in range(_TIMES):
        first = time * count // _TIMES
        for picture, answer in stream.shown(run.outcomes, len(trace.seconds), period, first):
            there = None if answer is None else known[answer.rung][(first + answer.number) % count]
            pairs.append((picture, there))
    ages = np.array([outcome.age_s for outcome in run.outcomes if hasattr(outcome, "age_s")])
    return {
        "streaming": stream.score(pairs),
        "miss_rate": round(run.summary.miss_rate, 4),
        "age_p50_ms": round(float(np.median(ages)) * 1e3, 1),
    }


if __name__ == "__main__":
    main()
