"""Files that a person names: what is wrong with one is told in a line.

text = read_text(path)
with readable(path):
    data = path.read_bytes()
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tightrope.errors import BadInputError


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """What the system says against reading `path` in the block becomes a BadInputError that names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise BadInputError(f"{path} does not exist") from error
    except OSError as error:
        raise BadInputError(f"cannot read {path}: {error.strerror or error}") from error


def read_text(path: Path) -> str:
    """The content of a UTF-8 file.

    Raises:
        BadInputError: it is missing, cannot be read or is not text.
    """
    try:
        with readable(path):
            return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadInputError(f"{path} is not text") from error
