"""A runtime: which ONNX operators it takes, which of them it computes in integers, and in which form.

Everything in a profile (targets/runtimes/<name>.toml) is what the runtime's own documentation says, which it cites;
nothing in it was measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from tightrope.config import Config, read_toml, validate

_PROFILES = Path(__file__).parent / "runtimes"

Integer = Literal["uint8", "int8", "uint16", "int16"]


class Runtime(Config):
    """One runtime's profile (targets/runtimes/<name>.toml)."""

    name: str
    title: str = Field(description="the runtime and what it drives")
    falls_back: str = Field(description="where an operator runs that it does not take")
    operators: tuple[str, ...] | None = Field(None, description="the ONNX operators that it takes; none given: all")
    integer: tuple[str, ...] | Literal["operators"] = Field(
        description="those that it computes in integers between DequantizeLinear and QuantizeLinear; or all of them"
    )
    carries: tuple[str, ...] = Field((), description="those that move integers there without computing")
    own: tuple[str, ...] = Field((), description="those that are integer by definition")
    float_as: str = Field(description="in what a float operator is computed")
    free_axes: bool = Field(description="whether inputs may have axes without a fixed size")
    activation: tuple[Integer, ...] = Field((), description="types of quantized activations that it takes")
    weight: tuple[Integer, ...] = Field((), description="types of quantized weights that it takes")
    symmetric: bool = Field(False, description="zero points of activations have to be 0")
    per_channel: bool = Field(False, description="takes a scale for each output channel of a weight")
    conditions: dict[str, str] = Field({}, description="what an operator has to be like to be taken, where it matters")
    sources: tuple[str, ...] = Field(description="where all this is said", min_length=1)

    def takes(self, operator: str) -> bool:
        return self.operators is None or operator in self.operators

    def computes_integers(self, operator: str) -> bool:
        """Whether an operator between DequantizeLinear and QuantizeLinear stays in integers, or only moves them."""
        return self.takes(operator) and (self.integer == "operators" or operator in (*self.integer, *self.carries))


def runtime_names() -> list[str]:
    """Names of all profiles, alphabetically."""
    return sorted(file.stem for file in _PROFILES.glob("*.toml"))


def load_runtime(name: str) -> Runtime:
    """The profile of that name, one of `runtime_names`."""
    file = _PROFILES / f"{name}.toml"
    return validate(Runtime, {"name": name, **read_toml(file)}, str(file))
