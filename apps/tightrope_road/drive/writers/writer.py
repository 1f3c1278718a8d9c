"""What a writer of a drive is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack
from pathlib import Path

from tightrope.errors import OutputError
from tightrope_road.drive.scene import Notice, Scene
from tightrope_road.logs.log import Log


class DriveWriter(ExitStack, ABC):
    """Takes every scene and notice; made with the folder that it writes into and the log.

    A context: its end completes the files in progress, its end by an exception removes them.
    """

    @abstractmethod
    def write(self, told: Scene | Notice) -> None:
        """Raises OutputError if it cannot be written."""


def not_the_log(target: Path, log: Log) -> Path:
    """`target`, unless it is the recording that is being read. Raises OutputError then."""
    if target.exists() and Path(log.name).exists() and target.samefile(log.name):
        raise OutputError(f"{target} would replace the recording that it is made from; choose another --out")
    return target
