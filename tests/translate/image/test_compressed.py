"""The camera's networks as a Task of the core: judged by the characters that they read, whole and part by part."""

from __future__ import annotations

from pathlib import Path

import pytest

from tightrope.cli.compress import find_task
from tightrope.compress.recipe import Recipe
from tightrope.compress.scores import metrics
from tightrope_translate.image.reader import Reader

ROOT = Path(__file__).parents[3]


def test_the_wheels_networks_are_judged_by_what_they_read(reader: Reader) -> None:
    pytest.importorskip("torch")
    _, task = find_task(f"{ROOT / 'benchmarks/camera/reader_task.py'}:SignReader", ("signs=1",))
    sessions = {name: part.origin().session() for name, part in task.parts().items()}

    scored = task.scores(sessions)

    assert len(scored) == 5
    assert metrics(scored)["characters"] > 0.5


def test_the_recipe_is_one() -> None:
    assert [step.method for step in Recipe.load(ROOT / "models/translate/reader.toml").passes] == [
        "clean",
        "quantize-static",
    ]
