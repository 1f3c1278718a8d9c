"""What a user may name as a source: picture, folder, glob, video file, camera index, stream address.

    for source in find_sources(["drive/image_02", "rain.mp4"]):
        for frame in source:
            print(frame.name, frame.picture.shape)

A socket is opened for an address (rtsp://, http://, ...) and for nothing else.
"""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from tightrope.errors import BadInputError
from tightrope.interrupt import Stop
from tightrope_road.frames import Frame, Source
from tightrope_road.pictures import SUFFIXES as PICTURES
from tightrope_road.pictures import read_picture
from tightrope_road.stream import SCHEMES, camera, network_stream
from tightrope_road.video import SUFFIXES as VIDEOS
from tightrope_road.video import VideoFile


class PictureFile:
    """One picture file."""

    live = False

    def __init__(self, path: Path, stem: str) -> None:
        self.name = str(path)
        self._path, self._stem = path, stem

    def __iter__(self) -> Iterator[Frame]:
        yield Frame(self.name, self._stem, 0, 0.0, read_picture(self._path))


class Unusable:
    """A source of which it is known beforehand that it gives nothing. It says why in its turn, as the others do."""

    live = False

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        self._why = why

    def __iter__(self) -> Iterator[Frame]:
        raise BadInputError(f"{self.name} {self._why}")


def find_sources(arguments: Sequence[str], stop: Stop) -> list[Source]:
    """The sources that these arguments name, in order; folders and globs sorted by name.

    A folder gives the pictures and videos right inside it, without hidden files. Of two files with the same stem the
    later one is told apart in outputs: 'street', 'street-2'. Nothing raises here: a source that is missing or empty
    raises BadInputError when it is iterated, so that one of many does not stop the others.
    """
    unique = _UniqueStems()
    return [source for argument in arguments for source in _expand(argument, unique, stop)]


def _expand(argument: str, unique: Callable[[str], str], stop: Stop) -> list[Source]:
    path = Path(argument)
    if "://" in argument:
        return [_stream(argument, unique, stop)]
    if path.is_dir():
        files = (p for p in path.iterdir() if not p.name.startswith(".") and p.suffix.lower() in PICTURES | VIDEOS)
        return _files(files, unique) or [Unusable(argument, "is a folder without pictures or videos")]
    if path.exists():
        return _files([path], unique)
    if argument.isascii() and argument.isdigit():
        return [camera(int(argument), unique, stop)]
    if not glob.has_magic(argument):
        return [Unusable(argument, "does not exist")]
    # Path.glob takes no absolute pattern.
    files = (p for p in map(Path, glob.glob(argument, recursive=True)) if p.is_file())  # noqa: PTH207
    return _files(files, unique) or [Unusable(argument, "matches no file")]


def _stream(address: str, unique: Callable[[str], str], stop: Stop) -> Source:
    if address.partition("://")[0].lower() not in SCHEMES:
        return Unusable(address, f"has a scheme that is not supported; there are {', '.join(SCHEMES)}")
    try:
        return network_stream(address, unique, stop)
    except ValueError:
        return Unusable(address, "is not a well-formed address")


def _files(paths: Iterable[Path], unique: Callable[[str], str]) -> list[Source]:
    return [(VideoFile if p.suffix.lower() in VIDEOS else PictureFile)(p, unique(p.stem)) for p in sorted(paths)]


class _UniqueStems:
    """Gives every source of a run a stem of its own."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def __call__(self, stem: str) -> str:
        candidate = stem
        while candidate in self._seen:
            self._seen[stem] += 1
            candidate = f"{stem}-{self._seen[stem]}"
        self._seen[candidate] += 1
        return candidate
