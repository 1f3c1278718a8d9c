"""Triage at work on the bundled phantom: what `tightrope tour` shows and `tightrope measure` times, file to result."""

from __future__ import annotations

from pathlib import Path

from tightrope.app import Workload
from tightrope.artifact import Artifact
from tightrope.errors import BadInputError
from tightrope_triage.reading import Reading
from tightrope_triage.triager import Source, Triager

SAMPLE = Path(__file__).parent / "sample"


def open_workload(artifact: Artifact, threads: int) -> Workload:
    """The artifact's triager with the bundled DICOM files; decoding is part of the pipeline.

    Raises:
        BadInputError: the sample is missing from this installation.
    """
    files = sorted(SAMPLE.glob("*.dcm"))
    if not files:
        raise BadInputError(f"the bundled sample is missing: no .dcm in {SAMPLE}; reinstall tightrope")
    return Workload(Triager(artifact, threads).pipeline, [Source(file) for file in files], _describe)


def _describe(reading: Reading) -> str:
    return " ".join((reading.state.value, *reading.reasons))
