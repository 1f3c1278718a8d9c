from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from tightrope.compress import Candidate, Pass, Recipe, Task, pass_methods, register
from tightrope.compress.registry import run_pass
from tightrope.errors import ConfigError
from tightrope.models import models_root

EXPORT = '[[passes]]\nmethod = "export"\n'


def load(tmp_path: Path, passes: str) -> Recipe:
    (tmp_path / "recipe.toml").write_text(f'name = "r"\n{passes}')
    return Recipe.load(tmp_path / "recipe.toml")


def test_a_recipe_round_trips_with_every_setting_spelt_out(tmp_path: Path) -> None:
    recipe = load(tmp_path, EXPORT + '[[passes]]\nmethod = "half-weights"\nformat = "bf16"\n')
    written = recipe.to_dict()
    assert [step["method"] for step in written["passes"]] == ["export", "half-weights"]
    assert written["passes"][1]["format"] == "bf16"
    assert Recipe.parse(written, "again").to_dict() == written


@pytest.mark.parametrize(
    ("passes", "message"),
    [
        ('[[passes]]\nmethod = "exprot"\n', r"pass 1.*unknown method 'exprot' \(did you mean \"export\"\?\)"),
        (
            EXPORT + '[[passes]]\nmethod = "half-weights"\nformt = "fp16"\n',
            r'pass 2 \(half-weights\): unknown key "formt"',
        ),
        (EXPORT + '[[passes]]\nmethod = "half-weights"\nformat = "fp8"\n', r"pass 2 .*\"format\": .*'fp16' or 'bf16'"),
        (EXPORT + "opset = 3\n", r'pass 1 \(export\): "opset": .*greater than or equal to 17'),
        ("[[passes]]\nopset = 20\n", r'pass 1: "method" is missing'),
        ("passes = 3\n", r'"passes": .*list'),
        (EXPORT + "[[passes\n", r"not valid TOML: .*line 4"),
        ("", r'"passes": Field required'),
    ],
)
def test_a_bad_recipe_is_refused_with_the_pass_and_the_key(tmp_path: Path, passes: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load(tmp_path, passes)
    assert "recipe.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_recipe_for_a_graph_does_without_an_export(tmp_path: Path) -> None:
    assert not load(tmp_path, '[[passes]]\nmethod = "clean"\n').exports
    assert load(tmp_path, EXPORT).exports


def test_an_unknown_key_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='did you mean "format"'):
        load(tmp_path, EXPORT + '[[passes]]\nmethod = "half-weights"\nformt = "fp16"\n')


def test_the_shipped_recipes_are_good() -> None:
    files = sorted(file for file in models_root().glob("*/*.toml") if file.stem != "space")
    assert files
    for file in files:
        assert Recipe.load(file).passes


def test_every_pass_explains_itself_and_its_settings() -> None:
    methods = pass_methods()
    assert {"export", "clean", "half-weights", "quantize-static", "quantize-dynamic", "quantize-mixed"} <= set(methods)
    for name, cls in methods.items():
        assert cls.method == name
        assert cls.__doc__
        assert not cls.model_json_schema().get("required"), f"{name} cannot be used without settings"


def test_two_passes_may_not_share_a_name() -> None:
    class Another(Pass):
        def apply(self, candidate: Candidate, task: Task) -> Candidate:
            return candidate

    with pytest.raises(ValueError, match="two passes are called 'export'"):
        register("export")(Another)


def test_a_pass_that_leaves_no_record_is_caught() -> None:
    class Silent(Pass):
        method = "silent"

        def apply(self, candidate: Candidate, task: Task) -> Candidate:
            return candidate

    class Honest(Silent):
        method = "honest"

        def apply(self, candidate: Candidate, task: Task) -> Candidate:
            return candidate.then(self.record(layers=3), precision="int8")

    task = cast(Any, None)
    with pytest.raises(ValueError, match="'silent' did not record itself"):
        run_pass(Silent(), Candidate(), task)
    after = run_pass(Honest(), Candidate(), task)
    assert (after.precision, after.lineage[0].method, after.lineage[0].notes) == ("int8", "honest", {"layers": 3})
    assert after.lineage[0].seconds > 0
