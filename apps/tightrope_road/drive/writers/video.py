"""drive.mp4: every picture of the log with what was known of it, and the street from above."""

from __future__ import annotations

from pathlib import Path

from tightrope_road.drive.scene import Notice, Scene
from tightrope_road.drive.writers.writer import AS_USUAL, DriveWriter, Manner, not_the_log
from tightrope_road.logs.log import Log
from tightrope_road.writers.video import VideoFile


class VideoWriter(DriveWriter):
    """Writes a frame a scene; a change of the state shows in the next one."""

    def __init__(self, folder: Path, log: Log, manner: Manner = AS_USUAL) -> None:
        super().__init__()
        self._points = manner.points
        self._target, self._fps = not_the_log(folder / "drive.mp4", log), 1 / log.period_s
        self._video: VideoFile | None = None

    def write(self, told: Scene | Notice) -> None:
        if isinstance(told, Notice):
            return
        drawn = told.draw(self._points)
        if self._video is None:
            size = (drawn.shape[1] // 2 * 2, drawn.shape[0] // 2 * 2)  # MPEG-4 has whole pairs of rows and columns
            self._video = self.enter_context(VideoFile(self._target, self._fps, size))
        self._video.write(drawn)
