"""A drive on bad days: nothing crashes, nothing old is shown as current, and the state is told in time.

The log's clock is a fake one, and the detector is replaced by the exact labels of the bundled drive; fusion, tracking,
pairing, runner and watchdog are the real ones. `test_the_real_thing_on_the_real_clock` has the detector and no fake.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from tightrope.errors import BadInputError
from tightrope.models import open_artifact
from tightrope.runtime import Answer, Limits, StageTimes, State, Step
from tightrope_road.drive.faults import KINDS, Faults
from tightrope_road.drive.moment import Moment
from tightrope_road.drive.outcome import Told
from tightrope_road.drive.perceive import Perception, combine
from tightrope_road.drive.run import Plan, drive, one_step
from tightrope_road.drive.scene import Notice, Scene
from tightrope_road.drive.sweeps import Usual
from tightrope_road.lidar import PointCloud
from tightrope_road.logs import Broken, Event, Shot, Sweep, open_log
from tightrope_road.logs.trajectory import Trajectory
from tightrope_road.tracking import Status

from .test_fusion import as_detections, truth

PERIOD_S = 0.1
LIMITS = Limits.every(PERIOD_S)
SLACK_S = 1e-6
"""Of sums of floats."""
_EVENTS: list[Event] = list(open_log("sample"))


@dataclass(frozen=True)
class Rounds:
    """The bundled drive over and over again, for so many seconds."""

    seconds: float
    name: str = "rounds"
    period_s: float = PERIOD_S
    camera = open_log("sample").camera
    trajectory: Trajectory | None = None

    def __iter__(self) -> Iterator[Event]:
        for turn in range(int(self.seconds / 4.8) + 1):
            for event in _EVENTS:
                at = event.captured_at + turn * 4.8
                if at >= self.seconds:
                    return
                number = {"number": round(at / PERIOD_S)} if isinstance(event, Shot) else {}
                yield replace(event, captured_at=at, **number)  # type: ignore[arg-type]


def labelled() -> Callable[[Moment], Answer[Perception]]:
    """What a perfect detector would see."""
    known: dict[str, Perception] = {}

    def perceive(moment: Moment) -> Answer[Perception]:
        name = moment.shot.name
        frame = int(name) if name.isdigit() else 0
        if name not in known:
            known[name] = as_detections(truth(frame))  # type: ignore[assignment]
        return Answer(combine(known[name], moment), StageTimes(1, 2, 3))  # type: ignore[arg-type]

    return perceive


STEPS: Sequence[Step[Moment, Perception]] = (Step("labels", labelled, 0.01),)


def driven(fault: str, seconds: float = 6.0, log: object = None) -> list[Told]:
    told: list[Told] = []

    def tell(one: Told) -> bool:
        told.append(one)
        return True

    plan = Plan(STEPS, faults=Faults.parse(fault))
    drive(log or Rounds(seconds), plan, tell, threading.Event())  # type: ignore[arg-type]
    return told


def scenes(told: Sequence[Told]) -> list[Scene]:
    return [one for one in told if isinstance(one, Scene)]


def at(one: Told) -> float:
    return one.shown_at if isinstance(one, Scene) else one.at_s


def check_nothing_old_is_shown(told: Sequence[Told], slack_s: float = 0.0) -> None:
    """Someone who looks at the newest of what was told never sees a current box that is older than it may be."""
    for one, following in zip(told, [*told[1:], None], strict=True):
        if not isinstance(one, Scene):
            continue
        for thing in one.obstacles:
            assert thing.current == (thing.unseen_s == 0)
            assert thing.unseen_s <= 0.6
        if one.state in (State.STALE, State.FAILED):
            assert not one.obstacles
        shown = [thing for thing in one.obstacles if thing.current]
        assert not shown or one.age_s <= LIMITS.stale_s + slack_s
        assert one.answered or not shown
        if shown and following is not None:
            # Until the next is told this one is looked at: at most until it is stale, and half a period to notice.
            assert at(following) - one.moment.shot.captured_at <= LIMITS.stale_s + PERIOD_S + slack_s


def share(told: Sequence[Told], wanted: Callable[[Scene], bool]) -> float:
    found = scenes(told)
    return sum(map(wanted, found)) / len(found)


def states(told: Sequence[Told]) -> set[State]:
    return {one.state for one in told}


def says(words: str) -> Callable[[Sequence[Told]], bool]:
    return lambda told: any(words in one.why for one in told)


CASES: dict[str, tuple[str, Callable[[list[Told]], bool]]] = {
    "drop-camera": ("drop-camera=0.6", says("no input has come")),
    "drop-lidar": ("drop-lidar=0.3", says("camera only: the nearest sweep is 100 ms older")),
    "camera-late": ("camera-late=250ms", lambda told: states(told) >= {State.DEGRADED}),
    "lidar-stale": ("lidar-stale=200ms", lambda told: share(told, lambda s: s.state is State.DEGRADED) == 1),
    "lidar-skew": ("lidar-skew=70ms", says("camera only: the nearest sweep is 70 ms younger")),
    "jitter": ("jitter=150ms", lambda told: share(told, lambda s: s.answered) > 0.5),
    "freeze-camera": ("freeze-camera=500ms", says("LiDAR only: the camera gives the same picture again")),
    "dark-camera": ("dark-camera=500ms", says("LiDAR only: the picture is dark")),
    "lidar-nan": ("lidar-nan=0.5", says("of the sweep's points are not numbers")),
    "lidar-sparse": ("lidar-sparse=0.95", says("points where 3,87")),
    "miscalibrate": ("miscalibrate=2deg", says("camera and LiDAR disagree by 2.")),
    "stall": ("stall=300ms", lambda told: states(told) >= {State.DEGRADED, State.OK}),
    "hang": ("hang=60s", says("gave no answer in")),
    "error": ("error=0.5", says("a fault on purpose")),
}


def test_every_kind_of_fault_is_tried() -> None:
    assert CASES.keys() | {"hog"} == KINDS.keys()
    assert len(CASES) >= 12


@pytest.mark.parametrize("kind", CASES)
def test_a_fault_is_told_and_survived(kind: str) -> None:
    fault, expected = CASES[kind]
    told = driven(fault)

    check_nothing_old_is_shown(told)
    assert expected(told), [str(one) for one in told[:20]]


@pytest.mark.verify
@pytest.mark.parametrize("kind", CASES)
def test_a_fault_is_survived_for_a_minute(kind: str) -> None:
    told = driven(CASES[kind][0], seconds=60)

    check_nothing_old_is_shown(told)
    assert CASES[kind][1](told)


def test_on_a_good_day_all_is_well() -> None:
    told = driven("", 4.8)

    check_nothing_old_is_shown(told)
    assert len(told) == len(scenes(told)) == 48
    assert states(told) == {State.OK}
    assert all(one.answered and one.moment.points is not None for one in scenes(told))


def test_everything_at_once_is_survived() -> None:
    told = driven("drop-camera=0.2,drop-lidar=0.2,jitter=100ms,stall=300ms,error=0.1,lidar-nan=0.3,miscalibrate=1deg")

    check_nothing_old_is_shown(told)
    assert share(told, lambda one: one.answered) > 0.3


def test_a_fault_is_the_same_every_time() -> None:
    first, second = (driven("drop-camera=0.3,jitter=80ms", 3) for _ in range(2))

    assert [one.to_dict() for one in first] == [one.to_dict() for one in second]


def without(kind: type[Event], begin_s: float, end_s: float) -> Rounds:
    """A drive in which one sensor tells nothing between two times."""

    class Silent(Rounds):
        def __iter__(self) -> Iterator[Event]:
            return (
                one for one in super().__iter__() if not isinstance(one, kind) or not begin_s <= one.captured_at < end_s
            )

    return Silent(6.0)


def captured(kind: type[Event], since_s: float) -> float:
    """When the first event of its kind at or after that time is, or was to be, captured."""
    return next(one.captured_at for one in Rounds(6.0) if isinstance(one, kind) and one.captured_at >= since_s)


def reported(told: Sequence[Told], onset_s: float) -> float:
    """When the state was first told to be worse than OK. Before the fault all must have been well."""
    assert states([one for one in told if at(one) < onset_s]) == {State.OK}
    return next(at(one) for one in told if at(one) >= onset_s and one.state is not State.OK)


def test_a_camera_that_goes_silent_is_degraded_within_a_period_then_stale_and_then_failed() -> None:
    told = driven("", log=without(Shot, 2.0, 6.0))
    notices = [one for one in told if isinstance(one, Notice)]
    last = scenes(told)[-1].moment.shot.captured_at

    assert reported(told, onset_s=captured(Shot, 2.0)) - captured(Shot, 2.0) <= PERIOD_S + SLACK_S
    assert [one.state for one in notices] == [State.DEGRADED, State.STALE, State.FAILED]
    assert notices[1].at_s - last <= LIMITS.stale_s + PERIOD_S / 2 + SLACK_S
    assert notices[2].at_s - last <= LIMITS.failed_s + PERIOD_S / 2 + SLACK_S


def test_a_single_picture_that_is_missing_is_told_within_a_period_until_the_next_but_one_is_answered() -> None:
    due = captured(Shot, 2.0)
    told = driven("", log=without(Shot, due, due + PERIOD_S / 2))
    worse = [one for one in told if one.state is not State.OK]

    assert reported(told, due) - due <= PERIOD_S + SLACK_S
    assert [type(one) for one in worse] == [Notice, Scene]
    assert "after the one before it" in worse[1].why
    assert at(told[-1]) > due + 3


def test_a_lidar_that_goes_silent_is_told_within_a_period() -> None:
    told = driven("", log=without(Sweep, 2.0, 6.0))

    assert reported(told, captured(Sweep, 2.0)) - captured(Sweep, 2.0) <= PERIOD_S + SLACK_S
    assert states([one for one in told if at(one) > 2.2]) == {State.DEGRADED}


@pytest.mark.parametrize(
    ("fault", "since_s", "deadlines"),
    [
        ("freeze-camera=500ms", 1.0 + PERIOD_S, 0),  # the first picture of a freeze is a new one
        ("dark-camera=500ms", 1.0, 0),
        ("lidar-nan=0.5", 1.0, 0),
        ("lidar-sparse=0.9", 1.0, 0),
        # What is slow is known to be when its deadline has passed, and no sooner.
        ("stall=300ms", 1.0, 1),
        ("hang=60s", 1.0, 1),
        ("stall=150ms", 1.0, 1),
    ],
)
def test_a_fault_is_told_within_a_period_of_its_onset(fault: str, since_s: float, deadlines: int) -> None:
    onset = captured(Shot, since_s - SLACK_S)
    told = driven(fault, 3.0)

    assert reported(told, onset) - onset <= deadlines * LIMITS.deadline_s + PERIOD_S + SLACK_S


@pytest.mark.parametrize("fault", ["camera-late=250ms", "lidar-stale=200ms"])
def test_a_fault_that_is_there_from_the_start_is_told_with_the_first_scene(fault: str) -> None:
    told = driven(fault, 1.0)

    assert scenes(told)[0].state is State.DEGRADED
    assert State.OK not in states(told)


def test_a_run_that_fails_is_told_at_once() -> None:
    told = driven("error=0.2", 3.0)
    first = next(one for one in told if "a fault on purpose" in one.why)

    assert reported(told, at(first)) == at(first)
    assert isinstance(first, Scene)
    assert first.age_s <= PERIOD_S


@pytest.mark.parametrize("fault", ["lidar-nan=0.5", "lidar-sparse=0.9"])
def test_a_damaged_sweep_is_told_for_as_long_as_it_comes_and_is_no_reason_to_blame_the_calibration(fault: str) -> None:
    found = scenes(driven(fault, 30.0))
    good, bad = found[:10], found[10:]

    assert {one.state for one in good} == {State.OK}
    assert {one.state for one in bad} == {State.DEGRADED}
    assert all(one.moment.points is not None and one.answered for one in bad)
    assert not any("disagree" in one.why for one in bad)


def test_sweeps_that_grow_or_shrink_slowly_are_all_good() -> None:
    usual = Usual()
    counts = [round(4000 * 0.985 ** abs(150 - index)) for index in range(300)]  # to a tenth of what it is between
    clouds = [PointCloud(np.zeros((count, 3), np.float32), np.zeros(count, np.float32), count) for count in counts]

    assert {usual.judge(cloud) for cloud in clouds} == {""}
    assert usual.judge(replace(clouds[-1], dropped=3 * len(clouds[-1]))) == "75% of the sweep's points are not numbers"


def test_a_file_that_is_broken_is_told_and_the_drive_goes_on() -> None:
    class Damaged(Rounds):
        def __iter__(self) -> Iterator[Event]:
            for index, event in enumerate(super().__iter__()):
                yield Broken(event.captured_at, "sweep.bin is truncated") if index == 10 else event

    told = driven("", log=Damaged(2.0))

    assert says("sweep.bin is truncated")(told)
    assert len(scenes(told)) == 20
    assert says("camera only")(told)


def test_a_hanging_run_is_given_up_and_another_one_takes_over() -> None:
    told = driven("hang=60s", 8.0)
    answered = [one.moment.shot.captured_at for one in scenes(told) if one.answered]

    assert max(np.diff(answered)) > 0.9  # ten deadlines, after which it is stuck
    assert answered[-1] > 7.5 or State.FAILED in states(told)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("drop-camra=0.1", 'did you mean "drop-camera"'),
        ("stall", "write stall=200ms"),
        ("stall=300", "write stall=200ms|more than"),
        ("drop-camera=1.5", "more than 1"),
        ("miscalibrate=1ms", "write miscalibrate=1deg"),
        ("hog=2ms", "write hog=2"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(BadInputError, match=complaint):
        Faults.parse(text)


def test_a_hog_needs_the_real_clock() -> None:
    with pytest.raises(BadInputError, match="as fast as possible"):
        driven("hog=2", 1)


@pytest.mark.verify
@pytest.mark.parametrize("fault", ["", "stall=300ms,drop-camera=0.1", "hog=2", "lidar-stale=200ms,error=0.2"])
def test_the_real_thing_on_the_real_clock(fault: str) -> None:
    told: list[Told] = []

    def tell(one: Told) -> bool:
        told.append(one)
        return True

    steps = one_step(open_artifact("road", "nanodet-384x640-int8"), 1)
    summary = drive(
        open_log("sample"), Plan(steps, true_speed=True, faults=Faults.parse(fault)), tell, threading.Event()
    )

    # The threads of a busy machine may wake up late; what is told carries the time at which it is told.
    check_nothing_old_is_shown(told, slack_s=1.0)
    assert summary.inputs >= 35
    assert any(one.answered for one in scenes(told))
    assert all(one.status is not Status.coasting or one.unseen_s > 0 for s in scenes(told) for one in s.obstacles)
