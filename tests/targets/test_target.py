from __future__ import annotations

import pytest

from tightrope.errors import ConfigError
from tightrope.measure.cpu import Cpu
from tightrope.targets import detect, load, target_names


def test_every_profile_loads_and_says_what_to_expect() -> None:
    assert target_names() == ["arm-dotprod", "arm-i8mm", "arm-nodotprod", "x86-amx", "x86-avx2", "x86-vnni"]
    for name in target_names():
        target = load(name)
        assert target.name == name
        assert target.expectation.endswith(".")
        assert target.reason


@pytest.mark.parametrize(
    ("architecture", "flags", "name", "reduce_range"),
    [
        ("x86", ("avx2",), "x86-avx2", True),
        ("x86", ("avx2", "avx512f"), "x86-avx2", True),
        ("x86", ("avx2", "avx_vnni"), "x86-vnni", False),
        ("x86", ("avx2", "avx512f", "avx512_vnni"), "x86-vnni", False),
        ("x86", ("avx2", "avx512f", "avx512_vnni", "amx_int8"), "x86-amx", False),
        ("arm", ("asimd", "asimddp", "i8mm"), "arm-i8mm", False),
        ("arm", ("asimd",), "arm-nodotprod", False),
        ("arm", ("asimd", "asimddp"), "arm-dotprod", False),
    ],
)
def test_detect_chooses_by_flags(architecture: str, flags: tuple[str, ...], name: str, reduce_range: bool) -> None:
    target = detect(Cpu("a CPU", architecture, flags))
    assert (target.name, target.reduce_range) == (name, reduce_range)


def test_detect_finds_this_machine() -> None:
    assert detect().name in target_names()


def test_unknown_targets_are_named_with_what_there_is() -> None:
    with pytest.raises(ConfigError, match="x86-avx2"):
        load("x86-avx")
    with pytest.raises(ConfigError, match="riscv64"):
        detect(Cpu("a CPU", "riscv64", ()))
