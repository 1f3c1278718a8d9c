"""What the tab does with one picture: detect, keep what is sure enough, draw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape

import cv2

from tightrope.demo.cockpit import Cockpit
from tightrope.demo.pictures import Upload
from tightrope.demo.session import Session
from tightrope_road.detections import Detections
from tightrope_road.detector import Classes, Detector
from tightrope_road.pictures import decode_picture
from tightrope_road.preprocess import Picture
from tightrope_road.workload import SAMPLE

LEAST_SCORE = 0.3
_LISTED = 25


@dataclass(frozen=True)
class Wanted:
    """Which boxes are shown: the road's classes or all of COCO's, from this score on."""

    classes: Classes = "road"
    score: float = LEAST_SCORE


@lru_cache(maxsize=6)
def detector(model: str, classes: Classes, threads: int) -> Detector:
    """Opened once and warmed up: the first run of a session allocates its memory."""
    opened = Detector.load(model, threads, LEAST_SCORE, classes)
    opened(decode_picture(drive_frame(0).data, "the bundled drive"))
    return opened


def drive_frames() -> int:
    """How many pictures the bundled drive has."""
    return len(list(SAMPLE.glob("*.jpg")))


def drive_frame(number: int) -> Upload:
    """A picture of the bundled drive, from 0; the nearest one for a number beyond its ends."""
    files = sorted(SAMPLE.glob("*.jpg"))
    return Upload.read(files[min(max(number, 0), len(files) - 1)])


def see(picture: Picture, wanted: Wanted, cockpit: Cockpit, session: Session) -> Detections:
    """Detect in a BGR picture, uint8 [h, w, 3], on this session's rung and meter; best first."""
    found = opened(wanted, cockpit, session)
    return sure_enough(cockpit.timed(session, lambda: found(picture)).result, wanted.score)


def opened(wanted: Wanted, cockpit: Cockpit, session: Session) -> Detector:
    """The detector of this session's rung and profile."""
    return detector(str(cockpit.artifact(session).path), wanted.classes, cockpit.budget(session).threads)


def sure_enough(detections: Detections, score: float) -> Detections:
    """Only the boxes of at least this score."""
    kept = detections.scores >= score
    return replace(
        detections, boxes=detections.boxes[kept], scores=detections.scores[kept], classes=detections.classes[kept]
    )


def decoded(upload: Upload) -> Picture:
    """BGR, uint8 [h, w, 3], upright. Raises BadInputError if it is no picture, damaged, or too large."""
    return decode_picture(upload.data, upload.name)


def drawn(picture: Picture, detections: Detections, long_side: int) -> Picture:
    """The picture with its boxes, scaled down so that lines and letters keep their size on the page."""
    scale = min(1.0, long_side / max(picture.shape[:2]))
    if scale == 1:
        return detections.draw(picture)
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return replace(detections, boxes=detections.boxes * scale, size=size).draw(small)


def in_a_line(detections: Detections) -> str:
    """HTML, such as '3 cars, 1 person', for eyes and for screen readers."""
    return f"<p><b>{escape(str(detections))}</b></p>"


def in_a_table(detections: Detections) -> str:
    """HTML: a row for each of the best boxes."""
    rows = "".join(
        f"<tr><td>{escape(detections.names[int(kind)])}</td><td>{score:.2f}</td>"
        f"<td>{', '.join(f'{edge:.0f}' for edge in box)}</td></tr>"
        for box, score, kind in list(zip(detections.boxes, detections.scores, detections.classes, strict=True))[
            :_LISTED
        ]
    )
    head = "<tr><th>class</th><th>score</th><th>left, top, right, bottom</th></tr>"
    return f'<div class="scroll"><table>{head}{rows}</table></div>'
