"""Peak resident memory of a process that only runs the artifact."""

from __future__ import annotations

from tightrope.app import App
from tightrope.artifact import Artifact
from tightrope.measure.process import run_probe


def peak_rss_mb(app: App | None, artifact: Artifact, threads: int = 1, runs: int = 5) -> float:
    """Peak resident set in MB (10^6 bytes) of a new process: interpreter, libraries, graph, arena and samples.

    Raises ArtifactError if the artifact does not run.
    """
    return run_probe(app, artifact, runs, threads).peak_rss_bytes / 1e6
