"""Label files of one object a line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tightrope.errors import BadInputError
from tightrope.reading import read_text
from tightrope_road.annotations.labelled import Row


def read_lines(file: Path, parse: Callable[[list[str]], Row | None]) -> list[Row]:
    """What `parse` makes of the columns of each line, without blank lines and those for which it returns None.

    Raises:
        BadInputError: the file cannot be read, is not text, or `parse` raised ValueError; names the line.
    """
    rows = []
    for number, line in enumerate(read_text(file).splitlines(), 1):
        columns = line.split()
        try:
            row = parse(columns) if columns else None
        except ValueError as error:
            raise BadInputError(f"{file}, line {number}: {error}") from error
        if row is not None:
            rows.append(row)
    return rows
