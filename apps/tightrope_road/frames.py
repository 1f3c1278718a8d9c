"""A frame: one picture and where it came from; and what a source of frames is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from tightrope_road.preprocess import Picture


@dataclass(frozen=True)
class Frame:
    """One picture and where it came from.

    Attributes:
        source: what the user named: a file's path, a camera, an address (without its password).
        stem: short name of the source for output files, unique within a run.
        index: number of the frame in its source, from 0.
        seconds: when it was captured: media time in a video file; the monotonic clock at the grab of a live frame;
            0 for a picture file.
        picture: uint8 [h, w, 3], BGR.
        fps: frames a second of a video or live source; None for a picture file.
        live: from a camera or stream, where frames may be missing in between.
    """

    source: str
    stem: str
    index: int
    seconds: float
    picture: Picture
    fps: float | None = None
    live: bool = False

    @property
    def name(self) -> str:
        """Unique within a run: the stem of a picture; of a video the stem and the number of the frame."""
        return self.stem if self.fps is None else f"{self.stem}-{self.index:06d}"

    def __str__(self) -> str:
        return self.source if self.fps is None else f"{self.source} #{self.index}"


class Source(Protocol):
    """Something that frames come from. Nothing is opened before it is iterated.

    Iterating raises BadInputError if it cannot be read or ends before its time; the frames until then are good.
    """

    @property
    def name(self) -> str:
        """What the user named, as in `Frame.source`."""

    @property
    def live(self) -> bool:
        """Whether frames come no matter if anybody is ready for them."""

    def __iter__(self) -> Iterator[Frame]: ...
