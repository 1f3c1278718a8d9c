"""NAME.png of every picture of the log, drawn as the video's frames are, without the loss of a video."""

from __future__ import annotations

from pathlib import Path

import cv2

from tightrope.writing import write_bytes
from tightrope_road.drive.scene import Notice, Scene
from tightrope_road.drive.writers.writer import AS_USUAL, DriveWriter, Manner
from tightrope_road.logs.log import Log


class ImageWriter(DriveWriter):
    """Writes a PNG a scene, into a folder of their own: a log may be a folder of PNG files with the same names."""

    def __init__(self, folder: Path, log: Log, manner: Manner = AS_USUAL) -> None:
        super().__init__()
        self._folder, self._points = folder / "pictures", manner.points

    def write(self, told: Scene | Notice) -> None:
        if isinstance(told, Scene):
            encoded = cv2.imencode(".png", told.draw(self._points))[1]
            write_bytes(self._folder / f"{told.moment.shot.name}.png", encoded.tobytes())
