from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tightrope.artifact import Artifact
from tightrope.ladder import Ladder, Rung, is_reference

from .conftest import Make, small_manifest

rungs = st.builds(
    lambda latency, a, b: Rung(None, latency, {"a": a, "b": b}),  # type: ignore[arg-type]
    *(st.integers(0, 3) for _ in range(3)),
)


def names(ladder: Ladder) -> list[str]:
    return [rung.name for rung in ladder.rungs]


def test_the_most_accurate_comes_first_and_the_cheapest_last(make_artifact: Make) -> None:
    made = [make_artifact("tiny", 10, 0.95), make_artifact("full", 100, 1.0), make_artifact("int8", 40, 0.99)]
    ladder = Ladder.of(made)
    assert names(ladder) == ["full", "int8", "tiny"]
    assert [ladder.position(name) for name in ("full", "int8", "tiny", "other")] == [0, 1, 2, None]
    assert ladder.rungs[1].latency_ms == 40
    assert ladder.rungs[1].scores == {"accuracy": 0.8 * 0.99}


def test_what_is_slower_and_no_better_is_dropped(make_artifact: Make) -> None:
    made = [make_artifact("good", 40, 0.99), make_artifact("slower", 41, 0.99), make_artifact("worse", 40, 0.98)]
    assert names(Ladder.of(made)) == ["good"]


def test_equals_are_both_kept(make_artifact: Make) -> None:
    assert names(Ladder.of([make_artifact("b", 40, 0.99), make_artifact("a", 40, 0.99)])) == ["a", "b"]


def test_times_of_another_machine_or_thread_count_do_not_compare(make_artifact: Make) -> None:
    made = [
        make_artifact("elsewhere", 1, 1.0, cpu="another", date="2026-01-01"),
        make_artifact("threads", 1, 1.0, threads=8, date="2026-01-01"),
        make_artifact("newest", 40, 0.99, date="2026-01-02"),
        make_artifact("here", 80, 1.0, date="2026-01-01"),
    ]
    assert names(Ladder.of(made)) == ["here", "newest"]


def test_what_was_never_measured_is_on_no_ladder(artifact: Artifact, make_artifact: Make) -> None:
    assert Ladder.of([artifact]).rungs == ()
    assert names(Ladder.of([artifact, make_artifact("measured", 40)])) == ["measured"]


def test_the_rungs_to_run_are_the_compressed_ones(make_artifact: Make) -> None:
    full, small = make_artifact("full", 100, 1.0, recipe="reference"), make_artifact("int8", 40, 0.99)
    assert names(Ladder.of([full, small]).compressed()) == ["int8"]
    assert names(Ladder.of([full]).compressed()) == ["full"]


@given(rungs, rungs, rungs)
def test_domination_is_a_strict_order(a: Rung, b: Rung, c: Rung) -> None:
    assert not a.dominates(a)
    assert not (a.dominates(b) and b.dominates(a))
    if a.dominates(b) and b.dominates(c):
        assert a.dominates(c)


def test_rungs_of_other_metrics_do_not_compare() -> None:
    fast, slow = Rung(None, 1, {"top1": 1.0}), Rung(None, 2, {"mAP": 0.1})  # type: ignore[arg-type]
    assert not fast.dominates(slow)


def test_the_recipe_says_who_the_reference_is(make_artifact: Make) -> None:
    assert is_reference(make_artifact("a", 1, recipe="reference").manifest)
    assert not is_reference(make_artifact("b", 1).manifest)
    assert not is_reference(small_manifest())
