from __future__ import annotations

import json
from pathlib import Path

import pytest

from tightrope.measure.cpu import parse_cpuinfo
from tightrope.measure.environment import QUIET_BELOW, CpuTimes, Watch, cpu_quota, describe

RECORDED = Path(__file__).parent / "cpuinfo"


@pytest.mark.parametrize(
    ("file", "machine", "model", "tier", "int8"),
    [
        ("amd-epyc-zen3.txt", "x86_64", "AMD EPYC", "x86-64 AVX2 without VNNI", False),
        ("intel-icelake.txt", "x86_64", "Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz", "x86-64 AVX-512 VNNI", True),
        ("intel-skylake-x.txt", "x86_64", "Intel(R) Xeon(R) Platinum 8175M CPU @ 2.50GHz",
         "x86-64 AVX-512 without VNNI", False),
        ("arm-neoverse-n1.txt", "aarch64", "Arm 0x41/0xd0c", "Arm dotprod", True),
        ("arm-cortex-a72.txt", "aarch64", "Raspberry Pi 4 Model B Rev 1.4 (Arm 0x41/0xd08)", "Arm without dotprod",
         False),
    ],
)  # fmt: skip
def test_cpuinfo(file: str, machine: str, model: str, tier: str, int8: bool) -> None:
    cpu = parse_cpuinfo((RECORDED / file).read_text(), machine)
    assert (cpu.model, cpu.instruction_set, cpu.accelerates_int8) == (model, tier, int8)


@pytest.mark.parametrize(
    ("flags", "tier"),
    [
        ("avx2 avx_vnni", "x86-64 AVX-VNNI"),
        ("avx512f avx512_vnni amx_int8", "x86-64 AMX int8"),
        ("sse2", "x86-64, AVX2 not seen"),
    ],
)
def test_tiers_of_flags(flags: str, tier: str) -> None:
    assert parse_cpuinfo(f"flags\t\t: {flags}\n", "x86_64").instruction_set == tier


def test_unknown_machines_are_described_and_nothing_is_assumed() -> None:
    cpu = parse_cpuinfo("isa : rv64imafdc\n", "riscv64")
    assert (cpu.architecture, cpu.flags, cpu.instruction_set, cpu.accelerates_int8) == ("riscv64", (), "unknown", False)


def test_foreign_load_is_what_others_used_of_all_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.cpu_count", lambda logical=True: 2)
    start = CpuTimes(wall=0.0, busy=100.0, own=10.0)
    assert start.foreign_load(CpuTimes(10.0, 115.0, 20.0)) == pytest.approx(5 / 20)
    assert start.foreign_load(CpuTimes(10.0, 109.9, 20.0)) == 0, "clock ticks never make it negative"
    assert start.foreign_load(start) == 0


@pytest.mark.parametrize("load", [0.0, QUIET_BELOW, 0.5])
def test_quiet_verdict(load: float) -> None:
    record = describe(threads=1, foreign_load=load, date="2026-01-01T00:00:00+00:00")
    assert record.quiet == (load < QUIET_BELOW)


def test_watch_records_this_machine_as_json() -> None:
    with Watch(threads=3) as watch:
        sum(range(100_000))
    record = json.loads(json.dumps(watch.record.to_dict()))
    assert record["threads"] == 3
    assert record["date"].endswith("+00:00")
    assert 0 <= record["foreign_load"] <= 1
    assert record["usable"] <= record["logical"]


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 0.5),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({}, None),
    ],
)
def test_cpu_quota(files: dict[str, str], quota: float | None, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert cpu_quota(tmp_path) == quota
