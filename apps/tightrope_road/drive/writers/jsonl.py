"""JSON lines: drive.jsonl, an object a scene or a change of the state."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path

from tightrope_road.drive.scene import Notice, Scene
from tightrope_road.drive.writers.writer import AS_USUAL, DriveWriter, Manner
from tightrope_road.logs.log import Log
from tightrope_road.writers.streamed import StreamedFile


class JsonLinesWriter(DriveWriter):
    """Writes `to_dict` of everything."""

    def __init__(self, folder: Path, log: Log, manner: Manner = AS_USUAL) -> None:
        super().__init__()
        self._folder = folder

    @cached_property
    def _file(self) -> StreamedFile:
        return self.enter_context(StreamedFile(self._folder / "drive.jsonl"))

    def write(self, told: Scene | Notice) -> None:
        self._file.write(json.dumps(told.to_dict()) + "\n")
