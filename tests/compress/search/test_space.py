"""A space is a checked recipe with values left open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tightrope.compress.search import Space
from tightrope.compress.search.space import Choice, Open
from tightrope.errors import ConfigError

MODELS = Path(__file__).parents[3] / "models"
EXPORT = {"method": "export"}
SHRINK = {"method": "shrink-input", "optional": True, "factor": {"low": 0.5, "high": 0.9}}
DISTIL = {"method": "distil", "only_with": "shrink-input", "steps": {"low": 1, "high": 9}}
QUANTIZE = {"method": "quantize-static", "calibration": {"choice": ["mse", "entropy"]}}


def space(*passes: dict[str, Any]) -> Space:
    return Space.parse({"name": "s", "passes": [EXPORT, *passes]}, "mine.toml")


@settings(deadline=None)
@given(st.data())
def test_every_pick_is_a_recipe(data: st.DataObject) -> None:
    asked = []

    def pick(name: str, value: Open) -> Any:
        asked.append(name)
        if isinstance(value, Choice):
            return data.draw(st.sampled_from(value.choice))
        whole = isinstance(value.low, int)
        return data.draw(st.integers(value.low, value.high) if whole else st.floats(value.low, value.high))  # type: ignore[arg-type]

    methods = [step.method for step in space(SHRINK, DISTIL, QUANTIZE).recipe(pick).passes]
    assert methods in (
        ["export", "shrink-input", "distil", "quantize-static"],
        ["export", "quantize-static"],
    )
    assert ("distil.steps" in asked) == ("distil" in methods)


def test_the_second_pass_of_a_method_has_a_name_of_its_own() -> None:
    clean = {"method": "clean", "optional": True}
    assert [step.label for step in space(clean, clean).steps] == ["export", "clean", "clean#2"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({**QUANTIZE, "calibratoin": "mse"}, r'pass 2.*unknown key "calibratoin".*calibration'),
        ({**QUANTIZE, "calibration": {"choice": ["mse", "mean"]}}, r'"calibration"'),
        ({**QUANTIZE, "inputs": {"low": 0, "high": 8}}, r'"inputs".*greater than or equal to 1'),
        ({**QUANTIZE, "inputs": {"low": 8, "high": 8}}, "low is to be below high"),
        ({**QUANTIZE, "inputs": {"low": 1, "hihg": 8}}, r'pass 2, inputs: unknown key "hihg".*high'),
        ({**DISTIL, "only_with": "shrink"}, "only_with names no pass before it"),
        ({**QUANTIZE, "optional": "yes"}, "optional is true or false"),
        ({"method": "quantize-statics", "inputs": {"low": 1, "high": 2}}, "quantize-static"),
        ({"method": "clean"}, "nothing is left open"),
    ],
)
def test_mistakes_are_named_with_their_place(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=rf"mine\.toml.*{words}"):
        space(entry)


def test_a_space_exports() -> None:
    with pytest.raises(ConfigError, match=r'mine\.toml: no pass exports the model; add one with method = "export"'):
        Space.parse({"name": "s", "passes": [QUANTIZE]}, "mine.toml")


@pytest.mark.parametrize("file", sorted(MODELS.glob("*/space.toml")), ids=lambda file: file.parent.name)
def test_the_shipped_spaces_can_be_searched(file: Path) -> None:
    assert Space.load(file).name == file.parent.name
