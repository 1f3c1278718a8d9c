"""The demo as a Space of a Hugging Face hub: a folder with all that it runs on, the shipped artifacts included.

>>> write_space(Path("space"), ["road"])                           # doctest: +SKIP

https://huggingface.co/docs/hub/spaces-config-reference
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distribution, entry_points
from pathlib import Path

from tightrope.app import GROUP, App, find_app
from tightrope.artifact import CARD
from tightrope.errors import ConfigError, MissingExtraError, OutputError
from tightrope.hub.client import Parcel, check_repo
from tightrope.models import app_models
from tightrope.writing import write_text

APP_FILE = "app.py"
_CORE = "tightrope"
_LICENCES = ("LICENSE", "NOTICE")
# Of Debian, for OpenCV: the name is the one that its current and its previous release both know.
_SYSTEM = ("libgl1", "libglib2.0-0")
_UNUSED = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "models")


@dataclass(frozen=True)
class _Part:
    """An installed app: what it is, and in which package of which distribution it lies."""

    app: App
    reference: str
    package: str
    owner: Distribution

    @classmethod
    def of(cls, name: str) -> _Part:
        app = find_app(name)
        if app.demo is None:
            raise ConfigError(f"{name} has no demo")
        (entry,) = entry_points(group=GROUP, name=name)
        return cls(app, entry.value, entry.module.partition(".")[0], _owner(entry))


def write_space(folder: Path, names: Sequence[str], title: str = "Tightrope", models: Sequence[str] = ()) -> list[Path]:
    """Write app.py, README.md, requirements.txt, packages.txt, the packages and their artifacts; gives the files.

    Args:
        folder: a new one.
        names: installed apps with a demo; a tab each, in this order.
        models: repositories on the hub, 'owner/name', that the page is to be linked with.

    Raises:
        ConfigError: there is no such app, or it has no demo.
        BadInputError: one of `models` is no repository's name.
        MissingExtraError: Gradio is not installed: its version is the Space's.
        OutputError: the folder is there already, or cannot be written.
    """
    parts = [_Part.of(name) for name in names]
    for repo in models:
        check_repo(repo)
    if folder.exists():
        raise OutputError(f"{folder} is there already, and nothing is overwritten; choose another --out")
    try:
        _copy(parts, folder)
        for name, text in _texts(parts, title, models).items():
            write_text(folder / name, text)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise OutputError(f"cannot write {folder}: {error.strerror or error}") from error
    return _files(folder)


@contextmanager
def space_parcel(repo: str, folder: Path) -> Iterator[Parcel]:
    """A Space's folder as it would be sent: all of it but caches and hidden files. Nothing is sent.

    Raises:
        BadInputError: no such name of a repository.
        ConfigError: the folder is no Space.
    """
    check_repo(repo)
    card = folder / CARD
    if not (folder / APP_FILE).is_file() or not card.is_file() or "\nsdk: " not in card.read_text(encoding="utf-8"):
        raise ConfigError(f"{folder} is no Space; `tightrope space --out FOLDER` makes one")
    files = _files(folder)
    listed = tuple(file.relative_to(folder).as_posix() for file in files)
    yield Parcel(repo, folder, listed, sum(file.stat().st_size for file in files), "space")


def _files(folder: Path) -> list[Path]:
    """All but what Python and git keep for themselves."""
    found = (file for file in folder.rglob("*") if file.is_file())
    return sorted(
        file
        for file in found
        if not any(part.startswith(".") or part == "__pycache__" for part in file.relative_to(folder).parts)
    )


def _copy(parts: Sequence[_Part], folder: Path) -> None:
    """The packages, each app's artifacts where the core looks for them, and the licence."""
    shutil.copytree(Path(__file__).parents[1], folder / _CORE, ignore=_UNUSED)
    for part in parts:
        shutil.copytree(part.app.folder, folder / part.package, ignore=_UNUSED, dirs_exist_ok=True)
        if (artifacts := app_models(part.app.name)).is_dir():
            shutil.copytree(artifacts, folder / _CORE / "models" / part.app.name)
    for name in _LICENCES:
        if text := distribution(_CORE).read_text(f"licenses/{name}"):
            write_text(folder / name, text)


def _texts(parts: Sequence[_Part], title: str, models: Sequence[str]) -> dict[str, str]:
    requirements = _requirements(parts)
    return {
        APP_FILE: _program(parts),
        CARD: _card(parts, title, models),
        "requirements.txt": "\n".join(requirements) + "\n",
        "packages.txt": "\n".join(_SYSTEM) + "\n",
    }


def _program(parts: Sequence[_Part]) -> str:
    references = ", ".join(f'"{part.reference}"' for part in parts)
    return (
        '"""Starts this Space. On a computer of your own it does the same, for that computer only: python app.py"""\n\n'
        f"from tightrope.demo.space import run\n\nrun({references})\n"
    )


def _card(parts: Sequence[_Part], title: str, models: Sequence[str]) -> str:
    """README.md: what the hub reads to start the Space, and a few lines for people."""
    from huggingface_hub import SpaceCardData

    data = SpaceCardData(
        title=title,
        sdk="gradio",
        sdk_version=_gradio(),
        python_version=f"{sys.version_info.major}.{sys.version_info.minor}",
        app_file=APP_FILE,
        license="apache-2.0" if all(part.owner.name == _CORE for part in parts) else None,
        models=[*models] or None,
        tags=["tightrope", "onnx", "onnxruntime", *(part.app.name for part in parts)],
        short_description="Compressed networks inside a latency budget",
        emoji="⚖️",
        colorFrom="blue",
        colorTo="gray",
        pinned=False,
    )
    lines = "\n".join(f"- **{part.app.name}**: {part.app.summary}" for part in parts)
    return (
        f"---\n{data.to_yaml()}\n---\n\n# {title}\n\n{lines}\n\nThe budget is shown live, as this server keeps it; "
        "the figures of other devices stand in each artifact's card, with the device they were measured on.\n\n"
        "This is a server that everybody may use: give it no patient's picture, and nothing that is not public. What "
        "is given is removed after an hour. On a computer of your own nothing leaves it: `python app.py`.\n"
    )


def _requirements(parts: Sequence[_Part]) -> list[str]:
    """What pip installs: Gradio as it is here, and what each distribution asks for; none of the packages copied."""
    from packaging.requirements import Requirement

    wanted = {"gradio": f"gradio=={_gradio()}"}
    copied = {part.owner.name for part in parts} | {_CORE}
    asked = [(distribution(_CORE), "")] + [(part.owner, extra) for part in parts for extra in ("", *part.app.extras)]
    for owner, extra in asked:
        for line in owner.requires or ():
            needed = Requirement(line)
            if needed.name in copied or not (needed.marker is None or needed.marker.evaluate({"extra": extra})):
                continue
            needed.marker = None
            wanted.setdefault(needed.name, str(needed))
    return [wanted[name] for name in sorted(wanted)]


def _owner(entry: EntryPoint) -> Distribution:
    if entry.dist is None:  # only of an entry point that nobody installed
        raise ConfigError(f"no installed package has the app {entry.name!r}")
    return entry.dist


def _gradio() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("gradio")
    except PackageNotFoundError as error:
        raise MissingExtraError("a Space", "demo") from error
