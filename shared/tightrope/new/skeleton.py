"""Write a new app from the template beside this file.

The template's files end in .tmpl; `$name`, `$package` and `$title` stand for what the app is called. What it makes is a
whole app: it trains, compresses, runs, has a demo tab, and passes its own test.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from tightrope.app import find_apps
from tightrope.errors import ConfigError, OutputError
from tightrope.writing import write_text

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable  # of Python 3.11 and newer

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_RESERVED = ("own",)
_SUFFIX = ".tmpl"


@dataclass(frozen=True)
class Skeleton:
    """A new app: its name on the command line, its Python package, its folder and the files in it."""

    name: str
    package: str
    folder: Path
    files: tuple[Path, ...]


def make_app(name: str, into: Path, commands: tuple[str, ...] = ()) -> Skeleton:
    """Make the folder `into`/`name` with the app in it.

    Args:
        name: lower case; words joined by '-'.
        into: an existing folder, or one to be made.
        commands: of the command line, which no app may be called like.

    Raises:
        ConfigError: the name cannot be one, or is taken.
        OutputError: the folder is there already, or cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"an app's name is lower case letters, digits and '-', such as leaf-scan; not {name!r}")
    package = f"tightrope_{name.replace('-', '_')}"
    if name in (*find_apps(), *commands, *_RESERVED) or find_spec(package):
        raise ConfigError(f"there is a {name!r} already, as an app, a command or the package {package}")
    folder = into / name
    if folder.exists():
        raise OutputError(f"{folder} is there already, and nothing is overwritten; choose another name or --into")
    words = {"name": name, "package": package, "title": name.replace("-", " ").capitalize()}
    try:
        written = [_write(source, folder / place, words) for source, place in _template(package)]
    except OutputError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Skeleton(name, package, folder, tuple(written))


def _template(package: str) -> Iterator[tuple[Traversable, str]]:
    """The template's files, and where each goes."""
    root = files(__package__) / "template"
    for place, target in (("", ""), ("package", f"{package}/"), ("tests", "tests/")):
        folder = root / place if place else root
        for source in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if source.name.endswith(_SUFFIX):
                yield source, target + source.name.removesuffix(_SUFFIX)


def _write(source: Traversable, target: Path, words: dict[str, str]) -> Path:
    write_text(target, Template(source.read_text(encoding="utf-8")).substitute(words))
    return target
