"""Which CPU this is, and which of its instructions matter to a neural network.

>>> cpu = parse_cpuinfo("model name : Example\\nflags : fpu avx2 avx512f avx512_vnni\\n", "x86_64")
>>> cpu.instruction_set
'x86-64 AVX-512 VNNI'
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

# The kernel's names (arch/x86/include/asm/cpufeatures.h, Documentation/arch/arm64/elf_hwcaps.rst).
X86_FLAGS = (
    "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8",
    "amx_bf16",
)  # fmt: skip
ARM_FLAGS = ("asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sve", "sve2", "sme")
VNNI_FLAGS = ("amx_int8", "avx512_vnni", "avx_vnni")

# First match wins: the widest int8 instruction that the CPU has names the tier.
_X86_TIERS = (
    ("amx_int8", "x86-64 AMX int8"),
    ("avx512_vnni", "x86-64 AVX-512 VNNI"),
    ("avx_vnni", "x86-64 AVX-VNNI"),
    ("avx512f", "x86-64 AVX-512 without VNNI"),
    ("avx2", "x86-64 AVX2 without VNNI"),
)
_ARM_TIERS = (("i8mm", "Arm i8mm"), ("asimddp", "Arm dotprod"), ("asimd", "Arm without dotprod"))


@dataclass(frozen=True)
class Cpu:
    """Model name, architecture ('x86' or 'arm', else the machine's own word) and the flags that matter."""

    model: str
    architecture: str
    flags: tuple[str, ...]

    @property
    def instruction_set(self) -> str:
        """Short name of the tier, such as 'x86-64 AVX2 without VNNI'."""
        tiers = {"x86": _X86_TIERS, "arm": _ARM_TIERS}.get(self.architecture, ())
        unknown = {"x86": "x86-64, AVX2 not seen", "arm": "Arm, instruction set unknown"}
        return next((name for flag, name in tiers if flag in self.flags), unknown.get(self.architecture, "unknown"))

    @property
    def accelerates_int8(self) -> bool:
        """True where one instruction multiplies int8 and adds into int32: VNNI, AMX, dotprod or i8mm."""
        return any(flag in self.flags for flag in (*VNNI_FLAGS, "asimddp", "i8mm"))


def detect_cpu() -> Cpu:
    """The CPU that this process runs on.

    Where the system does not list its flags (Windows), there are none: nothing is assumed of it. Apple's are known
    by their architecture: every one that runs macOS has dotprod.
    """
    machine = platform.machine()
    try:
        return parse_cpuinfo(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"), machine)
    except OSError:
        apple = platform.system() == "Darwin" and machine == "arm64"
        flags = ("asimd", "asimddp") if apple else ()
        return Cpu(platform.processor() or machine, _architecture(machine), flags)


def parse_cpuinfo(text: str, machine: str) -> Cpu:
    """Read the text of Linux's /proc/cpuinfo.

    Args:
        text: the whole file; only the first CPU of it counts.
        machine: `platform.machine()` of the computer that wrote it, such as 'x86_64' or 'aarch64'.
    """
    fields: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    architecture = _architecture(machine)
    present = set((fields.get("flags") or fields.get("Features") or "").split())
    wanted = {"x86": X86_FLAGS, "arm": ARM_FLAGS}.get(architecture, ())
    return Cpu(_model(fields, machine), architecture, tuple(flag for flag in wanted if flag in present))


def _model(fields: dict[str, str], machine: str) -> str:
    """The CPU's name; Arm kernels give numbers (implementer and part) and, on boards, the board's name."""
    if name := fields.get("model name"):
        return name
    part = f"Arm {fields['CPU implementer']}/{fields['CPU part']}" if "CPU part" in fields else machine
    board = fields.get("Model") or fields.get("Hardware")
    return f"{board} ({part})" if board else part


def _architecture(machine: str) -> str:
    lowered = machine.lower()
    if lowered in ("x86_64", "amd64", "i686", "i386"):
        return "x86"
    return "arm" if lowered.startswith(("aarch64", "arm")) else lowered
