"""Label files of one object a line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tightrope.errors import BadInputError
from tightrope_road.annotations.labelled import Row


def read_lines(file: Path, parse: Callable[[list[str]], Row | None]) -> list[Row]:
    """What `parse` makes of the columns of each line, without blank lines and those for which it returns None.

    Raises:
        BadInputError: the file cannot be read, is not text, or `parse` raised ValueError; names the line.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadInputError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInputError(f"{file} is not text") from error
    rows = []
    for number, line in enumerate(lines, 1):
        columns = line.split()
        try:
            row = parse(columns) if columns else None
        except ValueError as error:
            raise BadInputError(f"{file}, line {number}: {error}") from error
        if row is not None:
            rows.append(row)
    return rows
