"""The detector: a picture in, detections and stage times out.

detector = Detector.load("nanodet-416-int8")
answer = detector(cv2.imread("street.jpg"))
answer.result, answer.times.total_ms
"""

from __future__ import annotations

from typing import Literal

from tightrope.artifact import Artifact
from tightrope.models import open_artifact
from tightrope.runtime.clock import Clock
from tightrope.runtime.pipeline import Answer, Pipeline
from tightrope_road.decode import Decode
from tightrope_road.detections import Detections
from tightrope_road.labels import ROAD
from tightrope_road.preprocess import Letterbox, Picture, Preprocess, takes_any_size

Classes = Literal["road", "all"]


class Detector:
    """An artifact of the road app as a callable.

    If its graph takes pictures of any size (pass `free-sides`), it gets no more padding than a picture needs.

    Args:
        artifact: the model with its constants.
        threads: cores that the model may use.
        score: smallest score reported.
        classes: the road classes, or all 80 of COCO.
        max_detections: largest number of boxes a picture.
        clock: where the stage times come from.
    """

    def __init__(
        self,
        artifact: Artifact,
        threads: int = 1,
        score: float = 0.3,
        classes: Classes = "road",
        max_detections: int = 100,
        clock: Clock | None = None,
    ) -> None:
        manifest = artifact.manifest
        selection = ROAD if classes == "road" else None
        session = artifact.session(threads)
        multiple = max(manifest.postprocess["strides"]) if takes_any_size(session) else None
        self.artifact = artifact
        self.pipeline: Pipeline[Picture, Letterbox, Detections] = Pipeline(
            Preprocess(manifest.preprocess, multiple),
            session,
            Decode(manifest.postprocess, manifest.labels, score, selection, max_detections),
            clock,
        )

    @classmethod
    def load(
        cls, model: str, threads: int = 1, score: float = 0.3, classes: Classes = "road", max_detections: int = 100
    ) -> Detector:
        """Open a shipped artifact by name, or any by its folder. Raises ArtifactError if there is none."""
        return cls(open_artifact("road", model), threads, score, classes, max_detections)

    def __call__(self, picture: Picture) -> Answer[Detections]:
        """Detect in a BGR picture, uint8 [h, w, 3]."""
        return self.pipeline(picture)
