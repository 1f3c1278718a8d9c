"""The bundled drive with its LiDAR, through the page's own interface."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import Any

import pytest

from tightrope.demo.cockpit import Cockpit
from tightrope.demo.rungs import rungs
from tightrope.runtime import Answer, FakeClock, Limits, StageTimes, State
from tightrope_road.app import APP
from tightrope_road.commands import DEFAULT_MODEL
from tightrope_road.demo import fusing
from tightrope_road.demo.fusing import Fused, in_words, judged
from tightrope_road.demo.playing import drive


def test_it_shows_distances_beside_the_street_from_above(client: Any) -> None:
    job = client.submit(api_name="/road_fused")
    until = time.monotonic() + 60
    while len(job.outputs()) < 5 and time.monotonic() < until:
        time.sleep(0.05)
    job.cancel()
    shown = job.outputs()[4:]

    # On a machine that is very busy some answers are too old to be shown.
    assert all(picture for picture, _, _ in shown)
    assert any(re.search(r"frame \d+, \d+ dropped: .* at \d+\.\d m", words) for _, words, _ in shown)


class Rivals:
    """In place of `Slowdown`: says whether it is at work."""

    def __init__(self) -> None:
        self.active = False

    @contextmanager
    def beside(self, rivals: int) -> Any:
        self.active = True
        yield
        self.active = False


@pytest.fixture
def cockpit() -> Cockpit:
    return Cockpit(APP, rungs("road"), DEFAULT_MODEL, Rivals())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fusion_s", "state", "words"),
    [(0.001, State.OK, "nothing yet"), (0.08, State.DEGRADED, " ms late): "), (0.9, State.STALE, "nothing is shown")],
)
def test_fusion_and_tracking_are_slowed_down_and_measured_with_the_detector(
    fusion_s: float, state: State, words: str, cockpit: Cockpit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The detector's own time is taken off: this machine may be busy."""
    clock, real, slowed = FakeClock(), fusing.combine, []

    def slow(*given: Any) -> Any:
        slowed.append(cockpit._slowdown.active)  # type: ignore[attr-defined]
        clock.advance(fusion_s)
        return real(*given)

    monkeypatch.setattr(fusing, "combine", slow)
    detector = fusing.opened
    monkeypatch.setattr(fusing, "opened", lambda *given: at_once(detector(*given)))
    session = cockpit.session.value
    scene = Fused(clock).scene(next(drive()), cockpit, session)

    assert slowed == [True]
    assert session.meter.last.postprocess_ms == pytest.approx(fusion_s * 1e3)
    assert scene.stages_ms == session.meter.last.to_dict()
    assert scene.state is state
    assert scene.met == (state is State.OK)
    assert scene.rung == DEFAULT_MODEL
    assert bool(scene.obstacles) == (state is not State.STALE)
    assert words in in_words(scene)


def at_once(detector: Any) -> Any:
    """A detector that takes no time."""
    return lambda picture: Answer(detector(picture).result, StageTimes(0.0, 0.0, 0.0))


def test_a_rung_that_the_governor_chose_is_told() -> None:
    limits = Limits.every(0.1, 0.05)

    assert judged(0.02, limits, 0) == (State.OK, "")
    assert judged(0.02, limits, 2) == (State.DEGRADED, "answers come from rung 2, not from the best")
    assert judged(0.06, limits, 2)[1] == "the last answer was 10.0 ms late"
    assert judged(0.26, limits, 0)[0] is State.STALE
