"""`tightrope translate languages`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from tightrope_translate.commands.group import app


@app.command()
def languages(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """List the languages, and into which each is translated."""
    from tightrope_translate.engine import OTHER
    from tightrope_translate.language import LANGUAGES

    if as_json:
        typer.echo(json.dumps([{"code": c, "name": name, "targets": [OTHER[c]]} for c, name in LANGUAGES.items()]))
        return
    for code, name in LANGUAGES.items():
        typer.echo(f"{code}  {name:8}  to {OTHER[code]}")
