"""Slower devices: what is granted is what is measured, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from tightrope.cli.main import app
from tightrope.errors import BadInputError
from tightrope.runtime import device as devices
from tightrope.runtime.cgroup import cpu_quota
from tightrope.runtime.device import Device, hogs, pinned, run_emulated

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")

# Writes its share of a core, its cores and the label into the file that it is given.
_REPORT = """
import os, sys, time
wall, cpu = time.perf_counter(), time.process_time()
while time.perf_counter() - wall < 0.5:
    pass
share = (time.process_time() - cpu) / (time.perf_counter() - wall)
with open(sys.argv[1], "w") as file:
    print(share, len(os.sched_getaffinity(0)), os.environ["TIGHTROPE_EMULATED"], sep="\\n", file=file)
"""


@contextmanager
def no_group(*_: object) -> Iterator[None]:
    yield None


def report(tmp_path: Path, device: Device) -> tuple[float, int, str, str]:
    """Share and cores that a command had, the label that it saw, and the one that was returned."""
    status, label = run_emulated([sys.executable, "-c", _REPORT, str(tmp_path / "out")], device)
    assert status == 0
    share, cores, seen = (tmp_path / "out").read_text().splitlines()
    return float(share), int(cores), seen, label


def test_a_quota_is_kept(tmp_path: Path) -> None:
    with cpu_quota(0.5, 0.01) as group:
        if group is None:
            pytest.skip("no control group may be made here")
    share, cores, seen, label = report(tmp_path, Device(share=0.3, cores=1))

    assert share < 0.4  # at most: on a busy machine it gets less
    assert cores == 1
    assert seen == label
    assert label.startswith("30% of 1 core asked, ")
    assert label.endswith("by cgroup quota")


def test_without_a_control_group_it_is_stopped_and_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "cpu_quota", no_group)
    share, _, _, label = report(tmp_path, Device(share=0.3, cores=1))

    assert share < 0.6
    assert label.endswith("by stop and continue")


def test_a_command_keeps_its_exit_status_and_an_unknown_one_fails() -> None:
    assert run_emulated([sys.executable, "-c", "raise SystemExit(7)"], Device(cores=1)) == (7, "1 core")
    assert run_emulated(["no-such-command-of-this-name"], Device(cores=1))[0] != 0


def test_a_request_to_end_reaches_the_command(tmp_path: Path) -> None:
    started = tmp_path / "started"

    def ask() -> None:
        while not started.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    asking = threading.Thread(target=ask)
    asking.start()
    program = f"import pathlib, time; pathlib.Path({str(started)!r}).touch(); time.sleep(300)"
    status, _ = run_emulated([sys.executable, "-c", program], Device(cores=1))
    asking.join()
    assert status != 0


def test_hogs_take_their_part_and_are_gone_afterwards() -> None:
    before = set(psutil.Process().children())
    with hogs(2, max(os.sched_getaffinity(0))):
        running = set(psutil.Process().children()) - before
        assert len(running) == 2
        while any(process.cpu_times().user < 0.05 for process in running):
            time.sleep(0.01)
    assert not any(process.is_running() for process in running)


def test_a_pinned_process_stays_on_one_core_with_all_its_threads_and_is_let_go() -> None:
    allowed = os.sched_getaffinity(0)
    core = min(allowed)
    leave = threading.Event()
    threads = [threading.Thread(target=leave.wait, daemon=True) for _ in range(2)]
    threads[0].start()

    def where() -> list[set[int]]:
        found = [os.sched_getaffinity(thread.native_id or 0) for thread in threads if thread.is_alive()]
        return [os.sched_getaffinity(0), *found]

    with pinned(core):
        threads[1].start()
        assert where() == [{core}] * 3
    assert where() == [allowed] * 3
    leave.set()


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"share": 1.5}, {"cores": 0}, {"cores": 10_000}, {"hogs": -1}])
def test_devices_that_cannot_be_emulated_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInputError):
        Device(**wrong)  # type: ignore[arg-type]


def test_where_no_group_may_be_made_there_is_none(tmp_path: Path) -> None:
    with cpu_quota(0.5, 0.01, tmp_path) as group:
        assert group is None
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_hands_options_and_exit_status_through(capfd: pytest.CaptureFixture[str]) -> None:
    program = "import os, sys; print(os.environ['TIGHTROPE_EMULATED'], sys.argv[1:]); raise SystemExit(4)"

    result = CliRunner().invoke(
        app, ["emulate", "--cores", "1", "--hogs", "1", "--", sys.executable, "-c", program, "--flag", "x"]
    )

    assert result.exit_code == 4
    assert capfd.readouterr().out == "1 core, 1 other program on the same core ['--flag', 'x']\n"
    assert "emulated: 1 core" in result.output
