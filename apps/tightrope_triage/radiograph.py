"""One radiograph as it came out of a DICOM object: who and what it is, and the pixels that the model judges."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def readable(path: Path) -> str:
    """The path as text that can be printed and written: Linux allows names that are no UTF-8, and their odd bytes
    become backslash escapes.
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


@dataclass(frozen=True)
class Header:
    """What the object says of itself. None where it says nothing; nothing is guessed.

    Attributes:
        frame, frames: the frame that was read, from 1, and how many there are.
        view: VA code as the object has it, upper case: 'PA', 'AP', 'LL', ...
        body_part: upper case, as the object has it.
        age_years: from PatientAge, or from birth and study date.
        spacing_mm: between rows, between columns, of the upright picture.
        size_mm: height and width of the whole upright picture, by its spacing.
        intent: 'FOR PRESENTATION' or, raw from the detector, 'FOR PROCESSING'.
    """

    path: Path | None
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    transfer_syntax_uid: str
    modality: str
    frame: int = 1
    frames: int = 1
    patient_id: str = ""
    view: str | None = None
    body_part: str | None = None
    age_years: float | None = None
    sex: str | None = None
    spacing_mm: tuple[float, float] | None = None
    size_mm: tuple[float, float] | None = None
    intent: str | None = None

    @classmethod
    def of_picture(cls, path: Path | None = None, view: str | None = None, age_years: float | None = None) -> Header:
        """Of a picture that is no DICOM object: without identifiers, with what is known of it otherwise."""
        return cls(path, "", "", "", "", "", "", view=view, age_years=age_years)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; the path as a string, or None."""
        return {**asdict(self), "path": None if self.path is None else readable(self.path)}


@dataclass(frozen=True, eq=False)
class Radiograph:
    """A decoded frame.

    Attributes:
        pixels: float32 [H, W], linear in what the detector measured: decoded, modality LUT or rescale applied,
            MONOCHROME1 inverted last, so that bright is dense; upright by its header. No VOI LUT: that is for the eye.
    """

    header: Header
    pixels: NDArray[np.float32]
