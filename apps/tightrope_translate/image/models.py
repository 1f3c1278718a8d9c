"""The three networks that read pictures: PP-OCRv6 (Apache-2.0), out of the `rapidocr` wheel, in our sessions.

Only the ONNX files of that wheel are used; none of its code is imported. An artifact, as
`benchmarks/camera/reader_task.py` compresses it, stands in for the detector, the recognizer, or both.
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
        """The wheel's; the detector and the recognizer out of the artifact in `folder` as far as that has them.

        Raises:
            MissingExtraError: the wheel is not installed.
            ArtifactError: there is no such artifact.
        """
        wheel = wheel_folder()
        classify = Session(wheel / CLASSIFY, threads)
        artifact = None if folder is None else Artifact.load(folder)
        ours = () if artifact is None else artifact.manifest.graphs
        detect, recognize = (
            artifact.session(threads, name) if artifact is not None and name in ours else Session(wheel / file, threads)
            for name, file in (("detect", DETECT), ("recognize", RECOGNIZE))
        )
        if artifact is None:
            listed = recognize.ort.get_modelmeta().custom_metadata_map["character"]
        else:
            listed = artifact.file(CHARACTERS).decode()
        return cls(detect, classify, recognize, ("", *listed.splitlines(), " "))


def wheel_folder() -> Path:
    """Where the wheel has its models. Raises MissingExtraError."""
    spec = find_spec("rapidocr")
    folder = Path(spec.origin).parent / "models" if spec is not None and spec.origin else None
    if folder is None or not (folder / RECOGNIZE).exists():
        raise MissingExtraError("reading pictures", "camera")
    return folder
