"""What all tests share."""

from __future__ import annotations

import os
import site
import subprocess
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data: $TIGHTROPE_DATA, or ../shared/data beside the checkout; skips where there is none."""
    folder = Path(os.environ.get("TIGHTROPE_DATA") or CHECKOUT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("no real data: point TIGHTROPE_DATA at it")
    return folder


@pytest.fixture(scope="session")
def fresh_environment() -> Callable[[Path], dict[str, str]]:
    """Makes a virtual environment in a folder that sees all that is installed here; what it installs stays in it.

    The environment variables with which a shell uses it are returned. pip builds with what is here, offline.
    """

    def make(folder: Path) -> dict[str, str]:
        venv.EnvBuilder(symlinks=True).create(folder)
        tools = folder / ("Scripts" if os.name == "nt" else "bin")
        ask = [tools / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
        inside = Path(subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip())
        # addsitedir and not a plain path: installed in editable mode is what a .pth file of the outer one says.
        outer = [path for path in site.getsitepackages() if Path(path).is_dir()]
        lines = [f"import site; site.addsitedir({path!r})" for path in outer]
        (inside / "outer.pth").write_text("\n".join(lines) + "\n")
        runs = {"pip": "-m pip", "pytest": "-m pytest", "tightrope": "-c 'from tightrope.cli.main import main; main()'"}
        for command, run in runs.items():
            script = tools / command
            script.write_text(f'#!/bin/sh\nexec "{tools / "python"}" {run} "$@"\n')
            script.chmod(0o755)
        offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        return {
            **os.environ,
            **offline,
            "OMP_NUM_THREADS": "1",
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "VIRTUAL_ENV": str(folder),
        }

    return make
