"""The core's own commands. Each imports what it needs when it runs, so that `--help` and the apps start at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Profile = Annotated[str | None, typer.Option("--profile", help="Device profile of the budget.")]
Full = Annotated[bool, typer.Option("--full", help="1,024 queries a measurement instead of 64.")]


def register(app: typer.Typer) -> None:
    """Add the core's commands to `app`, in the order of its help page."""
    for command in (tour, models, measure, compress, verify, report, doctor):
        app.command()(command)
    recipes = typer.Typer(no_args_is_help=True, help="Check the recipes that `compress` runs.")
    recipes.command("check")(recipe_check)
    recipes.command("passes")(recipe_passes)
    app.add_typer(recipes, name="recipe")


def tour(profile: Profile = None, as_json: AsJson = False) -> None:
    """Run every shipped artifact on its bundled sample, stage by stage against its budget; a verdict a line."""
    from tightrope.cli.tour import run_tour

    run_tour(profile, as_json)


def models(
    app_name: Annotated[str | None, typer.Argument(metavar="[APP]", help="Only this app's.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the artifacts: app, name, precision, size, rung, and a line of evidence."""
    from tightrope.cli.models import list_models

    list_models(app_name, as_json)


def measure(
    app_name: Annotated[str, typer.Argument(metavar="APP", help="Whose pipeline to time.")],
    artifact: Annotated[str | None, typer.Argument(help="Name or folder; the app's default without.")] = None,
    profile: Profile = None,
    full: Full = False,
    check: Annotated[bool, typer.Option("--check", help="Exit 3 if the budget is not met.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure an artifact on this machine: latency, memory, cold start, operators; against the budget."""
    from rich.console import Console

    from tightrope.cli.measure import measure_command

    measure_command(app_name, artifact, profile, "full" if full else "rapid", as_json, Console(), check=check)


def compress(
    target: Annotated[str, typer.Argument(metavar="APP|FILE.py:TASK|MODULE:TASK", help="What to compress.")],
    recipe: Annotated[Path, typer.Option("--recipe", "-r", help="Passes to run, TOML.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the artifact. [default: models/APP]")
    ] = None,
    profile: Profile = None,
    keep: Annotated[float | None, typer.Option(help="Share of the accuracy to keep, e.g. 0.99.")] = None,
    p90: Annotated[float | None, typer.Option(help="Latency limit at p90, ms.")] = None,
    option: Annotated[list[str] | None, typer.Option("--set", help="Task option, e.g. width=640.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the artifact.")] = None,
    full: Full = False,
    only_gate: Annotated[
        bool, typer.Option("--only-gate", help="Do not ask whether it fits: for a reference.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compress a model until it fits its budget; save it only if it keeps its accuracy.

    Runs the recipe's passes, scores reference and result on the held-out split, measures, and writes the artifact
    with its evidence and card. Exit 3: the accuracy gate failed (nothing saved), or it does not fit the budget
    (saved, and the evidence says so).
    """
    from tightrope.cli.compress import CompressOptions, compress_command

    options = CompressOptions(recipe, out, profile, keep, p90, tuple(option or ()), name, full, only_gate)
    compress_command(target, options, as_json)


def verify(
    app_name: Annotated[str, typer.Argument(metavar="APP|FILE.py:TASK|MODULE:TASK", help="Whose task judges it.")],
    artifact: Annotated[str, typer.Argument(help="Name or folder of the artifact.")],
    as_json: AsJson = False,
) -> None:
    """Check an artifact's digests, and its accuracy on the held-out split, against its own evidence."""
    from tightrope.cli.verify import verify_command

    verify_command(app_name, artifact, as_json)


def report(
    app_name: Annotated[str, typer.Argument(metavar="APP")],
    out: Annotated[Path, typer.Option("--out", "-o", help="HTML file to write.")] = Path("report.html"),
    artifact: Annotated[str | None, typer.Option(help="Only this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write one self-contained HTML page about an app's artifacts: accuracy against latency, layers, operators."""
    from tightrope.cli.report import report_command

    report_command(app_name, artifact, out, as_json)


def doctor(as_json: AsJson = False) -> None:
    """Say what this machine accelerates: instruction set, VNNI or not, threads, providers, what is installed."""
    from rich.console import Console

    from tightrope.cli import doctor as page

    if as_json:
        print_json(page.report())
    else:
        page.render(Console())


def recipe_check(file: Annotated[Path, typer.Argument(help="Recipe, TOML.")], as_json: AsJson = False) -> None:
    """Check a recipe against the passes' schemas, without running it."""
    from tightrope.compress.recipe import Recipe

    recipe = Recipe.load(file)
    if as_json:
        print_json(recipe.to_dict())
    else:
        typer.echo(f"{file}: {recipe.name}, {' -> '.join(step.method for step in recipe.passes)}")


def recipe_passes(as_json: AsJson = False) -> None:
    """List the passes and their settings."""
    from tightrope.compress.registry import pass_methods

    methods = pass_methods()
    if as_json:
        print_json({name: cls.model_json_schema() for name, cls in methods.items()})
        return
    for name, cls in sorted(methods.items()):
        typer.echo(f"{name}: {(cls.__doc__ or '').strip().splitlines()[0]}")
        for key, entry in cls.model_fields.items():
            default = "" if entry.is_required() else f" = {entry.default!r}"
            typer.echo(f"    {key}{default}{'  ' + entry.description if entry.description else ''}")


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False))
