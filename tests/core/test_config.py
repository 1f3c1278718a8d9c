from __future__ import annotations

from pathlib import Path

import pytest

from tightrope.app import find_apps
from tightrope.budget import Budget, BudgetFile, Verdict
from tightrope.config import validate
from tightrope.errors import ConfigError, nearest

GOOD = 'app = "road"\ndefault = "car"\n[profiles.car]\nlatency_ms = 50\npercentile = 99\nkeep = 0.98\n'


def load(tmp_path: Path, text: str) -> BudgetFile:
    (tmp_path / "budget.toml").write_text(text)
    return BudgetFile.load(tmp_path / "budget.toml")


def test_a_budget_has_the_limits_that_it_states_and_no_others(tmp_path: Path) -> None:
    budget = load(tmp_path, GOOD).profile()
    assert (budget.latency_ms, budget.percentile, budget.keep, budget.threads) == (50, 99, 0.98, 1)
    assert (budget.peak_rss_mb, budget.artifact_mb, budget.energy_mj, budget.period_ms) == (None,) * 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("percentile", "percentil"), r'unknown key "profiles.car.percentil" \(did you mean "percentile"'),
        (GOOD.replace("latency_ms", "latencyms"), r'unknown key "profiles.car.latencyms" \(did you mean "latency_ms"'),
        (GOOD + "colour = 1\n", r'unknown key "profiles.car.colour" \(known: artifact_mb, core_watts, energy_mj'),
        (GOOD.replace("app =", "ap ="), r'unknown key "ap"|"app": Field required'),
        (GOOD.replace("50", "-50"), r'"profiles.car.latency_ms": .*greater than 0'),
        (GOOD.replace("50", "fast"), r"not valid TOML: .*line 4"),
        (GOOD.replace("0.98", "1.5"), r'"profiles.car.keep": .*less than or equal to 1'),
        (GOOD.replace("99", "100"), r'"profiles.car.percentile": .*less than 100'),
        (GOOD.replace('"car"', '"cart"'), r"default profile 'cart' \(did you mean \"car\"\?\)"),
    ],
)
def test_a_bad_budget_is_refused_with_file_key_and_what_to_write(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load(tmp_path, text)
    assert "budget.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_missing_profile_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*none.toml: No such file"):
        BudgetFile.load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match=r"no profile 'cat' in the budget \(did you mean \"car\"\?\)"):
        load(tmp_path, GOOD).profile("cat")


def test_every_installed_app_has_a_budget_that_names_it() -> None:
    for app in find_apps().values():
        file = app.budget()
        assert file.app == app.name
        assert file.profile() is file.profiles[file.default]


def test_a_budget_cannot_be_changed() -> None:
    budget = validate(Budget, {"latency_ms": 1}, "here")
    with pytest.raises(ValueError, match="frozen"):
        budget.latency_ms = 2


@pytest.mark.parametrize(
    ("verdict", "met", "text"),
    [
        (Verdict("p90", 31.24, 50, "ms"), True, "p90 31.24 <= 50 ms"),
        (Verdict("p90", 50, 50, "ms"), True, "p90 50 <= 50 ms"),
        (Verdict("p90", 51, 50, "ms"), False, "p90 51 > 50 ms"),
        (Verdict("kept", 98, 99, "%", at_least=True), False, "kept 98 < 99 %"),
        (Verdict("kept", 99, 99, "", at_least=True), True, "kept 99 >= 99"),
    ],
)
def test_a_verdict_reads_as_a_sentence(verdict: Verdict, met: bool, text: str) -> None:
    assert verdict.met is met
    assert str(verdict) == text


def test_nearest_suggests_or_lists() -> None:
    assert nearest("exprot", ["export", "clean"]) == ' (did you mean "export"?)'
    assert nearest("zzz", ["b", "a"]) == " (known: a, b)"
