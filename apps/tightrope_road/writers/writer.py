"""What a writer is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack

from tightrope.runtime.pipeline import Answer
from tightrope_road.detections import Detections
from tightrope_road.frames import Frame


class Writer(ExitStack, ABC):
    """Takes every frame of a run with its answer; made with the folder that it writes into.

    A context: its end completes the files in progress, its end by an exception removes them. A subclass enters what
    it opens into itself.
    """

    @abstractmethod
    def write(self, frame: Frame, answer: Answer[Detections]) -> None:
        """Raises OutputError if it cannot be written."""
