"""A target: an instruction set, the int8 form that its kernels in onnxruntime want, and what to expect of int8."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from tightrope.config import Config, read_toml, validate
from tightrope.errors import ConfigError, nearest
from tightrope.measure.cpu import Cpu, detect_cpu

_PROFILES = Path(__file__).parent / "profiles"


class Target(Config):
    """One instruction-set profile (targets/profiles/<name>.toml)."""

    name: str
    architecture: Literal["x86", "arm"]
    any_of: tuple[str, ...] = Field((), description="CPU flags of which one is enough; none: the architecture's rest")
    rank: int = Field(0, description="of several that fit a CPU, the one with the highest is taken")
    activation: Literal["uint8", "int8"] = Field(description="type of quantized activations")
    weight: Literal["uint8", "int8"] = Field(description="type of quantized weights")
    reduce_range: bool = Field(description="weights in 7 bits, because sums of two products saturate at int16")
    per_channel: bool = Field(description="one weight scale an output channel costs nothing here")
    expectation: str = Field(description="what int8 brings here, one sentence")
    reason: str = Field(description="why this form and no other")
    warning: str = Field("", description="what goes wrong here when it is ignored; empty: nothing")

    def fits(self, cpu: Cpu) -> bool:
        return cpu.architecture == self.architecture and (not self.any_of or bool({*self.any_of} & {*cpu.flags}))


def target_names() -> list[str]:
    """Names of all profiles, alphabetically."""
    return sorted(file.stem for file in _PROFILES.glob("*.toml"))


def load(name: str) -> Target:
    """The profile of that name. Raises ConfigError with the nearest one if there is none."""
    if name not in target_names():
        raise ConfigError(f"no target {name!r}{nearest(name, target_names())}")
    file = _PROFILES / f"{name}.toml"
    return validate(Target, {"name": name, **read_toml(file)}, str(file))


def detect(cpu: Cpu | None = None) -> Target:
    """The profile of `cpu`, or of this machine: the most particular one that fits.

    Raises:
        ConfigError: neither x86 nor Arm.
    """
    here = cpu or detect_cpu()
    fitting = [target for target in map(load, target_names()) if target.fits(here)]
    if not fitting:
        known = ", ".join(target_names())
        raise ConfigError(f"no target profile for {here.architecture!r} ({here.model}); name one of: {known}")
    return max(fitting, key=lambda target: target.rank)
