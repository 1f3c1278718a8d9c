"""A search space: a recipe in TOML of which some values are left open and some passes are optional.

name = "detector"

[[passes]]
method = "export"

[[passes]]
method = "shrink-input"
optional = true
factor = { low = 0.7, high = 0.95, step = 0.05 }

[[passes]]
method = "quantize-static"
calibration = { choice = ["mse", "entropy"] }

`only_with = "METHOD"` ties a pass to an optional one before it: there where that one is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from tightrope.compress.recipe import Recipe, RecipeFile
from tightrope.config import Config, read_toml, validate
from tightrope.errors import ConfigError, nearest

Scalar = bool | int | float | str


class Choice(Config):
    """One of several values."""

    choice: list[Scalar] = Field(min_length=1)


class Range(Config):
    """A number from `low` to `high`, both included; whole where both are; by `step`, or evenly by order (`log`)."""

    low: int | float
    high: int | float
    step: int | float | None = Field(None, gt=0)
    log: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if not self.low < self.high:
            raise ValueError("low is to be below high")
        if self.log and (self.step is not None or self.low <= 0):
            raise ValueError("a range by order begins above 0 and has no step")
        return self


Open = Choice | Range
Pick = Callable[[str, Open], Any]
_PRESENT = Choice(choice=[True, False])


@dataclass(frozen=True)
class Step:
    """One pass of the space: its label (the method; the second of a method is called #2), fixed and open values."""

    label: str
    fixed: dict[str, Any]
    open: dict[str, Open]
    optional: bool
    only_with: str | None


@dataclass(frozen=True)
class Space:
    """A checked search space."""

    name: str
    steps: tuple[Step, ...]

    @classmethod
    def load(cls, path: Path) -> Space:
        """Read and check a file. Raises ConfigError with the pass, the key and the nearest known key."""
        return cls.parse(read_toml(path), str(path))

    @classmethod
    def parse(cls, data: dict[str, Any], where: str) -> Space:
        file = validate(RecipeFile, data, where)
        steps: list[Step] = []
        for number, entry in enumerate(file.passes, 1):
            steps.append(_parse(entry, f"{where}, pass {number}", [step.label for step in steps]))
        space = cls(file.name, tuple(steps))
        if not any(step.fixed.get("method") == "export" for step in space.steps):
            raise ConfigError(f'{where}: no pass exports the model; add one with method = "export"')
        for extreme in (_first, _last):  # both ends of every range have to be what the pass takes
            space.recipe(extreme, where)
        if not any(step.open or step.optional for step in space.steps):
            raise ConfigError(f"{where}: nothing is left open: this is a recipe, for `tightrope compress`")
        return space

    def recipe(self, pick: Pick, where: str = "the space") -> Recipe:
        """The recipe that `pick` (name of the open value, what it may be -> value) decides on."""
        return Recipe.parse({"name": self.name, "passes": list(self._chosen(pick))}, where)

    def reference(self) -> Recipe:
        """The space's export, and nothing else."""
        export = next(step for step in self.steps if step.fixed.get("method") == "export")
        first = {key: _first(key, value) for key, value in export.open.items()}
        return Recipe.parse({"name": "reference", "passes": [{**export.fixed, **first}]}, "the space")

    def _chosen(self, pick: Pick) -> Iterator[dict[str, Any]]:
        present = set()
        for step in self.steps:
            if step.only_with is not None and step.only_with not in present:
                continue
            if step.optional and not pick(step.label, _PRESENT):
                continue
            present.add(step.label)
            yield {**step.fixed, **{key: pick(f"{step.label}.{key}", value) for key, value in step.open.items()}}


def _parse(entry: dict[str, Any], where: str, before: list[str]) -> Step:
    settings = dict(entry)
    optional, only_with = settings.pop("optional", False), settings.pop("only_with", None)
    if not isinstance(optional, bool):
        raise ConfigError(f"{where}: optional is true or false")
    if only_with is not None and only_with not in before:
        raise ConfigError(f"{where}: only_with names no pass before it{nearest(str(only_with), before)}")
    opened = {key: _open(value, f"{where}, {key}") for key, value in settings.items() if isinstance(value, dict)}
    method = str(settings.get("method", ""))
    seen = sum(label.partition("#")[0] == method for label in before)
    fixed = {key: value for key, value in settings.items() if key not in opened}
    return Step(f"{method}#{seen + 1}" if seen else method, fixed, opened, optional, only_with)


def _open(value: dict[str, Any], where: str) -> Open:
    return validate(Choice, value, where) if "choice" in value else validate(Range, value, where)


def _first(name: str, value: Open) -> Any:
    return value.choice[0] if isinstance(value, Choice) else value.low


def _last(name: str, value: Open) -> Any:
    """The other end; an optional pass stays, so that its settings are seen."""
    if value is _PRESENT:
        return True
    return value.choice[-1] if isinstance(value, Choice) else value.high
