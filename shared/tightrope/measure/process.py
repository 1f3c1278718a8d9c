"""Start the probe in a process of its own and read what it says."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tightrope.app import App
from tightrope.artifact import Artifact
from tightrope.errors import ArtifactError
from tightrope.measure.probe import NO_APP
from tightrope.runtime.clock import SystemClock


@dataclass(frozen=True)
class ProbeRun:
    """What one probe process found: its first result after wall and CPU seconds, and its peak memory in bytes."""

    wall_s: float
    cpu_s: float
    peak_rss_bytes: int


def run_probe(app: App | None, artifact: Artifact, runs: int, threads: int) -> ProbeRun:
    """Run the artifact `runs` times in a new Python process; seconds count from before the process is made.

    Raises:
        ArtifactError: the process fails; the message has its last line.
    """
    command = [sys.executable, "-m", "tightrope.measure.probe", app.name if app else NO_APP, str(artifact.path)]
    command += ["--runs", str(runs), "--threads", str(threads)]
    clock = SystemClock()
    start = clock.now()
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True) as process,
    ):
        assert process.stdout is not None
        first = process.stdout.readline()
        wall = clock.now() - start
        rest = process.stdout.read()
        process.wait()
        complaints.seek(0)
        lines = complaints.read().strip().splitlines()
    if process.returncode != 0:
        last = lines[-1] if lines else f"exit code {process.returncode}"
        raise ArtifactError(f"{artifact.path} does not run in a process of its own: {last}")
    said: Mapping[str, Any] = {**json.loads(first), **json.loads(rest)}
    return ProbeRun(wall, said["cpu_s"], said["peak_rss_bytes"])
