"""`tightrope translate live`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tightrope_translate.commands.group import app


@app.command()
def live(
    source: Annotated[str, typer.Option("--from", "--from-lang", "-f", help="en, de, or auto.")] = "auto",
    target: Annotated[str, typer.Option("--to", "--to-lang", "-t", help="en or de.")] = "de",
    mask: Annotated[int, typer.Option(min=0, help="Words withheld at the end of an open sentence.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Piped: each update as a line of JSON.")] = False,
) -> None:
    """Translate while it is typed.

    In a terminal, type: the translation grows below, and what may still change is dim. Ctrl-D ends. Piped, each line is
    the whole text so far, and is answered at once: stable text, and [tentative] text.

    \b
      tightrope translate live --to de
      (echo "Where is "; echo "Where is the "; echo "Where is the bus?") | tightrope translate live --to de --json
    """
    from tightrope_translate.engine import Engine
    from tightrope_translate.live import Live
    from tightrope_translate.live.console import follow_keys, follow_lines

    session = Live(Engine.open(), source, target, mask)
    if sys.stdin.isatty():
        follow_keys(session)
    else:
        follow_lines(session, sys.stdin.buffer, as_json)
