"""Every kind of fault on the bundled drive, over and over for some seconds: what was told, and what was shown.

    python benchmarks/fusion/faults.py [--seconds 10] [--model nanodet-416-int8]

On the log's clock, as fast as possible, with the shipped detector. A hog needs the real clock and is left to
benchmarks/governor. Results go to benchmarks/results/fusion-faults.json, and as a table to fusion-faults.md.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from tightrope.models import open_artifact
from tightrope.runtime import Answer, Limits, Step
from tightrope.writing import write_text
from tightrope_road.calibration import Camera
from tightrope_road.detector import Detector
from tightrope_road.drive.faults import KINDS, Faults
from tightrope_road.drive.moment import Moment
from tightrope_road.drive.outcome import Told
from tightrope_road.drive.perceive import LEAST_SCORE, Perception, combine
from tightrope_road.drive.run import Plan, drive
from tightrope_road.drive.scene import Scene
from tightrope_road.logs import Event, Shot, open_log
from tightrope_road.logs.trajectory import Trajectory

RESULTS = Path(__file__).parents[1] / "results" / "fusion-faults.json"
VALUES = (
    "drop-camera=0.3 drop-lidar=0.3 camera-late=200ms lidar-stale=200ms lidar-skew=70ms jitter=150ms "
    "freeze-camera=500ms dark-camera=500ms lidar-nan=0.5 lidar-sparse=0.9 miscalibrate=1deg stall=300ms hang=60s "
    "error=0.2"
)


@dataclass(frozen=True)
class Rounds:
    """The bundled drive again and again; each round begins where the one before ended."""

    events: Sequence[Event]
    seconds: float
    camera: Camera | None
    name: str = "rounds"
    period_s: float = 0.1
    trajectory: Trajectory | None = None

    def __iter__(self) -> Iterator[Event]:
        for turn in range(int(self.seconds / 4.8) + 1):
            for event in self.events:
                at = event.captured_at + turn * 4.8
                if at < self.seconds:
                    shifted = replace(event, captured_at=at)
                    yield replace(shifted, number=round(at * 10)) if isinstance(shifted, Shot) else shifted


def remembering(model: str) -> Callable[[], Callable[[Moment], Answer[Perception]]]:
    """The detector, asked once a picture: the drive is the same in every round."""
    detector = Detector(open_artifact("road", model), score=LEAST_SCORE)
    known: dict[tuple[str, bytes], Answer[Any]] = {}

    def perceive(moment: Moment) -> Answer[Perception]:
        key = moment.shot.name, moment.shot.picture[::40, ::40].tobytes()
        if key not in known:
            known[key] = detector(moment.shot.picture)
        return Answer(combine(known[key].result, moment), known[key].times)

    return lambda: perceive


def judged(fault: str, log: Rounds, model: Callable[[], Callable[[Moment], Answer[Perception]]]) -> dict[str, Any]:
    told: list[Told] = []
    plan = Plan((Step("detector", model, 0.02),), faults=Faults.parse(fault))
    drive(log, plan, lambda one: not told.append(one), threading.Event())
    scenes = [one for one in told if isinstance(one, Scene)]
    limits = Limits.every(log.period_s)
    worst = 0.0
    for one, following in pairwise(told):
        if isinstance(one, Scene) and any(thing.current for thing in one.obstacles):
            until = following.shown_at if isinstance(following, Scene) else following.at_s
            worst = max(worst, until - one.moment.shot.captured_at)
    whys = Counter(_general(one.why) for one in told if one.state.value != "OK")
    return {
        "fault": fault,
        "pictures": len(scenes),
        "answered": sum(one.answered for one in scenes),
        "fused": sum(one.answered and one.moment.points is not None for one in scenes),
        "states": dict(Counter(one.state.value for one in scenes)),
        "notices": dict(Counter(one.state.value for one in told if not isinstance(one, Scene))),
        "oldest_current_s": round(worst, 3),
        "limit_s": limits.stale_s + limits.period_s,
        "told": [why for why, _ in whys.most_common(2)],
    }


def _general(why: str) -> str:
    return "".join("#" if letter.isdigit() else letter for letter in why).replace("##", "#").replace("##", "#")


def main() -> None:
    parser = argparse.ArgumentParser(description="What happens with every kind of fault.")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--model", default="nanodet-416-int8")
    arguments = parser.parse_args()
    sample = open_log("sample")
    log = Rounds(list(sample), arguments.seconds, sample.camera)
    model = remembering(arguments.model)
    rows = []
    for fault in ["", *VALUES.split()]:
        rows.append(judged(fault, log, model))
        print(rows[-1], flush=True)
    write_text(RESULTS, json.dumps({"model": arguments.model, "seconds": arguments.seconds, "runs": rows}, indent=1))
    write_text(RESULTS.with_suffix(".md"), table(rows))


def table(rows: Sequence[dict[str, Any]]) -> str:
    titles = ("fault", "what it does", "answered", "with LiDAR", "oldest box shown as current", "what is told")
    head = f"| {' | '.join(titles)} |\n{'|---' * len(titles)}|\n"
    lines = []
    for row in rows:
        name = row["fault"].partition("=")[0]
        what = KINDS[name].what if name else "a good day"
        lines.append(
            f"| {row['fault'] or 'none'} | {what} | {row['answered']} of {row['pictures']} | {row['fused']} | "
            f"{row['oldest_current_s']:.2f} s | {'; '.join(row['told']) or 'OK'} |\n"
        )
    return head + "".join(lines)


if __name__ == "__main__":
    main()
