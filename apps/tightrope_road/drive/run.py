"""A whole drive: a log, a ladder and a clock in; scenes and notices out."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain

import numpy as np

from tightrope.artifact import Artifact
from tightrope.errors import BadInputError
from tightrope.interrupt import Stop
from tightrope.runtime import Clock, FakeClock, Limits, Runner, Step, SystemClock, Telemetry
from tightrope.runtime.device import hogs, pinned
from tightrope.runtime.summary import Summary
from tightrope.runtime.telemetry import Record
from tightrope_road.calibration import check_picture
from tightrope_road.drive.delivery import Stalls, deliver
from tightrope_road.drive.faults import Faults
from tightrope_road.drive.follower import Follower
from tightrope_road.drive.live import TrueSpeed, with_faults
from tightrope_road.drive.moment import TOLERANCE_S, Moment, Pairing
from tightrope_road.drive.outcome import Reporter, Tell
from tightrope_road.drive.perceive import Perceive, Perception, perceiver
from tightrope_road.drive.simulated import Simulation
from tightrope_road.drive.timeline import Timeline
from tightrope_road.logs.log import Event, Log, Shot, Sweep
from tightrope_road.rungs import shipped_ladder

_SAMPLE = Moment(Shot(0.0, 0, "sample", np.full((375, 1242, 3), 114, np.uint8)))
_AHEAD = 10
"""Pictures that are read ahead to find a sample with points."""


@dataclass(frozen=True)
class Plan:
    """How a drive is to be done.

    Attributes:
        steps: the ladder, best first; one step for a fixed model.
        deadline_s: the age at which an answer must be there; None: the period of the log.
        misses: share of the deadlines that may be missed.
        memory_bytes: limit of the process's resident memory; None: none.
        true_speed: pictures come when they came; else as fast as possible.
        counts_time: as fast as possible, a run takes on the log's clock what it takes on this machine; else nothing.
        tolerance_s: largest time between a picture and its sweep.
        faults: what is to go wrong.
        max_frames: end after so many pictures.
        write: is told everything that the runner does, as `Telemetry` records it.
    """

    steps: Sequence[Step[Moment, Perception]]
    deadline_s: float | None = None
    misses: float = 0.01
    memory_bytes: int | None = None
    true_speed: bool = False
    counts_time: bool = False
    tolerance_s: float = TOLERANCE_S
    faults: Faults = field(default_factory=lambda: Faults({}))
    max_frames: int | None = None
    write: Callable[[Record], None] | None = None


def one_step(artifact: Artifact, threads: int) -> tuple[Step[Moment, Perception], ...]:
    """A ladder of one artifact."""
    return (Step(artifact.manifest.name, partial(perceiver, artifact, threads), 1.0),)


def ladder_steps(log: Log, deadline_s: float, threads: int) -> tuple[Step[Moment, Perception], ...]:
    """The shipped ladder for the log's pictures, as far as it can meet the deadline by its evidence."""
    pictures = (event.picture for event in log if isinstance(event, Shot))
    size = next(((picture.shape[1], picture.shape[0]) for picture in pictures), None)
    return shipped_ladder(deadline_s, size).steps(lambda artifact: perceiver(artifact, threads))


def drive(log: Log, plan: Plan, tell: Tell, stop: Stop) -> Summary:
    """Do it.

    Args:
        tell: takes every scene and notice; returns False to end.
        stop: ends it between two events.

    Raises:
        BadInputError: hogs are asked for where they would change nothing, there is nothing in the log, or its
            calibration is not of its pictures.
    """
    if plan.faults["hog"] and not plan.true_speed:
        raise BadInputError("hog makes this machine busy, which a drive as fast as possible does not show")
    ahead = iter(deliver(_judged(log, plan.max_frames), plan.faults))
    first = next(ahead, None)
    if first is None:
        raise BadInputError(f"{log.name} has nothing in it")
    clock: Clock = SystemClock() if plan.true_speed else FakeClock(first.arrives_at)
    timeline = Timeline(clock, first.arrives_at)
    if plan.true_speed:
        timeline.offset_s = math.inf  # nothing has begun
    runner, stalls = _runner(plan, log.period_s, timeline, _sample(log, plan))
    pairing = Pairing(plan.tolerance_s, log.trajectory, log.camera, plan.faults["miscalibrate"])
    reporter = Reporter(Follower(log.trajectory, timeline), tell, timeline)
    with ExitStack() as stack:
        if count := round(plan.faults["hog"]):
            stack.enter_context(_beside(count))
        if isinstance(clock, FakeClock):
            runner.prepare()
            Simulation(runner, clock, pairing, reporter, stalls, plan.counts_time).run(chain([first], ahead), stop)
        else:
            TrueSpeed(runner, timeline, pairing, reporter).run(chain([first], ahead), stop)
        if reporter.wanted and not stop.is_set():
            reporter.end()
    return runner.telemetry.close(clock.now())


@contextmanager
def _beside(count: int) -> Iterator[None]:
    """Share one core with so many programs that only count."""
    if not hasattr(os, "sched_getaffinity"):
        raise BadInputError("hog shares a core with other programs, and this system pins none to a core; use Linux")
    core = min(os.sched_getaffinity(0))
    with hogs(count, core), pinned(core):  # else the drive moves to a core that is free
        yield


def _sample(log: Log, plan: Plan) -> Moment:
    """What the rungs are warmed with: they must show what the fusion costs, which takes points and a calibration.

    The log is read from its beginning for this, and read again for the drive: nothing of it is lost.
    """
    pairing = Pairing(plan.tolerance_s, log.trajectory, log.camera)
    for event in _judged(log, min(_AHEAD, plan.max_frames or _AHEAD)):
        moments: Iterator[Moment] = iter(())
        if isinstance(event, Shot):
            if not (event.camera or log.camera):
                return _SAMPLE  # a video: nothing of it is ever fused
            moments = pairing.shot(event)
        elif isinstance(event, Sweep):
            moments = pairing.sweep(event)
        if found := next((moment for moment in moments if moment.points is not None), None):
            return found
    return next((moment for moment in pairing.flush() if moment.points is not None), _SAMPLE)


def _runner(
    plan: Plan, period_s: float, timeline: Timeline, sample: Moment
) -> tuple[Runner[Moment, Perception], Stalls]:
    limits = Limits.every(period_s, plan.deadline_s, plan.misses)
    stalls = Stalls(plan.faults, timeline.since_start)
    # The simulation makes runs longer by the log's clock; at true speed they really are.
    steps = (
        [replace(step, open=partial(_slowed, step, stalls)) for step in plan.steps] if plan.true_speed else plan.steps
    )
    telemetry = Telemetry(steps, limits, timeline.clock.now(), plan.write)
    runner = Runner(steps, limits, sample, clock=timeline.clock, telemetry=telemetry, memory_bytes=plan.memory_bytes)
    return runner, stalls


def _slowed(step: Step[Moment, Perception], stalls: Stalls) -> Perceive:
    return with_faults(step.open(), stalls)


def _judged(log: Log, max_frames: int | None) -> Iterator[Event]:
    """The events until there are enough pictures; the first picture is held against the calibration."""
    shots = 0
    for event in log:
        if isinstance(event, Shot):
            if shots == max_frames:
                return  # only now: the last one's sweep may come after it
            if shots == 0 and log.camera is not None:
                height, width = event.picture.shape[:2]
                check_picture(log.camera, (width, height), log.name)
            shots += 1
        yield event
