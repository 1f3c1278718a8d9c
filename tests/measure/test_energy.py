"""Energy is read where it is counted, and modelled, and called so, where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tightrope.measure.energy import CORE_WATTS, energy_of


def busy() -> int:
    return sum(range(20_000))


def domain(folder: Path, name: str, microjoules: int, called: str = "package-0") -> Path:
    (folder / name).mkdir()
    (folder / name / "name").write_text(f"{called}\n")
    (folder / name / "energy_uj").write_text(f"{microjoules}\n")
    (folder / name / "max_energy_range_uj").write_text("1000000\n")
    return folder / name / "energy_uj"


def test_without_a_counter_it_is_modelled_from_cpu_time(tmp_path: Path) -> None:
    found = energy_of(busy, 50, powercap=tmp_path)
    assert found.how.startswith("modelled")
    assert found.cpu_seconds > 0
    assert found.millijoules == pytest.approx(found.cpu_seconds * CORE_WATTS * 1e3)
    twice = energy_of(busy, 1, core_watts=8, powercap=tmp_path)
    assert twice.millijoules == pytest.approx(twice.cpu_seconds * 8e3)


def test_the_packages_counters_are_added_and_their_parts_are_not(tmp_path: Path) -> None:
    first, second = domain(tmp_path, "intel-rapl:0", 100), domain(tmp_path, "intel-rapl:1", 999_000)
    part = domain(tmp_path, "intel-rapl:0:0", 5, "core")
    platform = domain(tmp_path, "intel-rapl:2", 7, "psys")

    def run() -> None:
        for file, step in ((first, 2000), (second, 3000), (part, 500), (platform, 9000)):
            file.write_text(str((int(file.read_text()) + step) % 1_000_000))  # the second one starts anew

    found = energy_of(run, 10, powercap=tmp_path)
    assert found.how.startswith("measured")
    assert found.core_watts is None
    assert found.millijoules == pytest.approx(5.0)
    assert found.to_dict()["kwh_per_million"] == pytest.approx(5e-3 * 1e6 / 3.6e6)


def test_a_counter_that_may_not_be_read_is_none(tmp_path: Path) -> None:
    domain(tmp_path, "intel-rapl:0", 100).unlink()
    assert energy_of(busy, 2, powercap=tmp_path).how.startswith("modelled")
