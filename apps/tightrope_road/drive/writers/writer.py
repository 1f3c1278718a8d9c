"""What a writer of a drive is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tightrope.errors import OutputError
from tightrope_road.drive.scene import Notice, Scene
from tightrope_road.logs.log import Log


@dataclass(frozen=True)
class Manner:
    """How a drive is to be written.

    Attributes:
        stale_s: age at which an answer is not current any more, as the drive's `Limits` have it; None: that of a drive
            whose deadline is the next picture.
        points: draw the sweep's points into the pictures.
    """

    stale_s: float | None = None
    points: bool = False


AS_USUAL = Manner()


class DriveWriter(ExitStack, ABC):
    """Takes every scene and notice; made with the folder that it writes into, the log, and a `Manner`.

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
