"""What `--out` can write: one file a format, all of them atomic.

A file appears whole or not at all. Files of single pictures appear as they are done; those of a whole run (JSON lines,
COCO JSON, a video) when it ends, also when Ctrl-C ends it, and then hold what was done until then. An error, such as
a full disk, removes what is in progress and keeps what was complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tightrope_road.writers.annotated import AnnotatedWriter
from tightrope_road.writers.coco import CocoWriter
from tightrope_road.writers.formats import parse_names
from tightrope_road.writers.jsonl import JsonLinesWriter
from tightrope_road.writers.kitti import KittiWriter
from tightrope_road.writers.writer import Writer
from tightrope_road.writers.yolo import YoloWriter

__all__ = ["FORMATS", "Writer", "open_writers", "parse_formats"]

FORMATS: Mapping[str, Callable[[Path], Writer]] = {
    "image": AnnotatedWriter,
    "jsonl": JsonLinesWriter,
    "coco": CocoWriter,
    "kitti": KittiWriter,
    "yolo": YoloWriter,
}


def parse_formats(text: str) -> tuple[str, ...]:
    """'image,coco' to names of FORMATS. Raises BadInputError for an unknown one, or none."""
    return parse_names(text, FORMATS)


@contextmanager
def open_writers(folder: Path | None, formats: Sequence[str]) -> Iterator[Sequence[Writer]]:
    """Writers into `folder`; none where it is None. Nothing is made before the first frame comes."""
    with ExitStack() as stack:
        yield [stack.enter_context(FORMATS[name](folder)) for name in formats] if folder else ()
