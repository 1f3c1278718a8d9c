"""The class of each file: from the folder it lies in, a CSV or a COCO file."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tightrope.compress.own.files import split_folders
from tightrope.errors import BadInputError

_FILE_COLUMNS, _LABEL_COLUMNS = ("file", "filename", "image", "path"), ("label", "class", "category")


@dataclass(frozen=True)
class Labels:
    """The class of each file as the number of an output.

    Attributes:
        folder: that the names in `numbers` start from.
        numbers: class by file name, with '/' between folders.
        classes: names by number.
        origin: where that comes from, in words.
    """

    folder: Path
    numbers: Mapping[str, int]
    classes: tuple[str, ...]
    origin: str

    def of(self, file: Path) -> int | None:
        """The file's class; None: it has none."""
        return self.numbers.get(file.relative_to(self.folder).as_posix(), self.numbers.get(file.name))


def read_labels(folder: Path, file: Path | None, names: Path | None) -> Labels | None:
    """The labels of a data folder; None: its files lie in fewer than two subfolders, and no labels were given.

    Args:
        file: CSV (file,label) or COCO JSON; None: the subfolders are the classes.
        names: text file with a class a line, in the order of the graph's outputs; None: in alphabetical order (of
            whole numbers: they are the numbers of the outputs; of COCO: in the order of the categories' ids).

    Raises:
        BadInputError: a file cannot be read, is neither, or names a class that `names` lacks.
    """
    given = _read_lines(names) if names else None
    if file is None:
        return _of_folders(folder, given)
    pairs, order = _read_coco(file) if file.suffix.lower() == ".json" else _read_csv(file)
    if not any((folder / name).is_file() for name in pairs) and not any(f.name in pairs for f in folder.rglob("*")):
        raise BadInputError(f"none of the files that {file} names, such as {next(iter(pairs))}, lies in {folder}")
    if given is None and order is None and all(label.isdigit() for label in pairs.values()):
        numbers = {name: int(label) for name, label in pairs.items()}
        return Labels(folder, numbers, tuple(map(str, range(max(numbers.values()) + 1))), f"numbers in {file.name}")
    return _numbered(folder, pairs, given or order, file.name)


def _of_folders(folder: Path, given: tuple[str, ...] | None) -> Labels | None:
    places = list(split_folders(folder).values()) or [folder]
    pairs = {
        file.relative_to(folder).as_posix(): file.relative_to(place).parts[0]
        for place in places
        for file in place.rglob("*")
        if file.is_file() and file.parent != place
    }
    # One folder is where the pictures lie, and tells nothing apart.
    return _numbered(folder, pairs, given, "subfolders") if len(set(pairs.values())) > 1 else None


def _numbered(folder: Path, pairs: Mapping[str, str], order: tuple[str, ...] | None, origin: str) -> Labels:
    classes = order or tuple(sorted(set(pairs.values())))
    if unknown := sorted(set(pairs.values()) - set(classes)):
        raise BadInputError(f"{origin}: the class {unknown[0]!r} is not among the {len(classes)} that were named")
    number = {name: index for index, name in enumerate(classes)}
    return Labels(folder, {file: number[label] for file, label in pairs.items()}, classes, origin)


def _read_csv(file: Path) -> tuple[dict[str, str], None]:
    rows = [[cell.strip() for cell in row] for row in csv.reader(_read_text(file).splitlines()) if row]
    head = [cell.lower() for cell in rows[0]] if rows else []
    columns = [next((head.index(name) for name in names if name in head), None) for names in _COLUMNS]
    if None not in columns:
        rows = rows[1:]
    first, second = (place if None not in columns else index for index, place in enumerate(columns))
    assert first is not None
    assert second is not None
    pairs = {row[first]: row[second] for row in rows if len(row) > max(first, second)}
    if not pairs:
        raise BadInputError(f"{file} has no rows of file,label")
    return pairs, None


_COLUMNS = (_FILE_COLUMNS, _LABEL_COLUMNS)


def _read_coco(file: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """Pictures whose annotations are all of one category, and the categories by id."""
    try:
        body = json.loads(_read_text(file))
        categories = {entry["id"]: str(entry["name"]) for entry in sorted(body["categories"], key=lambda c: c["id"])}
        names = {entry["id"]: str(entry["file_name"]) for entry in body["images"]}
        found: dict[str, set[Any]] = {}
        for entry in body["annotations"]:
            found.setdefault(names[entry["image_id"]], set()).add(entry["category_id"])
        pairs = {name: categories[next(iter(kinds))] for name, kinds in found.items() if len(kinds) == 1}
    except (KeyError, TypeError, ValueError) as error:
        raise BadInputError(f"{file} is not COCO JSON with images, annotations and categories") from error
    if not pairs:
        raise BadInputError(f"{file}: no picture has annotations of one category only")
    return pairs, tuple(categories.values())


def _read_lines(file: Path) -> tuple[str, ...]:
    return tuple(line.strip() for line in _read_text(file).splitlines() if line.strip())


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInputError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInputError(f"{file} is not UTF-8 text") from error
