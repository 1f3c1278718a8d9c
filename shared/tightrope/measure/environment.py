"""The machine at the time: what it is, what it runs, and how much of it somebody else was using.

>>> with Watch(threads=1) as watch:
...     total = sum(range(1000))
>>> watch.record.foreign_load >= 0
True
"""

from __future__ import annotations

import os
import platform
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import onnxruntime as ort
import psutil

from tightrope.measure.cpu import detect_cpu

QUIET_BELOW = 0.05
"""Share of all CPU time that other processes may use while a measurement still counts as undisturbed."""


@dataclass(frozen=True)
class Environment:
    """What was measured on, and how busy it was. Names no host, user or path.

    `usable` counts the logical CPUs that this process may run on; `cpu_quota` is the container's limit in CPUs, None
    without one. `foreign_load` is the share (0 to 1) of all CPU time that went to other processes or, on a virtual
    machine, to other guests; `quiet` is `foreign_load < quiet_below`. `date` is ISO 8601 in UTC, at the start.
    """

    cpu: str
    instruction_set: str
    flags: tuple[str, ...]
    cores: int
    logical: int
    usable: int
    cpu_quota: float | None
    threads: int
    governor: str | None
    os: str
    python: str
    numpy: str
    onnxruntime: str
    providers: tuple[str, ...]
    load_average: float | None
    foreign_load: float
    quiet: bool
    quiet_below: float
    date: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Watch:
    """Wrap a measurement; afterwards `record` has the Environment that it ran in.

    Args:
        threads: cores that the measured thing was allowed, for the record.
    """

    record: Environment

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads

    def __enter__(self) -> Watch:
        self._date = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._start = CpuTimes.now()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.record = describe(self._threads, self._start.foreign_load(CpuTimes.now()), self._date)


@dataclass(frozen=True)
class CpuTimes:
    """CPU seconds that were spent up to a moment: by the whole machine, and by this process and its ended children."""

    wall: float
    busy: float
    own: float

    @classmethod
    def now(cls) -> CpuTimes:
        machine, own = psutil.cpu_times(), os.times()
        # 'user' already contains 'guest'; time stolen by the hypervisor is lost to us like a neighbour's.
        kinds = ("user", "nice", "system", "irq", "softirq", "steal", "interrupt", "dpc")
        busy = sum(getattr(machine, kind, 0.0) for kind in kinds)
        mine = own.user + own.system + own.children_user + own.children_system
        return cls(time.perf_counter(), busy, mine)

    def foreign_load(self, later: CpuTimes) -> float:
        """Share of the machine's CPU time between two moments that others used, 0 to 1."""
        capacity = (later.wall - self.wall) * (psutil.cpu_count() or 1)
        foreign = (later.busy - self.busy) - (later.own - self.own)
        return min(1.0, max(0.0, foreign / capacity)) if capacity > 0 else 0.0


def describe(threads: int, foreign_load: float, date: str) -> Environment:
    """The record of this machine with what was found out about its load."""
    cpu = detect_cpu()
    logical = psutil.cpu_count() or 1
    return Environment(
        cpu=cpu.model,
        instruction_set=cpu.instruction_set,
        flags=cpu.flags,
        cores=psutil.cpu_count(logical=False) or logical,
        logical=logical,
        usable=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else logical,
        cpu_quota=cpu_quota(),
        threads=threads,
        governor=_read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        os=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        numpy=np.__version__,
        onnxruntime=ort.__version__,
        providers=tuple(ort.get_available_providers()),
        load_average=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        foreign_load=round(foreign_load, 4),
        quiet=foreign_load < QUIET_BELOW,
        quiet_below=QUIET_BELOW,
        date=date,
    )


def cpu_quota(cgroup: Path = Path("/sys/fs/cgroup")) -> float | None:
    """CPUs that the control group grants (version 2's cpu.max, else version 1's cfs quota); None: no limit."""
    quota, _, period = (_read(cgroup / "cpu.max") or "").partition(" ")
    if not period:
        quota = _read(cgroup / "cpu" / "cpu.cfs_quota_us") or ""
        period = _read(cgroup / "cpu" / "cpu.cfs_period_us") or ""
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else None


def _read(path: str | Path) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return None
