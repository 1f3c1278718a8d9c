"""The peers' virtual environments, one for each file in requirements/, with the runtimes in our versions."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tightrope.errors import TightropeError
from tightrope.writing import write_text

_REQUIREMENTS = Path(__file__).parent / "requirements"
_SAME = ("onnxruntime", "openvino")  # what a peer writes is timed by our own copies of these


class PeerError(TightropeError):
    """A peer cannot be installed or ended with an error; the message is the last line of its own."""


@dataclass(frozen=True)
class Environment:
    """An environment that is ready: its interpreter, and what is in it, as 'name==version'."""

    python: Path
    packages: tuple[str, ...]

    def version(self, package: str) -> str:
        """Of an installed package; empty if it is not there."""
        found = dict(line.split("==", 1) for line in self.packages if "==" in line)
        return found.get(package, "")


def environment(name: str, folder: Path) -> Environment:
    """Make the environment of requirements/<name>.txt in `folder`/<name>, or take the one that is there.

    Raises:
        PeerError: pip finds no releases that go together.
    """
    home, python = folder / name, folder / name / "bin" / "python"
    wanted = _REQUIREMENTS / f"{name}.txt"
    constraints = folder / f"{name}.constraints.txt"
    write_text(constraints, "".join(f"{package}=={found}\n" for package, found in _versions().items()))
    key = hashlib.sha256(wanted.read_bytes() + constraints.read_bytes()).hexdigest()
    stamp = home / "made.txt"
    if not stamp.exists() or stamp.read_text(encoding="utf-8").splitlines()[0] != key:
        print(f"installing {name} into an environment of its own")
        _run([sys.executable, "-m", "venv", "--clear", str(home)])
        pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "install", "--requirement", str(wanted), "--constraint", str(constraints)])
        write_text(stamp, f"{key}\n{_run([*pip, 'freeze'])}")
    return Environment(python, tuple(stamp.read_text(encoding="utf-8").splitlines()[1:]))


def _versions() -> dict[str, str]:
    found = {}
    for package in _SAME:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError(last_line(done.stderr) or f"{command[0]} ended with {done.returncode}")
    return done.stdout


def last_line(text: str) -> str:
    """The last line of an error output that says something: not a warning, and an error before what follows it."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("WARNING")]
    errors = [line for line in lines if line.lower().startswith(("error:", "x "))]
    return (errors or lines or [""])[-1].removeprefix("ERROR: ")
