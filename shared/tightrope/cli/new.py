"""`tightrope new`: the skeleton of an app, and what to do with it."""

from __future__ import annotations

from pathlib import Path

import typer

from tightrope.cli.core import print_json
from tightrope.errors import pip
from tightrope.new import make_app


def new_command(name: str, into: Path, commands: tuple[str, ...], as_json: bool) -> None:
    """Make the app and print its files and the next steps.

    Raises:
        ConfigError, OutputError: as `make_app` does.
    """
    made = make_app(name, into, commands)
    if as_json:
        listed = [str(file) for file in made.files]
        print_json({"name": made.name, "package": made.package, "folder": str(made.folder), "files": listed})
        return
    typer.echo(f"made {made.folder}: {len(made.files)} files of the package {made.package}")
    typer.echo("what next:")
    for step in (
        f"{pip()} install -e '{made.folder}[dev]'",
        f"python -m {made.package}.train",
        f"tightrope compress {name} -r {made.folder / 'recipe.toml'}",
        f"pytest {made.folder}",
        f"tightrope demo {name}",
    ):
        typer.echo(f"  {step}")
