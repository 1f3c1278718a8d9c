"""What `--out` writes of a drive: JSON lines, a video, pictures, an MCAP file; each appears whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tightrope_road.drive.writers.image import ImageWriter
from tightrope_road.drive.writers.jsonl import JsonLinesWriter
from tightrope_road.drive.writers.video import VideoWriter
from tightrope_road.drive.writers.writer import AS_USUAL, DriveWriter, Manner
from tightrope_road.logs.log import Log
from tightrope_road.writers.formats import parse_names

__all__ = ["FORMATS", "DriveWriter", "Manner", "open_writers", "parse_formats"]


def _mcap(folder: Path, log: Log, manner: Manner) -> DriveWriter:
    from tightrope_road.drive.writers.mcap import McapWriter

    return McapWriter(folder, log, manner)


FORMATS: Mapping[str, Callable[[Path, Log, Manner], DriveWriter]] = {
    "jsonl": JsonLinesWriter,
    "video": VideoWriter,
    "image": ImageWriter,
    "mcap": _mcap,
}


def parse_formats(text: str) -> tuple[str, ...]:
    """'jsonl,mcap' to names of FORMATS. Raises BadInputError for an unknown one, or none."""
    return parse_names(text, FORMATS)


@contextmanager
def open_writers(
    folder: Path | None, formats: Sequence[str], log: Log, manner: Manner = AS_USUAL
) -> Iterator[Sequence[DriveWriter]]:
    """Writers into `folder`; none where it is None."""
    with ExitStack() as stack:
        yield [stack.enter_context(FORMATS[name](folder, log, manner)) for name in formats] if folder else ()
