"""What is forecast, and which rung it makes the governor take."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tightrope.runtime.forecast import Forecast
from tightrope.runtime.policies import Fixed, Hysteresis, Oracle, Policy, Situation

DEADLINE = 0.05
USUAL = (0.04, 0.02, 0.01)


def choose(policy: Policy, forecast: Forecast, slack: float = DEADLINE, ready: tuple[int, ...] = (0, 1, 2)) -> int:
    return policy.choose(Situation(ready, slack, 0.0, forecast)).rung


def run(policy: Policy, forecast: Forecast, slowdown: float, times: int = 1) -> list[int]:
    """The rungs of so many runs that all take `slowdown` times their usual time."""
    rungs = []
    for _ in range(times):
        rung = choose(policy, forecast)
        forecast.observe(rung, USUAL[rung] * slowdown)
        rungs.append(rung)
    return rungs


def test_what_one_rung_shows_is_expected_of_the_others() -> None:
    forecast = Forecast(USUAL)
    for _ in range(10):
        forecast.observe(2, 0.03)

    assert [forecast.seconds(rung) for rung in range(3)] == pytest.approx([0.12, 0.06, 0.03])


def test_what_a_rung_has_shown_itself_outweighs_what_others_show() -> None:
    forecast = Forecast(USUAL)
    for _ in range(10):
        forecast.observe(0, 0.08)
    for _ in range(10):
        forecast.observe(2, 0.01)

    assert forecast.seconds(2) == pytest.approx(0.01)
    assert forecast.seconds(1) == pytest.approx(0.04)


def test_of_a_full_window_one_run_may_be_longer_but_the_last_one_counts_at_once() -> None:
    forecast = Forecast(USUAL, misses=0.01)
    for _ in range(100):
        forecast.observe(0, 0.04)

    forecast.observe(0, 0.4)
    assert forecast.seconds(0) == pytest.approx(0.4)
    forecast.observe(0, 0.04)
    assert forecast.seconds(0) == pytest.approx(0.04)
    forecast.observe(0, 0.2)
    forecast.observe(0, 0.04)
    assert forecast.seconds(0) == pytest.approx(0.2)


def test_a_rung_that_is_tried_while_others_are_slow_is_not_taken_for_slow_itself() -> None:
    forecast = Forecast(USUAL)
    for _ in range(10):
        forecast.observe(2, 0.03)

    forecast.calibrate(1, 0.06)

    assert forecast.usual_s[1] == pytest.approx(0.02)


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 10)), max_size=150), st.sampled_from([0.01, 0.1]))
def test_a_forecast_is_no_less_than_the_last_run_and_scales_with_the_usual_time(
    runs: list[tuple[int, float]], misses: float
) -> None:
    forecast = Forecast(USUAL, misses)
    for rung, seconds in runs:
        forecast.observe(rung, seconds)

    for rung in range(3):
        assert forecast.seconds(rung) >= forecast.usual_s[rung] * forecast.last
        assert forecast.seconds(rung) <= USUAL[rung] * max([1.0, *(s / USUAL[r] for r, s in runs)]) * (1 + 1e-9)


def test_it_begins_on_the_best_rung_that_fits() -> None:
    assert choose(Hysteresis(), Forecast([0.06, 0.02, 0.01])) == 1


def test_one_late_run_steps_down_at_once_as_far_as_need_be() -> None:
    policy, forecast = Hysteresis(), Forecast(USUAL)
    assert run(policy, forecast, 1.0, 5) == [0] * 5

    run(policy, forecast, 4.0)

    assert choose(policy, forecast) == 2


def test_it_steps_up_one_rung_at_a_time_and_only_after_runs_that_would_have_held() -> None:
    policy, forecast = Hysteresis(hold=10), Forecast(USUAL, misses=0.1)
    run(policy, forecast, 1.0, 20)
    run(policy, forecast, 4.0, 2)

    rungs = run(policy, forecast, 1.0, 30)

    assert rungs == sorted(rungs, reverse=True)
    assert rungs[0] == 2
    assert rungs.count(2) >= 9
    assert rungs.count(1) >= 9
    assert rungs[-1] == 0


def test_a_margin_must_be_left_for_the_way_up_but_not_for_staying() -> None:
    slowdown = 1.2  # 48 of 50 ms: it holds, but not with a margin of a tenth
    policy, forecast = Hysteresis(margin=0.1), Forecast(USUAL, misses=0.1)
    assert run(policy, forecast, slowdown, 50) == [0] * 50
    run(policy, forecast, 4.0)

    rungs = run(policy, forecast, slowdown, 100)

    assert rungs[-1] == 1


def test_each_failed_trial_makes_the_next_one_rarer() -> None:
    """The lower rung shows none of what slows the upper one down: every step up fails."""
    policy, forecast = Hysteresis(hold=10, longest=1280), Forecast([0.04, 0.01], misses=0.1)
    tries = []
    for index in range(3000):
        rung = choose(policy, forecast, ready=(0, 1))
        forecast.observe(rung, 0.06 if rung == 0 else 0.01)
        if rung == 0:
            tries.append(index)

    gaps = [later - earlier for earlier, later in pairwise(tries[1:])]
    assert len(gaps) >= 4
    assert all(later >= 1.9 * earlier for earlier, later in pairwise(gaps))
    assert len(tries) < 0.01 * 3000


def test_after_a_stall_that_no_rung_would_have_survived_the_way_back_is_one_step_every_time() -> None:
    policy, forecast = Hysteresis(hold=10, trial=100), Forecast(USUAL, misses=0.1)
    run(policy, forecast, 1.0, 20)
    for runs in (60, 120, 60, 120):
        run(policy, forecast, 40.0)
        rungs = run(policy, forecast, 1.0, runs)
        assert set(rungs) == {0, 2}
        # One that has proved itself is only doubted; one that is on trial waits.
        assert rungs.index(0) == rungs.count(2) == (1 if runs == 60 else 10)


def test_a_rung_that_stalls_in_every_trial_is_tried_more_and_more_rarely() -> None:
    policy, forecast = Hysteresis(hold=10), Forecast(USUAL)
    tries = []
    for index in range(2000):
        rung = choose(policy, forecast)
        forecast.observe(rung, 2.0 if rung == 0 else USUAL[rung])
        if rung == 0:
            tries.append(index)

    assert len(tries) <= 3 + math.log2(2000 / 10 + 1)


def test_a_stray_slow_run_costs_one_input_on_the_rung_below() -> None:
    policy, forecast = Hysteresis(), Forecast(USUAL)
    run(policy, forecast, 1.0, 20)
    run(policy, forecast, 1.5)

    assert run(policy, forecast, 1.0, 20) == [1] + [0] * 19


def test_a_slow_run_that_the_next_one_confirms_is_no_stray() -> None:
    policy, forecast = Hysteresis(hold=10), Forecast(USUAL)
    run(policy, forecast, 1.0, 20)
    run(policy, forecast, 1.5, 2)

    assert 0 not in run(policy, forecast, 1.0, 10)


def test_a_cheap_rung_that_half_escapes_a_neighbour_is_still_a_sign_of_it() -> None:
    """Two thirds slower, the rung above would hold; but it was three times as slow, and will be again."""
    policy, forecast = Hysteresis(hold=10), Forecast([0.02, 0.006])
    for _ in range(20):
        assert choose(policy, forecast, ready=(0, 1)) == 0
        forecast.observe(0, 0.02)
    forecast.observe(0, 0.06)
    assert choose(policy, forecast, slack=0.04, ready=(0, 1)) == 1
    forecast.observe(1, 0.010)

    assert choose(policy, forecast, ready=(0, 1)) == 1


def test_a_rung_that_is_on_trial_or_has_run_too_seldom_gets_no_doubt() -> None:
    policy, forecast = Hysteresis(hold=10), Forecast(USUAL)
    run(policy, forecast, 1.0, 20)
    run(policy, forecast, 1.5)
    run(policy, forecast, 1.0, 20)
    run(policy, forecast, 1.5)
    assert 0 not in run(policy, forecast, 1.0, 15)

    policy, forecast = Hysteresis(hold=10), Forecast(USUAL)
    run(policy, forecast, 1.0, 3)
    run(policy, forecast, 1.5)
    assert 0 not in run(policy, forecast, 1.0, 9)


@settings(deadline=None)
@given(st.lists(st.floats(0.5, 12), min_size=1, max_size=400), st.integers(8, 60))
def test_whatever_happens_it_comes_back_from_strays_at_most_once_in_so_many_runs(
    slowdowns: list[float], trial: int
) -> None:
    policy, forecast = Hysteresis(hold=10, trial=trial), Forecast(USUAL[:2])
    backs = []
    for index, slowdown in enumerate(slowdowns):
        choice = policy.choose(Situation((0, 1), DEADLINE, 0.0, forecast))
        forecast.observe(choice.rung, USUAL[choice.rung] * slowdown)
        if choice.why.startswith("back"):
            backs.append(index)

    assert all(later - earlier >= trial for earlier, later in pairwise(backs))


@settings(max_examples=40, deadline=None)
@given(st.floats(1, 20), st.floats(1, 20), st.floats(1, 4.7), st.integers(1, 300))
def test_under_any_constant_load_it_settles(first: float, second: float, third: float, calm: int) -> None:
    """Each rung is slowed down by a factor of its own, so that none tells of another; the cheapest holds."""
    policy, forecast, factors = Hysteresis(), Forecast(USUAL), (first, second, third)
    run(policy, forecast, 1.0, calm)
    count = 1000
    late = 0
    for _ in range(count):
        rung = choose(policy, forecast)
        taken = USUAL[rung] * factors[rung]
        forecast.observe(rung, taken)
        late += taken > DEADLINE and rung < 2

    # For each rung but the cheapest: the load comes, the doubt, the excuse, and trials after 10, 20, 40, ... runs.
    assert late <= 2 * (3 + math.log2(count / 10 + 1))


def test_after_a_stall_that_leaves_a_load_behind_it_climbs_as_far_as_that_allows() -> None:
    policy, forecast = Hysteresis(hold=10), Forecast(USUAL, misses=0.1)
    run(policy, forecast, 1.0, 20)
    run(policy, forecast, 40.0)

    rungs = run(policy, forecast, 2.0, 60)

    assert rungs[0] == 2
    assert rungs[-1] == 1
    assert 0 not in rungs


def test_with_little_time_left_the_input_gets_a_cheaper_rung() -> None:
    policy, forecast = Hysteresis(), Forecast(USUAL)
    assert choose(policy, forecast) == 0
    assert choose(policy, forecast, slack=0.025) == 1
    assert choose(policy, forecast, slack=-1.0) == 2


def test_only_what_is_loaded_is_chosen() -> None:
    policy, forecast = Hysteresis(), Forecast(USUAL)
    assert choose(policy, forecast, ready=(1, 2)) == 1
    assert choose(policy, forecast, ready=(2,)) == 2
    assert choose(policy, forecast, ready=(0, 1)) == 1
    assert choose(Fixed(1), forecast, ready=(0, 2)) == 2
    assert choose(Fixed(2), forecast, ready=(0, 1)) == 1


@given(
    st.lists(st.tuples(st.floats(0.1, 20), st.floats(-0.1, 0.1), st.sets(st.integers(0, 2), min_size=1)), max_size=80)
)
def test_every_policy_always_picks_a_rung_that_is_loaded(runs: list[tuple[float, float, set[int]]]) -> None:
    for policy in (Hysteresis(), Fixed(1), Oracle(lambda rung, now: USUAL[rung])):
        forecast = Forecast(USUAL)
        for slowdown, slack, loaded in runs:
            ready = tuple(sorted(loaded))
            rung = choose(policy, forecast, slack, ready)
            assert rung in ready
            forecast.observe(rung, USUAL[rung] * slowdown)


def test_the_oracle_takes_the_best_that_holds_or_else_the_quickest() -> None:
    times = {0: 0.06, 1: 0.045, 2: 0.05}
    policy = Oracle(lambda rung, now: times[rung])
    assert choose(policy, Forecast(USUAL)) == 1
    assert choose(policy, Forecast(USUAL), slack=0.01) == 1
