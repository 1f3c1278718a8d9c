"""`tightrope demo`: the apps as one local web page."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import Annotated

import typer

from tightrope.cli.core import known_apps
from tightrope.cli.progress import Progress


def demo(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="APP", help="Only these apps. [default: all]", autocompletion=known_apps),
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port. [default: a free one from 7860 on]")] = None,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = False,
) -> None:
    """Show the apps as a web page on this computer, with the budget live.

    The page is at 127.0.0.1 only; it loads nothing from elsewhere and sends nothing anywhere. Uploads are removed when
    it ends, with Ctrl-C. Needs the extra `demo`.

    \b
      tightrope demo
      tightrope demo road --port 8000 --open

    Exit codes: 0 ended by Ctrl-C or SIGTERM; 2 the port cannot be used, or something is not installed.
    """
    from tightrope.app import find_app, find_apps
    from tightrope.demo.server import serve
    from tightrope.interrupt import Interrupt

    apps = [find_app(name) for name in names] if names else [app for app in find_apps().values() if app.demo]
    with ExitStack() as stack:
        with Progress(quiet=not sys.stderr.isatty()) as progress:
            progress("starting the page")
            url = stack.enter_context(serve(apps, port, show))
        stop = stack.enter_context(Interrupt())
        typer.echo(f"{url}  (only from this computer; Ctrl-C ends it)")
        while not stop.wait(0.5):
            pass
