"""The typer application that the commands of `tightrope translate` join: `@app.command()` over a function."""

from __future__ import annotations

import typer

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Translate between English and German, offline: typed, photographed, spoken.

\b
  tightrope translate text "Where is the station?"
  tightrope translate text menu.html --to en --out menu.en.html
  tightrope translate live --to de
  tightrope translate image sign.jpg --to en --out translated
  tightrope translate serve
""",
)


@app.callback()
def _group() -> None:
    """Keeps `app` a group while it has one command."""
