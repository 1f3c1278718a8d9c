"""Energy of some work: read from RAPL where the machine has it, else modelled from CPU time; labelled either way.

    energy = energy_of(run, runs=64)
    energy.millijoules, energy.how

RAPL (Linux, /sys/class/powercap) counts what a whole processor package takes, idle cores included. The model is

    energy [J] = CPU time of the process [s] * power of a core [W]

with 4 W a core where no power is given: what CodeCarbon 3 takes for a processor that it does not know.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

CORE_WATTS = 4.0
GRAMS_PER_KWH = 475.0  # CO2e, the world's average grid as CodeCarbon takes it where a country is unknown
_POWERCAP = Path("/sys/class/powercap")
_KWH = 3.6e6  # joule


@dataclass(frozen=True)
class Energy:
    """Of one run, in millijoules; and of a million runs, in kWh and grams of CO2e.

    `core_watts` is the power that the model took; None where it was measured.
    """

    millijoules: float
    how: Literal["measured, RAPL package", "modelled, CPU time * power of a core"]
    runs: int
    cpu_seconds: float
    core_watts: float | None
    grams_per_kwh: float = GRAMS_PER_KWH

    @property
    def kwh_per_million(self) -> float:
        return self.millijoules * 1e3 / _KWH

    def to_dict(self) -> dict[str, Any]:
        grams = self.kwh_per_million * self.grams_per_kwh
        return {**asdict(self), "kwh_per_million": self.kwh_per_million, "gco2e_per_million": grams}


def energy_of(run: Callable[[], Any], runs: int, core_watts: float | None = None, powercap: Path = _POWERCAP) -> Energy:
    """Run `runs` times and divide.

    Args:
        run: one inference, whole pipeline or model.
        core_watts: power of a busy core of the device; without it CORE_WATTS. It is used only where RAPL is missing.
        powercap: where Linux lists the RAPL domains.
    """
    before, started = _packages(powercap), time.process_time()
    for _ in range(runs):
        run()
    seconds = (time.process_time() - started) / runs
    after = _packages(powercap)
    if before and before.keys() == after.keys():
        joules = sum(_risen(before[name], after[name], powercap / name) for name in before) / runs
        return Energy(joules * 1e3, "measured, RAPL package", runs, seconds, None)
    watts = CORE_WATTS if core_watts is None else core_watts
    return Energy(seconds * watts * 1e3, "modelled, CPU time * power of a core", runs, seconds, watts)


def _packages(folder: Path) -> Mapping[str, int]:
    """Microjoules counted so far by each package's domain; empty where there is none, or it may not be read."""
    found = {}
    for domain in sorted(folder.glob("intel-rapl:*")):
        try:
            # Not its parts (core, dram), nor psys, the whole platform, in which the package is counted already.
            if (domain / "name").read_text().startswith("package"):
                found[domain.name] = int((domain / "energy_uj").read_text())
        except (OSError, ValueError):
            return {}
    return found


def _risen(before: int, after: int, domain: Path) -> float:
    """Joules between two readings of a counter that starts anew at its range."""
    if after < before:
        after += int((domain / "max_energy_range_uj").read_text())
    return (after - before) / 1e6
