"""Write the reference pages that the software itself can write: commands, passes, budgets, targets, artifacts.

python tools/reference.py            # writes docs/reference
python tools/reference.py --check    # changes nothing; exit 1 if a page is out of date
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import typer

from tightrope.artifact import Manifest
from tightrope.budget import Budget, BudgetFile
from tightrope.cli.main import app
from tightrope.compress import pass_methods
from tightrope.config import tomllib
from tightrope.errors import TightropeError
from tightrope.writing import write_text

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
PROFILES = Path(__file__).parents[1] / "shared" / "tightrope" / "targets" / "profiles"
RUNTIMES = PROFILES.parent / "runtimes"
WIDTH = 100  # of the help pages, whatever the terminal


def command_line() -> Iterator[str]:
    """The help page of each command, as it prints it."""
    yield "# Command line\n\nWhat `--help` prints. Results go to standard output, all else to standard error.\n"
    yield "\n| exit code | meaning |\n| --- | --- |\n"
    for code, meaning in sorted(exit_codes().items()):
        yield f"| {code} | {meaning} |\n"
    yield from pages(typer.main.get_command(app), "tightrope")


def exit_codes() -> dict[int, str]:
    """Exit codes by the errors that give them."""
    found = {0: "done", TightropeError.exit_code: "bad input, or something is missing", 130: "interrupted"}
    for error in descendants(TightropeError):
        found.setdefault(error.exit_code, (inspect.getdoc(error) or error.__name__).splitlines()[0].rstrip("."))
    return found


def descendants(kind: type[TightropeError]) -> Iterator[type[TightropeError]]:
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


def pages(command: Any, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name, max_content_width=WIDTH, terminal_width=WIDTH)
    yield f"\n## {name}\n\n```text\n{command.get_help(context).strip()}\n```\n"
    if hasattr(command, "list_commands"):
        for child in command.list_commands(context):
            yield from pages(command.get_command(context, child), f"{name} {child}")


def passes() -> Iterator[str]:
    yield "# Passes and recipes\n\nA recipe is TOML: a name, and passes in the order in which they run.\n"
    yield '\n```toml\nname = "int8"\n\n[[passes]]\nmethod = "export"\n```\n'
    yield "\n`tightrope recipe check FILE` checks it without running it.\n"
    for name, kind in sorted(pass_methods().items()):
        yield f"\n## {name}\n\n{inspect.getdoc(kind)}\n"
        yield from table(kind)


def table(kind: Any) -> Iterator[str]:
    """The fields of a pydantic model."""
    if not kind.model_fields:
        return
    yield "\n| key | default | meaning |\n| --- | --- | --- |\n"
    for name, field in kind.model_fields.items():
        default = "needed" if field.is_required() else f"`{field.default}`"
        yield f"| `{name}` | {default} | {field.description or ''} |\n"


def budgets() -> Iterator[str]:
    yield f"# Budgets\n\n{inspect.getdoc(BudgetFile)}\n"
    yield "\nTop level: `app`, `default` (a profile's name), and a table `[profiles.NAME]` each, with these keys:\n"
    yield from table(Budget)


def targets() -> Iterator[str]:
    yield "# Targets\n\nWhat an instruction set does with int8. `tightrope doctor` says which one this machine has.\n"
    yield "`tightrope targets check ARTIFACT --target NAME` says what an artifact would do on one of this page.\n"
    yield from profiles(PROFILES)
    yield "\n# Runtimes\n\nWhat a runtime takes, from its documentation; nothing here was measured.\n"
    yield "`cpu` is the runtime of all instruction sets above.\n"
    yield from profiles(RUNTIMES)


def profiles(folder: Path) -> Iterator[str]:
    """Each TOML file of a folder as a list."""
    for file in sorted(folder.glob("*.toml")):
        yield f"\n## {file.stem}\n\n"
        for key, value in tomllib.loads(file.read_text(encoding="utf-8")).items():
            yield f"- **{key}**: {said(value)}\n"


def said(value: Any) -> str:
    """A value of a profile as text."""
    if isinstance(value, dict):
        return "; ".join(f"{key} {text}" for key, text in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value).strip()


def artifacts() -> Iterator[str]:
    yield "# Artifacts\n\nA folder with one or several ONNX graphs, `artifact.json`, and a card written from it.\n"
    yield "\nLoading runs no code from the folder: JSON is parsed, and every file's SHA-256 is compared before use.\n"
    yield "\n| key of artifact.json | default |\n| --- | --- |\n"
    for field in fields(Manifest):
        needed = field.default is field.default_factory
        yield f"| `{field.name}` | {'needed' if needed else 'may be left out'} |\n"


def python() -> Iterator[str]:
    yield "# Python\n\nThe public modules of the core.\n"
    for module in (
        "tightrope.artifact",
        "tightrope.budget",
        "tightrope.runtime.session",
        "tightrope.runtime.pipeline",
        "tightrope.compress.task",
        "tightrope.compress.flow",
        "tightrope.compress.gate",
        "tightrope.measure.latency",
        "tightrope.measure.statistics",
    ):
        yield f"\n## {module}\n\n::: {module}\n"


PAGES = {
    "command-line": command_line,
    "passes": passes,
    "budgets": budgets,
    "targets": targets,
    "artifacts": artifacts,
    "python": python,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a page is out of date")
    check = parser.parse_args().check
    stale = []
    for name, write in PAGES.items():
        file, text = FOLDER / f"{name}.md", "".join(write())
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            stale.append(file)
            if not check:
                write_text(file, text)
    for file in stale:
        print(f"{'out of date' if check else 'written'}: {file.relative_to(FOLDER.parents[1])}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
