"""Every kind of fault on the bundled drive, over and over for some seconds: what was told, and what was shown.

    python benchmarks/fusion/faults.py [--seconds 60] [--model nanodet-416-int8]

On the log's clock, as fast as possible, with the shipped detector; a hog needs the real clock, and gets it: that row
alone depends on the machine. Results go to benchmarks/results/fusion-faults.json, and as a table to fusion-faults.md.

'Reported after' is the time from the onset of the fault (the capture of the first picture or sweep that is changed,
missing or late; the begin of the first run that is slow or fails) until a scene or a notice says that not all is well.
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
from tightrope_road.drive.delivery import Delivery, Stalls, deliver
from tightrope_road.drive.faults import KINDS, Faults
from tightrope_road.drive.moment import Moment
from tightrope_road.drive.outcome import Told
from tightrope_road.drive.perceive import LEAST_SCORE, Perception, combine
from tightrope_road.drive.run import Plan, drive, one_step
from tightrope_road.drive.scene import Scene
from tightrope_road.logs import Event, Shot, Sweep, open_log
from tightrope_road.logs.trajectory import Trajectory

RESULTS = Path(__file__).parents[1] / "results" / "fusion-faults.json"
VALUES = (
    "drop-camera=0.3 drop-lidar=0.3 camera-late=200ms lidar-stale=200ms lidar-skew=70ms jitter=150ms "
    "freeze-camera=500ms dark-camera=500ms lidar-nan=0.5 lidar-sparse=0.9 miscalibrate=1deg stall=300ms hang=60s "
    "error=0.2 hog=2"
)
_SOON_S = 5.0
"""Every fault has begun by then."""


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
    faults = Faults.parse(fault)
    plan = Plan((Step("detector", model, 0.02),), faults=faults, true_speed=faults["hog"] > 0)
    begins = onset(faults, replace(log, seconds=min(log.seconds, _SOON_S)))
    drive(log, plan, lambda one: not told.append(one), threading.Event())
    scenes = [one for one in told if isinstance(one, Scene)]
    limits = Limits.every(log.period_s)
    worst = 0.0
    for one, following in pairwise(told):
        if isinstance(one, Scene) and any(thing.current for thing in one.obstacles):
            worst = max(worst, _at(following) - one.moment.shot.captured_at)
    reported = next((_at(one) for one in told if one.state.value != "OK" and _at(one) >= begins), None)
    whys = Counter(_general(one.why) for one in told if one.state.value != "OK")
    return {
        "fault": fault,
        "pictures": len(scenes),
        "answered": sum(one.answered for one in scenes),
        "fused": sum(one.answered and one.moment.points is not None for one in scenes),
        "states": dict(Counter(one.state.value for one in scenes)),
        "notices": dict(Counter(one.state.value for one in told if not isinstance(one, Scene))),
        "oldest_current_s": round(worst, 3),
        "reported_after_ms": None if reported is None else round((reported - begins) * 1e3, 1),
        "limit_s": limits.stale_s + limits.period_s,
        "told": [why for why, _ in whys.most_common(2)],
    }


def onset(faults: Faults, log: Rounds) -> float:
    """When the fault begins, seconds of the log; 0 for what is there from the start."""
    now = 0.0
    stalls = Stalls(faults, lambda: now)
    came = {delivery.order: delivery for delivery in deliver(log, faults)}
    for order, event in enumerate(log):
        now = event.captured_at  # the bundled drive begins at 0
        slow = isinstance(event, Shot) and (stalls.seconds() > 0 or stalls.fails())
        if slow or _differs(event, came.get(order), log.period_s / 2):
            return now
    return 0.0


def _differs(event: Event, came: Delivery | None, late_s: float) -> bool:
    """Whether an event does not come as it was captured, or not when it was."""
    if came is None or came.event.captured_at != event.captured_at or came.arrives_at - event.captured_at > late_s:
        return True
    if isinstance(event, Sweep):
        return not isinstance(came.event, Sweep) or came.event.points is not event.points
    return isinstance(event, Shot) and (not isinstance(came.event, Shot) or came.event.picture is not event.picture)


def _at(one: Told) -> float:
    return one.shown_at if isinstance(one, Scene) else one.at_s


def _general(why: str) -> str:
    return "".join("#" if letter.isdigit() else letter for letter in why).replace("##", "#").replace("##", "#")


def main() -> None:
    parser = argparse.ArgumentParser(description="What happens with every kind of fault.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--model", default="nanodet-416-int8")
    arguments = parser.parse_args()
    sample = open_log("sample")
    log = Rounds(list(sample), arguments.seconds, sample.camera)
    model = remembering(arguments.model)
    real = one_step(open_artifact("road", arguments.model), threads=1)[0].open
    rows = []
    for fault in ["", *VALUES.split()]:
        rows.append(judged(fault, log, real if fault.startswith("hog") else model))
        print(rows[-1], flush=True)
    write_text(RESULTS, json.dumps({"model": arguments.model, "seconds": arguments.seconds, "runs": rows}, indent=1))
    write_text(RESULTS.with_suffix(".md"), table(rows))


def table(rows: Sequence[dict[str, Any]]) -> str:
    titles = (
        "fault",
        "what it does",
        "answered",
        "with LiDAR",
        "oldest box shown as current",
        "reported after",
        "told",
    )
    head = f"| {' | '.join(titles)} |\n{'|---' * len(titles)}|\n"
    lines = []
    for row in rows:
        name = row["fault"].partition("=")[0]
        what = KINDS[name].what if name else "a good day"
        lines.append(
            f"| {row['fault'] or 'none'} | {what} | {row['answered']} of {row['pictures']} | {row['fused']} | "
            f"{row['oldest_current_s']:.2f} s | {_after(row)} | {'; '.join(row['told']) or 'OK'} |\n"
        )
    return head + "".join(lines)


def _after(row: dict[str, Any]) -> str:
    after = row["reported_after_ms"]
    return "-" if not row["fault"] else "never" if after is None else f"{after:.0f} ms"


if __name__ == "__main__":
    main()
