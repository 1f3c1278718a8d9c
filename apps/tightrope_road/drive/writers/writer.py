"""What a writer of a drive is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack

from tightrope_road.drive.scene import Notice, Scene


class DriveWriter(ExitStack, ABC):
    """Takes every scene and notice; made with the folder that it writes into and the log.

    A context: its end completes the files in progress, its end by an exception removes them.
    """

    @abstractmethod
    def write(self, told: Scene | Notice) -> None:
        """Raises OutputError if it cannot be written."""
