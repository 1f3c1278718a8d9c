"""The `tightrope` command: finds the apps, imports only the one that is asked for, and speaks errors in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from itertools import chain
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tightrope import __version__
from tightrope.app import GROUP, load_object
from tightrope.cli import core, targets
from tightrope.cli.demo import demo
from tightrope.cli.emulate import emulate
from tightrope.cli.search import search
from tightrope.errors import MissingExtraError, TightropeError

_HELP = """Compress neural networks until they fit a latency budget, prove it, and keep them inside it.

A budget goes in, an artifact with its evidence comes out, and apps run it.

\b
  tightrope tour                      every shipped model on its sample, against its budget
  tightrope demo                      the apps as a web page on this computer
  tightrope road predict street.jpg   detect road users
  tightrope doctor                    what this machine accelerates
  tightrope compress model.onnx --data pictures --keep 99% --p90 5ms
  tightrope new leaf-scan             the skeleton of an app of your own

Exit codes: 0 done, 2 bad input, 3 budget not met, 130 interrupted. Results go to standard output, progress and errors
to standard error; every command has its own --help, with examples.
"""

# The help page's sections.
_SECTIONS = {
    "See it run": ("tour", "demo", "models", "doctor"),
    "Compress": ("compress", "search", "recipe"),
    "Prove it": ("measure", "verify", "report", "emulate", "targets"),
    "Make and share": ("new", "push", "pull", "space"),
}


class _Apps(TyperGroup):
    """The core's commands, and each installed app's as a group that is imported when it is named."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *sorted(_apps())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is None and cmd_name in _apps():
            command = _app_command(_apps()[cmd_name])
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        sectioned = {*chain.from_iterable(_SECTIONS.values()), *_apps()}
        more = tuple(name for name in self.list_commands(ctx) if name not in sectioned)
        for title, names in {**_SECTIONS, **({"More": more} if more else {}), "Apps": sorted(_apps())}.items():
            with formatter.section(title):
                found = {name: self.get_command(ctx, name) for name in names}
                formatter.write_dl([(name, command.get_short_help_str(100)) for name, command in found.items()])


@cache
def _apps() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _app_command(entry: EntryPoint) -> Any:
    from tightrope.cli.verbs import verbs

    app = entry.load()
    command: Any = typer.main.get_command(load_object(app.commands))
    command.name, command.help = app.name, command.help or app.summary
    command.short_help = app.summary
    for name, verb in verbs(app).items():
        if name not in command.commands:
            command.add_command(verb, name)
    return command


app = typer.Typer(
    cls=_Apps,
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tightrope {__version__}")
        raise typer.Exit()


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """An eager option's callback runs before a command is asked for."""


core.register(app)
app.command()(search)
app.command()(demo)
app.command()(emulate)
app.add_typer(targets.app, name="targets")


def command_names() -> tuple[str, ...]:
    """The core's own commands: no app may be called like one."""
    group: Any = typer.main.get_command(app)
    return tuple(group.commands)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line. Errors a user can mend end in one line on stderr and their exit code."""
    code = guarded(lambda: app(arguments, prog_name="tightrope"))
    if code:
        sys.exit(code)


def guarded(run: Callable[[], Any]) -> int:
    """Run a command; the exit code of a TightropeError or an interrupt after its one line, 0 otherwise."""
    try:
        run()
    except TightropeError as error:
        print(f"tightrope: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        if (missing := _missing_extra(error)) is None:
            raise
        print(f"tightrope: {missing}", file=sys.stderr)
        return missing.exit_code
    except KeyboardInterrupt:
        print("tightrope: interrupted; what was finished is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output is gone (`| head`): nobody is left to tell.
        sys.stderr.close()
        return 0
    return 0


def _missing_extra(error: ModuleNotFoundError) -> MissingExtraError | None:
    """What to say when a package of an extra is not installed; None: the package belongs to no extra."""
    from tightrope.cli.doctor import EXTRAS

    package = (error.name or "").partition(".")[0]
    extra = next((extra for extra, packages in EXTRAS.items() if package in packages), None)
    return MissingExtraError("this command", extra) if extra else None
