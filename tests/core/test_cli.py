from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tightrope import __version__
from tightrope.cli.main import guarded, main
from tightrope.errors import BudgetNotMetError, MissingExtraError, TightropeError

COMMANDS = (
    "tour", "models", "measure", "compress", "verify", "report", "new", "push", "pull", "space", "doctor", "recipe",
)  # fmt: skip


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = 0
    try:
        main(list(arguments))
    except SystemExit as end:
        code = int(end.code or 0)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_help_lists_every_command_and_app(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for name in (*COMMANDS, "road"):
        assert f"\n  {name} " in out
    assert "Exit codes: 0 done, 2 bad input, 3 budget not met" in out


@pytest.mark.parametrize("command", [*COMMANDS, "road", "recipe check"])
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, out, _ = run(capsys, *command.split(), "--help")
    assert code == 0
    assert out.startswith(f"Usage: tightrope {command} ")
    if command not in ("recipe", "road"):
        assert "--json" in out
    if command != "recipe":
        assert f"\n    tightrope {command} " in out or f"\n    tightrope {command}\n" in out, "an example"


def test_the_first_page_fits_a_terminal_and_cuts_no_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")
    out = run(capsys, "--help")[1]
    for section in ("See it run", "Compress", "Prove it", "Make and share", "Apps"):
        assert f"\n{section}:\n" in out
    assert "..." not in out.split("Options:")[1]
    core = out.split("See it run:")[1].split("Apps:")[0].splitlines()
    assert [line for line in core if line.startswith("     ")] == [], "a line a command"


@pytest.mark.parametrize("app", ["road", "triage", "translate"])
def test_every_app_has_the_same_verbs(capsys: pytest.CaptureFixture[str], app: str) -> None:
    out = run(capsys, app, "--help")[1]
    for verb in ("val", "bench", "demo"):
        assert f"\n  {verb} " in out
    code, _, err = run(capsys, app, "bench", "nowhere")
    assert (code, err.startswith(f"tightrope: no artifact 'nowhere' for {app}")) == (2, True)


def test_quiet_leaves_the_results_alone(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "tour", "--quiet")
    assert (code, err) == (0, "")
    lines = [line for line in out.splitlines() if "busy" not in line]
    assert lines
    assert all(line.endswith(("FITS", "DOES NOT FIT")) for line in lines), lines


def test_a_shell_completes_commands_and_apps() -> None:
    command = str(Path(sys.executable).with_name("tightrope"))

    def offered(typed: str) -> list[str]:
        words = {"COMP_WORDS": f"tightrope {typed}", "COMP_CWORD": str(len(typed.split()))}
        environment = {**os.environ, "_TIGHTROPE_COMPLETE": "complete_bash", **words}
        return subprocess.run([command], env=environment, capture_output=True, text=True, check=True).stdout.split()

    assert offered("mea") == ["measure"]
    assert offered("measure tr") == ["translate", "triage"]
    assert offered("road pre") == ["predict"]


def test_nothing_is_coloured_where_it_is_piped() -> None:
    command = str(Path(sys.executable).with_name("tightrope"))
    for arguments in (["doctor"], ["tour", "--quiet"], ["models"], ["--help"]):
        done = subprocess.run([command, *arguments], capture_output=True, text=True, check=True)
        assert done.stdout
        assert "\x1b" not in done.stdout + done.stderr


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"tightrope {__version__}\n", "")


def test_a_missing_extra_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(name: str) -> None:
        raise ModuleNotFoundError(name=name)

    assert guarded(lambda: fail("onnx")) == 2
    assert capsys.readouterr().err.endswith("pip install 'tightrope[compress]'\n")
    with pytest.raises(ModuleNotFoundError):
        guarded(lambda: fail("no_such_module"))


def test_the_pip_that_is_named_is_the_one_of_this_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = Path(sys.executable).parent
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    monkeypatch.chdir(tmp_path)
    assert str(MissingExtraError("it", "demo")).endswith(": .venv/bin/python -m pip install 'tightrope[demo]'")
    monkeypatch.setenv("PATH", str(tmp_path / ".venv" / "bin"))
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "pip").symlink_to(beside / "python")
    assert str(MissingExtraError("it", "demo")).endswith(": pip install 'tightrope[demo]'")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("models", "raod"), "no app 'raod' (did you mean \"road\"?)"),
        (("tour", "--profile", "vehicel"), "no profile 'vehicel' in the budget (did you mean \"vehicle\"?)"),
        (("report", "rod"), "no app 'rod' (did you mean \"road\"?)"),
        (("verify", "road", "nowhere"), "no artifact 'nowhere' for road"),
        (("measure", "road", "nowhere"), "no artifact 'nowhere' for road"),
        (("recipe", "check", "none.toml"), "cannot read none.toml: No such file or directory"),
        (("compress", "nothing", "-r", "good.toml"), "'nothing' is neither an app (road"),
        (("compress", "task.py:Task", "-r", "good.toml"), "no file task.py"),
        (("compress", "road", "-r", "good.toml", "--set", "width"), "--set takes KEY=VALUE, not 'width'"),
        (("compress", "road", "-r", "good.toml", "--set", "depth=3"), "unexpected keyword argument 'depth'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.toml").write_text('name = "r"\n[[passes]]\nmethod = "export"\n')
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("tightrope: ")
    assert err.count("\n") == 1
    assert message in err


@pytest.mark.parametrize("arguments", [("tuor",), ("tour", "--profil"), ("verify", "road")])
def test_a_wrong_usage_is_exit_2(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (TightropeError("two\nlines  here"), 2, "tightrope: two lines here\n"),
        (BudgetNotMetError("too slow"), 3, "tightrope: too slow\n"),
        (KeyboardInterrupt(), 130, "tightrope: interrupted; what was finished is kept\n"),
    ],
)
def test_an_error_is_one_line_with_its_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    def fail() -> None:
        raise error

    assert guarded(fail) == code
    assert capsys.readouterr().err == said


def test_recipes_are_checked_and_passes_listed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text('name = "mine"\n[[passes]]\nmethod = "export"\n[[passes]]\nmethod = "clean"\n')
    assert run(capsys, "recipe", "check", str(recipe)) == (0, f"{recipe}: mine, export -> clean\n", "")
    code, out, _ = run(capsys, "recipe", "check", "--json", str(recipe))
    assert (code, json.loads(out)["name"]) == (0, "mine")
    code, out, _ = run(capsys, "recipe", "passes", "--json")
    assert (code, "opset" in json.loads(out)["export"]["properties"]) == (0, True)


def test_help_starts_without_opencv_or_torch() -> None:
    heavy = "{'torch', 'onnx', 'cv2', 'gradio', 'matplotlib'}"
    code = (
        "import sys\nfrom tightrope.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"print(sorted({heavy} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
