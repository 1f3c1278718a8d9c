"""Instruction sets that a processor of this machine can be made to lack: user-mode QEMU, and how it is told.

    emulator = find_emulator("avx2")
    subprocess.run([*emulator.command(), "-c", "print(1)"])     # this Python, on a Haswell

QEMU translates instruction by instruction, so that a process computes what it would compute on such a processor, a
hundred times slower: accuracy is the real one, time is not. It has no AVX-512, so that what it can show of x86-64 ends
at AVX2 (QEMU, target/i386/cpu.c, TCG_7_0_EBX_FEATURES).
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass

from tightrope.errors import ArtifactError, ConfigError, TightropeError, nearest

# numpy's names of what it found: of the single features, and since 2.4 of the levels that they make up.
_AVX2, _AVX512 = frozenset({"AVX2", "X86_V3"}), frozenset({"AVX512F", "X86_V4"})


class MissingEmulatorError(TightropeError):
    """QEMU's user-mode emulator is not installed; the message names its package."""


@dataclass(frozen=True)
class Emulator:
    """A processor of QEMU's without the instructions above a level.

    `instruction_set` is named as `measure.cpu` names it. `has` and `lacks` are numpy's names of features; a process on
    this processor must see one of `has`, if there are any, and none of `lacks`.
    """

    name: str
    instruction_set: str
    cpu: str
    has: frozenset[str]
    lacks: frozenset[str]
    program: str = "qemu-x86_64"

    def command(self) -> list[str]:
        """How this Python is started under it, without what the environment tells OpenBLAS about this machine."""
        return [self.program, "-cpu", self.cpu, "-U", "OPENBLAS_CORETYPE", sys.executable]

    def version(self) -> str:
        """Such as 'qemu-x86_64 7.2.22, -cpu Haswell'."""
        said = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=False).stdout.split()
        number = next((word for word in said if word[:1].isdigit()), "of unknown version")
        return f"{self.program} {number}, -cpu {self.cpu}"

    def check(self, features: Collection[str]) -> None:
        """Raises ArtifactError if a process under it saw other features than this processor has."""
        found = {*features}
        if found & self.lacks or (self.has and not found & self.has):
            raise ArtifactError(
                f"{self.program} -cpu {self.cpu} does not emulate {self.name}: it shows {sorted(found)}"
            )


_EMULATORS = {
    emulator.name: emulator
    for emulator in (
        Emulator("avx2", "x86-64 AVX2 without VNNI", "Haswell", _AVX2, _AVX512),
        Emulator("avx", "x86-64 AVX without AVX2", "SandyBridge", frozenset(), _AVX2 | _AVX512),
        Emulator("sse4.2", "x86-64 SSE4.2 without AVX", "Nehalem", frozenset(), _AVX2 | _AVX512),
    )
}


def emulated_names() -> list[str]:
    """The instruction sets that can be emulated, the newest first."""
    return list(_EMULATORS)


def find_emulator(name: str) -> Emulator:
    """The emulator of an instruction set.

    Raises:
        ConfigError: there is none of that name, or this Python is not for Linux on x86-64.
        MissingEmulatorError: QEMU is not installed.
    """
    if name not in _EMULATORS:
        raise ConfigError(f"no emulated instruction set {name!r}{nearest(name, emulated_names())}")
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise ConfigError(f"{name} is emulated on Linux on x86-64 only: user-mode QEMU runs this Python's own program")
    emulator = _EMULATORS[name]
    if shutil.which(emulator.program) is None:
        raise MissingEmulatorError(
            f"--instruction-set {name} needs {emulator.program}: apt-get install qemu-user (Debian, Ubuntu), or the "
            "package of that name elsewhere"
        )
    return emulator
