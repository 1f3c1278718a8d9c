"""The three networks that read pictures: PP-OCRv6 (Apache-2.0), out of the `rapidocr` wheel, in our sessions.

Only the ONNX files of that wheel are used; none of its code is imported. An artifact, as
`benchmarks/camera/reader_task.py` compresses it, stands in for two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tightrope.artifact import Artifact
from tightrope.errors import MissingExtraError
from tightrope.runtime.session import Session

DETECT, CLASSIFY, RECOGNIZE = (
    "PP-OCRv6_det_small.onnx",
    "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "PP-OCRv6_rec_small.onnx",
)
CHARACTERS = "characters.txt"
"""Of an artifact: what the recognizer's outputs stand for, a line each."""


@dataclass(frozen=True)
class Models:
    """Sessions of the detector, of the classifier of upside-down text, and of the recognizer with its characters."""

    detect: Session
    classify: Session
    recognize: Session
    characters: tuple[str, ...]

    @classmethod
    def load(cls, folder: Path | None = None, threads: int = 1) -> Models:
        """The wheel's, or with the detector and the recognizer of the artifact in `folder`.

        Raises:
            MissingExtraError: the wheel is not installed.
            ArtifactError: there is no such artifact.
        """
        wheel = wheel_folder()
        classify = Session(wheel / CLASSIFY, threads)
        if folder is None:
            detect, recognize = (Session(wheel / name, threads) for name in (DETECT, RECOGNIZE))
            listed = recognize.ort.get_modelmeta().custom_metadata_map["character"]
        else:
            artifact = Artifact.load(folder)
            detect, recognize = (artifact.session(threads, name) for name in ("detect", "recognize"))
            listed = artifact.file(CHARACTERS).decode()
        return cls(detect, classify, recognize, ("", *listed.splitlines(), " "))


def wheel_folder() -> Path:
    """Where the wheel has its models. Raises MissingExtraError."""
    spec = find_spec("rapidocr")
    folder = Path(spec.origin).parent / "models" if spec is not None and spec.origin else None
    if folder is None or not (folder / RECOGNIZE).exists():
        raise MissingExtraError("reading pictures", "camera")
    return folder
