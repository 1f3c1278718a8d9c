"""YOLO txt: a file a picture, a line an object: class, centre x, centre y, width, height, as shares of the picture.

images/<split>/a.jpg belongs to labels/<split>/a.txt; a picture without a file has no objects. A sixth column (a
score) is not read; longer lines are polygons, of which the box around is taken. The format knows no crowds. Class
names stand in a YAML file beside images/, under `names`; numbers alone would be a guess.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tightrope.errors import BadInputError, MissingExtraError
from tightrope.reading import read_text
from tightrope_road.annotations.labelled import LabelledPicture, LabelledSet, Labels, Row, checked_box, class_index
from tightrope_road.annotations.lines import read_lines
from tightrope_road.pictures import SUFFIXES


def read_yolo(root: Path, pictures: Path, labels: Path) -> LabelledSet:
    """Read a folder of pictures and the folder of their labels; `root` is where the YAML file lies.

    Raises:
        BadInputError: no pictures, no labels at all, or a malformed line, which is named.
    """
    names = read_names(root)
    files = sorted(p for p in pictures.iterdir() if p.suffix.lower() in SUFFIXES)
    if not any((labels / f"{file.stem}.txt").is_file() for file in files):
        raise BadInputError(f"no picture in {pictures} has a label file of the same name in {labels}")
    left_out: Counter[str] = Counter()
    found = [LabelledPicture(file, read_yolo_labels(labels / f"{file.stem}.txt", names, left_out)) for file in files]
    return LabelledSet("YOLO", found, left_out)


def read_yolo_labels(file: Path, names: Mapping[int, str], left_out: Counter[str]) -> Labels:
    """Read one label file; counts what the model does not know in `left_out`. Raises BadInputError."""

    def parse(columns: list[str]) -> Row | None:
        name = names.get(int(columns[0]))
        if name is None:
            raise ValueError(f"class {columns[0]}, but there are {len(names)}")
        box = _box([float(value) for value in columns[1:]])
        index = class_index(name)
        if index is None:
            left_out[name] += 1
            return None
        return Row(index, False, float("nan"), box)

    return Labels.of(read_lines(file, parse) if file.is_file() else [], relative=True)


def _box(values: list[float]) -> tuple[float, ...]:
    if len(values) in (4, 5):
        x, y, width, height = values[:4]
        return checked_box((x - width / 2, y - height / 2, x + width / 2, y + height / 2))
    if len(values) >= 6 and len(values) % 2 == 0:
        return checked_box((min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2])))
    raise ValueError(f"{len(values) + 1} columns instead of 5")


def read_names(root: Path) -> Mapping[int, str]:
    """Class names by index from the YAML file in `root` that has `names`.

    Raises:
        BadInputError: there is no such file, it is not YAML, or its names are neither a list nor a table.
        MissingExtraError: the package that reads YAML is not installed.
    """
    for file in sorted((*root.glob("*.yaml"), *root.glob("*.yml"))):
        content = _load_yaml(file)
        if not isinstance(content, dict) or "names" not in content:
            continue
        names = content["names"]
        if isinstance(names, list):
            return {index: str(name) for index, name in enumerate(names)}
        if isinstance(names, dict) and all(isinstance(index, int) for index in names):
            return {index: str(name) for index, name in names.items()}
        raise BadInputError(f'{file}: "names" is neither a list nor a table of numbers and names')
    raise BadInputError(f"{root} has no YAML file with class names; write {root / 'data.yaml'}: names: [car, person]")


def _load_yaml(file: Path) -> Any:
    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError(f"reading {file}", "val") from error
    try:
        return yaml.safe_load(read_text(file))
    except yaml.YAMLError as error:
        raise BadInputError(f"{file} is not YAML") from error
