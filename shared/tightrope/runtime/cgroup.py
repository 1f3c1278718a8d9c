"""A control group with a CPU quota, where this process may make one.

Version 2's cpu.max, or version 1's cpu.cfs_quota_us (kernel documentation: admin-guide/cgroup-v2, scheduler/sched-bwc).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_LEAST_US = 1000  # the kernel grants no smaller quota
_PATIENCE_S = 1.0


@contextmanager
def cpu_quota(cores: float, period_s: float, root: Path = _ROOT) -> Iterator[Path | None]:
    """Make a group that gets `cores` of CPU time in every period, and take it away at the end.

    Yields:
        the file that a process writes its id into to join; None: no such group can be made here.
    """
    group = _make(cores, period_s, root)
    try:
        yield group / "cgroup.procs" if group else None
    finally:
        if group:
            _remove(group)


def _make(cores: float, period_s: float, root: Path) -> Path | None:
    period = round(period_s * 1e6)
    quota = max(_LEAST_US, round(cores * period))
    own = _own_groups()
    settings = {
        "": {"cpu.max": f"{quota} {period}"},
        "cpu": {"cpu.cfs_period_us": str(period), "cpu.cfs_quota_us": str(quota)},
    }
    for controller, files in settings.items():
        parent = root / controller / own.get(controller, "").lstrip("/")
        group = parent / f"tightrope-{os.getpid()}"
        # Made by hand in a plain folder of that name it would limit nothing.
        if not (parent / "cgroup.procs").exists():
            continue
        try:
            group.mkdir()
            for name, text in files.items():
                (group / name).open("r+", encoding="ascii").write(text)
        except OSError:
            _remove(group)
        else:
            return group
    return None


def _own_groups() -> dict[str, str]:
    """Controller -> path of the group that this process is in; '' stands for version 2 (proc(5), cgroups(7))."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    rows = (line.split(":", 2) for line in lines)
    return {controller: path for _, controllers, path in rows for controller in controllers.split(",")}


def _remove(group: Path) -> None:
    """Take the group away once its last process has gone; one that stays on keeps it."""
    until = time.monotonic() + _PATIENCE_S
    while group.exists() and time.monotonic() < until:
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.01)
