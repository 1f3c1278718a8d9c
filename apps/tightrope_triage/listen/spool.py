"""The files of received objects and of results: durable before they are named in the worklist.

>>> draft = Spool(folder).draft()         # a temporary name
>>> draft.write(data)
>>> name = draft.keep()                   # on disk under its own name, whatever happens next   # doctest: +SKIP

Names are random: nothing that a peer says is ever part of a path.
"""

from __future__ import annotations

import contextlib
import os
import uuid
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tightrope.errors import OutputError

_DRAFT, _KEPT = ".part", ".dcm"


class Draft:
    """A file that is being written; it vanishes unless it is kept."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: BinaryIO = path.open("xb")
        # Whichever way an association breaks, the file goes with the last reference to it.
        self._vanish = weakref.finalize(self, _discard, self._handle, path)

    def write(self, data: bytes) -> None:
        """Raises OSError, such as on a full disk."""
        self._handle.write(data)

    def flush(self) -> None:
        """Make what was written readable at `path`. Raises OSError."""
        self._handle.flush()

    def keep(self) -> str:
        """Sync the file, give it its name, sync the folder; the name. Raises OSError."""
        self._handle.flush()
        os.fsync(self._handle.fileno())
        self._handle.close()
        kept = self.path.with_suffix(_KEPT)
        self.path.rename(kept)
        self._vanish.detach()
        sync_folder(kept.parent)
        return kept.name

    def drop(self) -> None:
        """Remove the file, unless it was kept."""
        self._vanish()


class Spool:
    """A folder of such files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.draft().drop()
        except OSError as error:
            raise OutputError(f"cannot write into {folder}: {error.strerror or error}") from error

    def draft(self) -> Draft:
        """A new file. Raises OSError."""
        return Draft(self.folder / f"{uuid.uuid4().hex}{_DRAFT}")

    def path(self, name: str) -> Path:
        return self.folder / name

    def remove(self, name: str) -> None:
        """Remove a kept file; nothing if it is gone already."""
        self.path(name).unlink(missing_ok=True)

    def clear_drafts(self) -> None:
        """Remove what a killed process was writing: none of it was acknowledged."""
        for path in self.folder.glob(f"*{_DRAFT}"):
            path.unlink(missing_ok=True)

    def kept(self) -> Iterator[str]:
        """The names of all kept files."""
        return (path.name for path in self.folder.glob(f"*{_KEPT}"))


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable; a no-op where folders cannot be opened, as on Windows."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _discard(handle: BinaryIO, path: Path) -> None:
    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # what was buffered may not fit on the disk, and is not wanted
        handle.close()
