"""A slower device, emulated: a command on fewer cores, with a share of their time, and with other programs beside it.

>>> device = Device(share=0.5, cores=1, hogs=0)
>>> status, label = run_emulated(["tightrope", "tour"], device)             # doctest: +SKIP
>>> label                                                                   # doctest: +SKIP
'50% of 1 core asked, 49% measured, by cgroup quota'

The share is granted in slices of 10 ms: by a quota of the kernel's control groups where this process may make one, else
by stopping and continuing the command (SIGSTOP, SIGCONT). Either way it is measured before the command starts, with a
program that only counts. It stands for time alone: caches, memory bandwidth and instructions stay those of this
machine, so no figure that is taken under it is one of another device. The environment variable TIGHTROPE_EMULATED
carries the label to the command, and the telemetry puts it on every summary.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tightrope.errors import BadInputError
from tightrope.interrupt import Interrupt, Stop
from tightrope.runtime.cgroup import cpu_quota
from tightrope.runtime.summary import EMULATED

_SLICE_S = 0.01
_PROBE_S = 0.4
_POLL_S = 0.05
_TASKS = Path("/proc/self/task")

# Runs in a Python without site packages: join the control group, stay on the cores, become the command.
_ENTER = """
import os, sys
group, cores, *command = sys.argv[1:]
if group:
    with open(group, "w") as file:
        file.write(str(os.getpid()))
os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
os.execvp(command[0], command)
"""
# Counts until its standard input is closed, so that none outlives us.
_HOG = """
import select
while not select.select([0], [], [], 0)[0]:
    for _ in range(20000):
        pass
"""
_COUNT = """
import sys, time
wall, cpu = time.perf_counter(), time.process_time()
while time.perf_counter() - wall < float(sys.argv[1]):
    pass
print((time.process_time() - cpu) / (time.perf_counter() - wall))
"""


@dataclass(frozen=True)
class Device:
    """What of this machine an emulated one may use.

    Attributes:
        share: of the time of its cores, above 0, at most 1.
        cores: how many; None: all that this process may use.
        hogs: programs that only count, all on the first of these cores.
    """

    share: float = 1.0
    cores: int | None = None
    hogs: int = 0

    def __post_init__(self) -> None:
        allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        if not 0 < self.share <= 1:
            raise BadInputError(f"a device has a share of its cores above 0 and at most 1, not {self.share:g}")
        if self.cores is not None and not 1 <= self.cores <= allowed:
            raise BadInputError(f"{self.cores} cores cannot be emulated here; this process may use 1 to {allowed}")
        if self.hogs < 0:
            raise BadInputError(f"there are no fewer than 0 hogs, not {self.hogs}")


def run_emulated(command: Sequence[str], device: Device) -> tuple[int, str]:
    """Run a command to its end on an emulated device.

    Ctrl-C and SIGTERM are handed on to the command.

    Returns:
        its exit status (negative: the signal that ended it), and the label: what was asked, measured, and how.

    Raises:
        BadInputError: this system lets no process be pinned to a core, or there is no such command.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise BadInputError("a device is emulated by pinning to cores, and this system has no call for that; use Linux")
    allowed = sorted(os.sched_getaffinity(0), reverse=True)
    cores = allowed[: device.cores or len(allowed)]
    with ExitStack() as stack:
        group = stack.enter_context(cpu_quota(device.share * len(cores), _SLICE_S)) if device.share < 1 else None
        enter = [sys.executable, "-I", "-S", "-c", _ENTER, str(group or ""), ",".join(map(str, cores))]
        stopping = device.share < 1 and group is None
        measured = _measure(enter, device.share if stopping else 1.0)
        stack.enter_context(hogs(device.hogs, cores[0]))
        label = _label(device, len(cores), measured, "cgroup quota" if group else "stop and continue")
        with Interrupt() as stop:
            process = _popen([*enter, *command], {EMULATED: label})
            with _duty(process.pid, device.share) if stopping else ExitStack():
                return _wait(process, stop), label


@contextmanager
def hogs(count: int, core: int) -> Iterator[None]:
    """Run so many programs that only count on that core, as long as the context lasts."""
    command = [sys.executable, "-I", "-S", "-c", _ENTER, "", str(core), sys.executable, "-I", "-S", "-c", _HOG]
    with ExitStack() as stack:
        for _ in range(count):
            process = stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE))
            stack.callback(process.kill)
        yield


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Keep this process on that core as long as the context lasts: all its threads, and those that begin meanwhile."""
    allowed = os.sched_getaffinity(0)
    before = {}
    for thread in _threads():
        with suppress(ProcessLookupError):  # it has ended
            before[thread] = os.sched_getaffinity(thread)
            os.sched_setaffinity(thread, {core})
    try:
        yield
    finally:
        for thread in _threads():
            with suppress(ProcessLookupError):
                os.sched_setaffinity(thread, before.get(thread, allowed))


def _threads() -> list[int]:
    return [int(folder.name) for folder in _TASKS.iterdir()]


def _label(device: Device, cores: int, measured: float, how: str) -> str:
    on = f"{cores} core{'' if cores == 1 else 's'}"
    parts = [f"{device.share:.0%} of {on} asked, {measured:.0%} measured, by {how}" if device.share < 1 else on]
    if device.hogs:
        parts.append(f"{device.hogs} other program{'' if device.hogs == 1 else 's'} on the same core")
    return ", ".join(parts)


def _measure(enter: Sequence[str], share: float) -> float:
    """The share of one core that a program gets which only counts, 0 to 1."""
    process = _popen([*enter, sys.executable, "-I", "-S", "-c", _COUNT, str(_PROBE_S)], {}, subprocess.PIPE)
    with _duty(process.pid, share) if share < 1 else ExitStack():
        output, _ = process.communicate()
    return float(output)


def _popen(command: Sequence[str], more: dict[str, str], stdout: int | None = None) -> subprocess.Popen[bytes]:
    # A session of its own is a process group of its own: stopping it stops the command's children too.
    return subprocess.Popen(command, env={**os.environ, **more}, stdout=stdout, start_new_session=True)


def _wait(process: subprocess.Popen[bytes], stop: Stop) -> int:
    """Wait for the command; hand a request to end on, and after that wait for it again."""
    while process.poll() is None and not stop.wait(_POLL_S):
        pass
    if process.poll() is None:
        # A shell ignores SIGINT for jobs in the background, and what is ignored here is ignored by the command too.
        ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        os.killpg(process.pid, signal.SIGTERM if ignored else signal.SIGINT)
    return process.wait()


@contextmanager
def _duty(group: int, share: float) -> Iterator[None]:
    """Let a process group run for `share` of every slice of time, as long as the context lasts."""
    over = threading.Event()

    def alternate() -> None:
        while not over.wait(share * _SLICE_S):
            if not _signal(group, signal.SIGSTOP):
                return
            time.sleep((1 - share) * _SLICE_S)
            _signal(group, signal.SIGCONT)

    thread = threading.Thread(target=alternate, name="tightrope duty cycle", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        _signal(group, signal.SIGCONT)


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True
