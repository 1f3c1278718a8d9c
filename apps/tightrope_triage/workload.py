"""Triage at work on the bundled phantom: what `tightrope tour` shows and `tightrope measure` times, file to result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import uid

from tightrope.app import Workload
from tightrope.artifact import Artifact
from tightrope.errors import BadInputError
from tightrope.writing import atomic_path
from tightrope_triage.dicom import display_pixels, read_dataset
from tightrope_triage.judging import Judge, Source
from tightrope_triage.reading import Reading, State
from tightrope_triage.triager import Triager

SAMPLE = Path(__file__).parent / "sample"
SYNTAXES = {
    "uncompressed": uid.ExplicitVRLittleEndian,
    "lossless JPEG": uid.JPEGLosslessSV1,
    "JPEG 2000": uid.JPEG2000Lossless,
}
Variants = dict[str, Callable[[], Any]]


def open_workload(artifact: Artifact, threads: int) -> Workload:
    """The artifact's triager with the bundled DICOM files; decoding is part of the pipeline.

    Its variants are the first of them, 2048 x 2048 pixels of 12 bits, in other transfer syntaxes, and what drawing a
    picture adds. What they need is made when they first run.

    Raises:
        BadInputError: the sample is missing from this installation.
    """
    files = sorted(SAMPLE.glob("*.dcm"))
    if not files:
        raise BadInputError(f"the bundled sample is missing: no .dcm in {SAMPLE}; reinstall tightrope")
    triager = Triager(artifact, threads)
    variants = _by_syntax(triager, files[0]) | _drawn(triager, files[0])
    return Workload(triager.pipeline, [Source(file) for file in files], _describe, variants=variants)


def _describe(reading: Reading) -> str:
    return " ".join((reading.state.value, *reading.reasons))


def _by_syntax(triager: Triager, file: Path) -> Variants:
    folder = TemporaryDirectory(prefix="tightrope-triage-")  # gone with the last of these functions

    @cache
    def recoded(syntax: str) -> Source:
        from tightrope_triage.dicom.recode import encode

        dataset = read_dataset(file)
        dataset.decompress(generate_instance_uid=False)
        target = Path(folder.name) / f"{syntax}.dcm"
        with atomic_path(target) as temporary:
            encode(dataset, syntax).save_as(temporary, enforce_file_format=True)
        return Source(target)

    def judged(syntax: str) -> Callable[[], Any]:
        return lambda: triager.pipeline(recoded(syntax))

    return {f"file to result, {name}": judged(syntax) for name, syntax in SYNTAXES.items()}


def _drawn(triager: Triager, file: Path) -> Variants:
    """The picture for the eye as --out and --heat draw it, decoding included.

    The gate refuses the phantom, and what is refused has no heat map: here it gets one, for the time that it takes.
    """

    @cache
    def reading() -> Reading:
        found = Judge(triager.artifact)(Source(file)).result
        return replace(triager.refuse(found.header, ()), state=State.ROUTINE, probability=0.5, heat=found.heat)

    def draw(heat: bool) -> NDArray[np.uint8]:
        from tightrope_triage.outputs.overlay import SEEN_PIXELS, render

        shown = reading() if heat else replace(reading(), heat=None)
        return render(display_pixels(read_dataset(file), 1, SEEN_PIXELS), shown)

    return {"picture, JPEG 2000": lambda: draw(heat=False), "picture with heat map, JPEG 2000": lambda: draw(heat=True)}
