"""A recipe: the passes and their settings, in order, as TOML.

name = "int8"

[[passes]]
method = "export"

[[passes]]
method = "quantize-static"
calibration = "mse"
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tightrope.compress.registry import Pass, find_pass
from tightrope.config import Config, read_toml, validate
from tightrope.errors import ConfigError


class RecipeFile(Config):
    """The raw shape of a recipe file."""

    name: str
    passes: list[dict[str, Any]]


class Recipe(Config):
    """A checked list of passes, ready to run."""

    name: str
    passes: tuple[Pass, ...]

    @classmethod
    def load(cls, path: Path) -> Recipe:
        """Read and check a recipe. Raises ConfigError with the pass, the key and the nearest known key."""
        return cls.parse(read_toml(path), str(path))

    @classmethod
    def parse(cls, data: dict[str, Any], where: str) -> Recipe:
        file = validate(RecipeFile, data, where)
        steps = tuple(_parse_pass(entry, f"{where}, pass {k}") for k, entry in enumerate(file.passes, 1))
        return cls.model_construct(name=file.name, passes=steps)

    @property
    def exports(self) -> bool:
        """Whether it takes a torch network to a graph; one without starts from a graph."""
        return any(step.method == "export" for step in self.passes)

    def to_dict(self) -> dict[str, Any]:
        passes = [{"method": step.method, **step.model_dump(mode="json")} for step in self.passes]
        return {"name": self.name, "passes": passes}


def _parse_pass(entry: dict[str, Any], where: str) -> Pass:
    settings = dict(entry)
    method = settings.pop("method", None)
    if not isinstance(method, str):
        raise ConfigError(f'{where}: "method" is missing')
    try:
        return validate(find_pass(method), settings, f"{where} ({method})")
    except ConfigError as error:
        raise ConfigError(str(error) if where in str(error) else f"{where}: {error}") from error
