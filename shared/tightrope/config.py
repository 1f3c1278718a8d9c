"""TOML files checked against a pydantic model; an unknown key is answered with the nearest known one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from tightrope.errors import ConfigError, nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class Config(BaseModel):
    """Base of everything a TOML file may state: frozen, unknown keys rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file.

    Raises:
        ConfigError: the file is missing or is not TOML; the message has the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def validate(model: type[Model], data: Any, where: str) -> Model:
    """Check `data` against `model`.

    Raises:
        ConfigError: one line that names the place, the key and, for an unknown key, the nearest known one.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{where}: {_explain(model, error)}") from error


def _explain(model: type[BaseModel], error: ValidationError) -> str:
    # A misspelt key is also a missing one, and the misspelling is what there is to mend.
    first = min(error.errors(), key=lambda entry: entry["type"] != "extra_forbidden")
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f'unknown key "{place}"{nearest(str(first["loc"][-1]), _known_keys(model, first["loc"][:-1]))}'
    return f'"{place}": {first["msg"]}' if place else first["msg"]


def _known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Field names of the model that stands at `location` inside `model`."""
    current: Any = model
    for part in location:
        fields = getattr(current, "model_fields", {})
        annotation = fields[part].annotation if part in fields else current
        inner = [a for a in getattr(annotation, "__args__", ()) if hasattr(a, "model_fields")]
        current = inner[0] if inner else annotation
    return list(getattr(current, "model_fields", {}))
