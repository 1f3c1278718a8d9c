"""The verbs that every app has, its own ones apart: `bench` and `demo`, which the core does for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tightrope.app import App
from tightrope.cli import core
from tightrope.cli.core import AsJson, Full, Profile, Quiet


def verbs(app: App) -> dict[str, Any]:
    """Click commands by name; no `demo` where the app has no tab."""
    group = typer.Typer(rich_markup_mode=None)

    @group.command()
    def bench(
        artifact: Annotated[str | None, typer.Argument(help="Name or folder; all that are shipped without.")] = None,
        budget: Annotated[Path | None, typer.Option(help="Budget of your own, TOML, in place of the app's.")] = None,
        profile: Profile = None,
        full: Full = False,
        check: Annotated[bool, typer.Option("--check", help="Exit 3 if the budget is not met.")] = False,
        quiet: Quiet = False,
        as_json: AsJson = False,
    ) -> None:
        """Measure an artifact on this machine, as `tightrope measure` does."""
        core.measure(app.name, artifact, budget, profile, full, check, quiet, as_json)

    @group.command()
    def demo(
        port: Annotated[int | None, typer.Option(min=1, max=65535, help="[default: a free one from 7860 on]")] = None,
        show: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = False,
    ) -> None:
        """Show it as a web page on this computer, as `tightrope demo` does."""
        from tightrope.cli.demo import demo as shown

        shown([app.name], port, show)

    made: Any = typer.main.get_command(group)
    return {name: command for name, command in made.commands.items() if name != "demo" or app.demo}
