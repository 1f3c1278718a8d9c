"""Every command line that README and docs print is one that the software takes: its verbs and its options exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from tightrope.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md", ROOT / "CONTRIBUTING.md",
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.parent.name != "reference"),
]  # fmt: skip
# A command at the beginning of a line of code; or one that is named, in backticks.
_LINE = re.compile(r"^(?:    |\$ )?(?:\S*/)?(tightrope [^\n]*)", re.M)
_NAMED = re.compile(r"`(tightrope [a-z][^`\n]*)`")
_APPS_OF_A_READER = ("leaf-scan", "shapes")


def commands(pattern: re.Pattern[str], of_code: bool) -> list[tuple[str, str]]:
    """(page, command) of each one that is printed."""
    found = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        if of_code:
            code = re.findall(r"```(?:bash|sh|console)\n(.*?)```", text, re.S)
            text = "\n".join([*code, *(line for line in text.splitlines() if line.startswith("    tightrope"))])
        for line in pattern.findall(text):
            found.add((page.relative_to(ROOT).as_posix(), re.sub(r"\$\([^)]*\)", "X", line)))
    return sorted(found)


def words(line: str) -> list[str]:
    """As a shell has them: up to a pipe, a redirection or a comment."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split, lexer.commenters = True, "#"
    taken: list[str] = []
    for word in lexer:
        if set(word) <= set("|&;<>"):
            break
        taken.append(word)
    return taken[1:]


def resolve(arguments: list[str]) -> tuple[Any, str, list[str]]:
    """The command that is meant, its name, and what is left for it."""
    command, name = typer.main.get_command(app), "tightrope"
    while hasattr(command, "list_commands") and arguments and not arguments[0].startswith("-"):
        child = command.get_command(command.context_class(command, info_name=name), arguments[0])
        assert child is not None, f"{name} has no command {arguments[0]!r}"
        command, (name, *arguments) = child, arguments
    return command, name, arguments


PRINTED, NAMED = commands(_LINE, True), commands(_NAMED, False)


def test_there_are_some_to_look_at() -> None:
    assert len({page for page, _ in PRINTED}) > 10
    assert len(PRINTED) > 40


@pytest.mark.parametrize(("page", "line"), PRINTED)
def test_a_printed_command_is_taken(page: str, line: str) -> None:
    said = words(line)
    if said[0] in _APPS_OF_A_READER:
        return
    command, name, arguments = resolve(said)
    try:
        command.make_context(name, arguments)
    except Exception as error:
        if type(error).__name__ != "Exit":  # of --help
            raise AssertionError(f"{page}: {line}: {getattr(error, 'message', error)}") from error


@pytest.mark.parametrize(("page", "line"), NAMED)
def test_a_named_command_has_its_options(page: str, line: str) -> None:
    said = words(line)
    if said[0] in _APPS_OF_A_READER:
        return
    command, name, arguments = resolve(said)
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    asked = {word.partition("=")[0] for word in arguments if re.match("--?[a-z]", word)} - {"--help", "-h"}
    assert asked <= known, f"{page}: `{line}`: {name} has no {asked - known}"
