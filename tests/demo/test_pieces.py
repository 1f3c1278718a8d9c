"""What the tabs share, without a server."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope.app import find_apps
from tightrope.budget import Budget
from tightrope.demo.autopilot import Autopilot
from tightrope.demo.budget_bar import budget_bar
from tightrope.demo.rungs import rungs
from tightrope.demo.session import Session
from tightrope.runtime.clock import FakeClock
from tightrope.runtime.pipeline import StageTimes
from tightrope_road.frames import Frame

from .test_road_api import text

BUDGET = Budget(latency_ms=50, percentile=90, peak_rss_mb=250, period_ms=None, artifact_mb=None, energy_mj=None)


@given(times=st.lists(st.tuples(*[st.floats(0, 1e4)] * 3), min_size=1, max_size=30))
def test_the_bar_says_what_happened(times: list[tuple[float, float, float]]) -> None:
    session = Session(0, "vehicle")
    for stages in times:
        session.meter.add(StageTimes(*stages), BUDGET.latency_ms)

    bar = budget_bar(session, BUDGET, "nanodet", 300, {"peak_rss_mb": 133})

    missed = sum(sum(stages) > 50 for stages in times)
    said = text(bar)
    assert f"{sum(times[-1]):.1f} ms of 50 ms: {'over' if sum(times[-1]) > 50 else 'inside'}" in said
    assert f"{missed} of {len(times)} run" in said
    assert "133 of 250 MB" in said
    assert "rung 0, nanodet" in said
    widths = [float(part.partition("%")[0]) for part in bar.split("width:")[1:]]
    assert sum(widths) <= 100.1, "the stages stay inside of the track"


def test_a_choice_begins_a_new_meter_and_the_same_choice_does_not() -> None:
    session = Session(1, "vehicle")
    session.meter.add(StageTimes(1, 2, 3), 50)
    session.choose(1, "vehicle", 0)
    assert session.meter.runs == 1
    session.choose(0, "vehicle", 0)
    assert (session.rung, session.meter.runs) == (0, 0)
    assert copy.deepcopy(session) == session, "Gradio copies it for every browser"


def test_the_pilot_steps_down_at_once_and_up_when_there_is_room() -> None:
    artifacts = rungs("road")
    usual = [artifact.manifest.evidence["pipeline"]["total"]["p90"]["value"] for artifact in artifacts]
    limit = 1.2 * usual[0]
    session = Session(0, "vehicle", pilot=Autopilot(artifacts, limit / 1e3))
    session.took(StageTimes(0, usual[0], 0), limit)
    assert session.rung == 0
    session.took(StageTimes(0, 2 * usual[0], 0), limit)  # a device that became half as fast
    slowed = session.rung
    assert usual[slowed] * 2 <= limit
    assert session.why.startswith("down")
    copied = copy.deepcopy(session)
    for _ in range(200):
        copied.took(StageTimes(0, usual[copied.rung], 0), limit)
    assert copied.rung == 0
    assert session.rung == slowed, "one person's governor is not another's"


def frames(count: int, fps: float) -> Iterator[Frame]:
    for index in range(count):
        yield Frame("drive", "drive", index, index / fps, np.zeros((1, 1, 3), np.uint8), fps)


@pytest.mark.parametrize(("work_s", "shown"), [(0.0, 40), (0.09, 40), (0.25, 16), (1.0, 4)])
def test_a_player_that_is_too_slow_drops_frames_and_is_never_late(work_s: float, shown: int) -> None:
    from tightrope_road.demo.playing import paced

    clock, late, dropped = FakeClock(), [], []
    for frame, count in paced(frames(40, 10), clock, clock.advance):
        late.append(clock.now() - frame.seconds)
        dropped.append(count)
        clock.advance(work_s)
    assert max(late) <= 0.1
    assert len(late) == pytest.approx(shown, abs=1)
    assert dropped[-1] <= 40 - len(late)


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no program to a core")
def test_rivals_count_only_while_they_are_asked_and_are_always_gone_at_the_end() -> None:
    from tightrope.demo.slowdown import Slowdown

    allowed, before = os.sched_getaffinity(0), set(psutil.Process().children())
    with Slowdown() as slowdown:
        with slowdown.beside(2):
            assert len(os.sched_getaffinity(0)) == 1
            rivals = [child for child in psutil.Process().children() if child not in before]
            assert len(rivals) == 2
            until = time.monotonic() + 20
            while min(map(cpu_s, rivals)) < 0.05 and time.monotonic() < until:
                time.sleep(0.02)
        assert os.sched_getaffinity(0) == allowed
        time.sleep(0.1)
        used = [cpu_s(rival) for rival in rivals]
        assert min(used) >= 0.05, "both took the core"
        time.sleep(0.2)
        assert [cpu_s(rival) for rival in rivals] == used, "and take nothing more"
        rivals[0].kill()
        psutil.wait_procs(rivals[:1], timeout=10)
        with slowdown.beside(2):
            assert len(set(psutil.Process().children()) - before) == 2, "one that died is replaced"
    assert set(psutil.Process().children()) <= before


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no program to a core")
def test_rivals_do_not_outlive_a_server_that_is_killed() -> None:
    program = (
        "import os, psutil; from tightrope.demo.slowdown import Slowdown\n"
        "with Slowdown() as slowdown, slowdown.beside(1):\n"
        "    print(psutil.Process().children()[0].pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert killed.returncode == -9
    rival = int(killed.stdout)
    until = time.monotonic() + 10
    while psutil.pid_exists(rival) and psutil.Process(rival).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until, "the rival still runs"
        time.sleep(0.02)


def test_no_other_command_imports_gradio() -> None:
    program = (
        "import sys; from tightrope.cli import main; from tightrope.app import find_apps, load_object\n"
        "[load_object(app.commands) for app in find_apps().values()]\n"
        "print([name for name in ('gradio', 'torch', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_app_that_names_a_demo_has_one() -> None:
    assert {"road", "triage"} <= {app.name for app in find_apps().values() if app.demo}
