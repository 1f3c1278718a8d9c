"""`tightrope translate live`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from tightrope_translate.commands.group import app


@app.command()
def live(
    source: Annotated[str, typer.Option("--from", "--from-lang", "-f", help="en, de, or auto.")] = "auto",
    target: Annotated[str, typer.Option("--to", "--to-lang", "-t", help="en or de.")] = "de",
    mask: Annotated[int, typer.Option(min=0, help="Words withheld at the end of an open sentence.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Piped: each update as a line of JSON.")] = False,
    profile: Annotated[str | None, typer.Option("--profile", help="Device profile of the budget.")] = None,
    telemetry: Annotated[
        Path | None, typer.Option(help="Folder for JSON lines and a Perfetto trace of what happened, without the text.")
    ] = None,
) -> None:
    """Translate while it is typed.

    In a terminal, type: the translation grows below, and what may still change is dim. Ctrl-D ends. Piped, each line is
    the whole text so far, and is answered at once: stable text, and [tentative] text. At the end a line on standard
    error says how long the keys took to be answered, and how many took longer than the limit of --profile.

    \b
      tightrope translate live --to de
      (echo "Where is "; echo "Where is the "; echo "Where is the bus?") | tightrope translate live --to de --json
    """
    from tightrope.runtime import JsonLines, Limits
    from tightrope.runtime.trace import write_trace
    from tightrope_translate.app import APP
    from tightrope_translate.engine import Engine
    from tightrope_translate.live import Live
    from tightrope_translate.live.console import follow_keys, follow_lines
    from tightrope_translate.live.runner import open_runner

    limits = Limits.of(APP.budget().profile(profile))
    engine = Engine.open()
    engine.prepare(source, target)  # what is missing is told now, and the first key does not wait
    session = Live(engine, source, target, mask)
    with ExitStack() as stack:
        lines = None
        if telemetry:
            stack.callback(write_trace, telemetry / "live.jsonl", telemetry / "live.trace.json")
            lines = stack.enter_context(JsonLines(telemetry / "live.jsonl"))
        runner = open_runner(session, limits, write=lines.write if lines else None)
        if sys.stdin.isatty():
            summary = follow_keys(session, runner)
        else:
            summary = follow_lines(session, sys.stdin.buffer, as_json, runner)
    typer.echo(str(summary), err=True)
