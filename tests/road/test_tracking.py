"""Assignment, motion and tracks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tightrope_road.fusion.collision import Collision
from tightrope_road.fusion.observation import UNKNOWN, Observation, Place, Seen
from tightrope_road.tracking import Obstacle, Status, Tracker
from tightrope_road.tracking.assignment import assign
from tightrope_road.tracking.ego import Ego

affinities = st.tuples(st.integers(0, 7), st.integers(0, 7)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(0, 1))
)


@given(affinities)
def test_no_assignment_is_better(affinity: np.ndarray) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    least = 0.3
    pairs = assign(affinity, least)
    gain = np.where(affinity >= least, affinity, 0)
    rows, columns = optimize.linear_sum_assignment(-gain)

    assert sum(affinity[pair] for pair in pairs) == pytest.approx(gain[rows, columns].sum())
    assert all(affinity[pair] >= least for pair in pairs)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)


def car(x: float, z: float, score: float = 0.8, seen: Seen = Seen.both) -> Observation:
    """A car at a place in metres, as a camera with a focal length of 500 pixels sees it."""
    middle, half = 320 + 500 * x / z, 425 / z
    box = np.array([middle - half, 180, middle + half, 180 + 775 / z])
    place = Place(np.array([x, z]), 0.8, z - 2, 0.1, None, 40)
    if seen is Seen.lidar:
        return Observation(UNKNOWN, 0.0, box, seen, place)
    return Observation("car", score, box, seen, place if seen is Seen.both else None)


def follow(tracker: Tracker, steps: int, speed: float = -2.0, z: float = 30.0, x: float = 0.0) -> list[Obstacle]:
    told: tuple[Obstacle, ...] = ()
    for step in range(steps):
        told = tracker.update([car(x, z + speed * step * 0.1)], Ego.still(step * 0.1))
    return list(told)


def test_a_thing_has_no_identity_before_it_was_seen_often_enough() -> None:
    tracker = Tracker()
    seen = [tracker.update([car(0, 30)], Ego.still(step * 0.1))[0] for step in range(3)]

    assert [(one.number, one.status) for one in seen] == [
        (None, Status.tentative),
        (None, Status.tentative),
        (1, Status.tracked),
    ]
    assert seen[2].age_s == pytest.approx(0.2)


def test_speed_and_time_to_collision_come_out_right() -> None:
    (one,) = follow(Tracker(), 20, speed=-5.0, z=40.0)

    assert one.velocity is not None
    assert one.velocity[1] == pytest.approx(-5, abs=0.2)
    assert one.collision is not None
    gap = 40 - 5 * 1.9 - 2
    assert abs(one.collision.seconds - gap / 5) < 2 * one.collision.error_s + 0.05
    assert one.speed_mps is None  # the motion of the camera is not known


def test_what_passes_at_the_side_is_no_collision() -> None:
    (one,) = follow(Tracker(), 20, speed=-5.0, z=40.0, x=4.0)

    assert one.collision is None


def test_with_poses_what_stands_has_no_speed_although_it_comes_nearer() -> None:
    tracker = Tracker()
    told: tuple[Obstacle, ...] = ()
    for step in range(20):
        ego = Ego(step * 0.1, np.array([0.0, step * 1.0]), np.eye(2), np.array([0.0, 10.0]))
        told = tracker.update([car(0.0, 60 - step * 1.0)], ego)
    (one,) = told

    assert one.speed_mps == pytest.approx(0, abs=0.3)
    assert one.collision is not None
    assert one.collision.seconds == pytest.approx((60 - 19 - 2) / 10, rel=0.1)


def test_what_is_not_seen_coasts_and_is_marked_and_ends() -> None:
    tracker = Tracker()
    follow(tracker, 10, speed=-5.0)
    later = tracker.update([], Ego.still(1.2))
    (one,) = later

    assert one.status is Status.coasting
    assert not one.current
    assert one.unseen_s == pytest.approx(0.3)
    assert one.place is not None
    assert one.place.distance_m == pytest.approx(30 - 5 * 1.2, abs=0.4)
    assert tracker.update([], Ego.still(2.0)) == ()


def test_an_identity_outlasts_a_gap_and_is_never_given_twice() -> None:
    tracker = Tracker()
    follow(tracker, 5)
    tracker.update([], Ego.still(0.6))
    (same,) = tracker.update([car(0, 28.6)], Ego.still(0.7))
    tracker.forget()
    others = [tracker.update([car(0, 28)], Ego.still(1 + step * 0.1))[0] for step in range(3)]

    assert same.number == 1
    assert others[-1].number == 2


def test_unsure_boxes_carry_a_track_on_but_begin_none() -> None:
    tracker = Tracker()
    follow(tracker, 5)
    told = tracker.update([car(0, 29.0, score=0.15), car(9, 20, score=0.15)], Ego.still(0.5))

    assert [(one.number, one.status) for one in told] == [(1, Status.tracked)]


def test_what_the_camera_loses_the_lidar_keeps_with_its_name() -> None:
    tracker = Tracker()
    follow(tracker, 5)
    (one,) = tracker.update([car(0, 29.0, seen=Seen.lidar)], Ego.still(0.5))

    assert (one.number, one.kind, one.seen, one.status) == (1, "car", Seen.lidar, Status.tracked)


def test_what_only_the_lidar_sees_stays_an_unknown_obstacle() -> None:
    tracker = Tracker()
    told = [tracker.update([car(0, 20, seen=Seen.lidar)], Ego.still(step * 0.1))[0] for step in range(3)]

    assert told[-1].number == 1
    assert told[-1].kind == "unknown obstacle"


def test_two_that_cross_in_the_picture_keep_their_identities_by_distance() -> None:
    tracker = Tracker()
    told: tuple[Obstacle, ...] = ()
    for step in range(21):
        side = -2.0 + 0.2 * step
        told = tracker.update([car(side, 15), car(-2 * side, 30)], Ego.still(step * 0.1))
    near = {one.number: one.place.distance_m for one in told if one.place}

    assert near[1] == pytest.approx(15, abs=1)
    assert near[2] == pytest.approx(30, abs=1)


def test_time_does_not_go_back() -> None:
    tracker = Tracker()
    tracker.update([], Ego.still(1.0))
    with pytest.raises(ValueError, match="after one at"):
        tracker.update([], Ego.still(0.9))
    assert tracker.coast(Ego.still(0.9)) == ()


@given(st.floats(0.1, 50), st.floats(-30, 30), st.floats(0.01, 2), st.floats(0.01, 2))
def test_a_time_to_collision_is_positive_and_finite_or_there_is_none(
    gap: float, closing: float, gap_error: float, closing_error: float
) -> None:
    found = Collision.of(gap, closing, gap_error, closing_error)

    assert (found is None) == (closing <= max(0.5, closing_error) or gap / closing > 60)
    if found is not None:
        assert found.seconds == pytest.approx(gap / closing)
        assert found.error_s > 0
