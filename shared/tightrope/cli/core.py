"""The core's own commands. Each imports what it needs when it runs, so that `--help` and the apps start at once."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tightrope.app import GROUP
from tightrope.errors import ConfigError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")]
Profile = Annotated[str | None, typer.Option("--profile", help="Device profile of the budget.")]
Full = Annotated[bool, typer.Option("--full", help="1,024 queries a measurement instead of 64.")]


def register(app: typer.Typer) -> None:
    """Add the core's commands to `app`, in the order of its help page."""
    from tightrope.cli.share import pull, push, space  # whose options are declared here

    for command in (tour, models, measure, compress, verify, report, new, push, pull, space, doctor):
        app.command()(command)
    recipes = typer.Typer(no_args_is_help=True, help="Check the recipes that `compress` runs.")
    recipes.command("check")(recipe_check)
    recipes.command("passes")(recipe_passes)
    app.add_typer(recipes, name="recipe")


def read_share(text: str | float) -> float:
    """99% or 0.99 to 0.99. Raises ConfigError if it is neither."""
    words = str(text).strip()
    try:
        value = float(words.removesuffix("%")) / (100 if words.endswith("%") else 1)
    except ValueError as error:
        raise ConfigError(f"--keep takes a share such as 99% or 0.99, not {words!r}") from error
    if not 0 < value <= 1:
        raise ConfigError(f"--keep takes a share above 0% and up to 100%, not {words!r}; 99% is 99% or 0.99")
    return value


def read_milliseconds(text: str | float) -> float:
    """5, 5ms or 0.005s to 5.0. Raises ConfigError if it is none of them, or not above 0."""
    words = str(text).strip().lower()
    number, scale = (words.removesuffix("ms"), 1) if words.endswith("ms") else (words.removesuffix("s"), 1000)
    try:
        value = float(number) * (scale if words.endswith("s") else 1)
    except ValueError as error:
        raise ConfigError(f"--p90 takes a time such as 5ms, 5 or 0.005s, not {words!r}") from error
    if not 0 < value < float("inf"):
        raise ConfigError(f"--p90 takes a time above 0, not {words!r}")
    return value


def known_apps(typed: str) -> list[str]:
    """For the shell's completion; nothing is imported."""
    return sorted(name for name in entry_points(group=GROUP).names if name.startswith(typed))


def tour(
    profile: Profile = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the verdicts, a line each.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run every shipped artifact on its sample, against its budget.

    Stage by stage, with a verdict; a budget that is missed here and now is no failure.

    \b
      tightrope tour
      tightrope tour --quiet
      tightrope tour --json > tour.json
    """
    from tightrope.cli.tour import run_tour

    run_tour(profile, as_json, quiet)


def models(
    app_name: Annotated[
        str | None, typer.Argument(metavar="[APP]", help="Only this app's.", autocompletion=known_apps)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the artifacts, each with a line of its evidence.

    App, name, precision, size, and its rung on the ladder of those that no other one betters.

    \b
      tightrope models
      tightrope models road --json
    """
    from tightrope.cli.models import list_models

    list_models(app_name, as_json)


def measure(
    app_name: Annotated[
        str,
        typer.Argument(
            metavar="APP|FOLDER",
            help="Whose pipeline to time, or an artifact by its folder.",
            autocompletion=known_apps,
        ),
    ],
    artifact: Annotated[str | None, typer.Argument(help="Name or folder; all that are shipped without.")] = None,
    budget: Annotated[Path | None, typer.Option(help="Budget of your own, TOML, in place of the app's.")] = None,
    profile: Profile = None,
    full: Full = False,
    check: Annotated[bool, typer.Option("--check", help="Exit 3 if the budget is not met.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Measure an artifact on this machine, against its budget.

    Latency of the model, of the whole pipeline and of each stage, with intervals; memory, cold start, energy, and
    where the time goes.

    \b
      tightrope measure road
      tightrope measure road nanodet-416-int8 --profile vehicle-20hz --check
      tightrope measure out/model-int8 --full --json
    """
    from rich.console import Console

    from tightrope.cli.measure import measure_command

    mode: Literal["full", "rapid"] = "full" if full else "rapid"
    measure_command(app_name, artifact, profile, mode, as_json, Console(), check=check, budget_file=budget, quiet=quiet)


def compress(
    target: Annotated[
        str, typer.Argument(metavar="MODEL.onnx|torchvision:NAME|APP|FILE.py:TASK", help="What to compress.")
    ],
    recipe: Annotated[
        Path | None,
        typer.Option("--recipe", "-r", help="Passes to run, TOML. [default, of a model file: clean, quantize-mixed]"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the artifact. [default: models/APP, or out]")
    ] = None,
    profile: Profile = None,
    keep: Annotated[
        float | None, typer.Option(parser=read_share, metavar="SHARE", help="Accuracy to keep: 99% or 0.99.")
    ] = None,
    p90: Annotated[
        float | None, typer.Option(parser=read_milliseconds, metavar="TIME", help="Latency limit at p90: 5ms or 5.")
    ] = None,
    option: Annotated[list[str] | None, typer.Option("--set", help="Task option, e.g. width=640.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the artifact.")] = None,
    full: Full = False,
    only_gate: Annotated[
        bool, typer.Option("--only-gate", help="Do not ask whether it fits: for a reference.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    data: Annotated[str | None, typer.Option(metavar="FOLDER", help="Pictures; subfolders are classes.")] = None,
    inputs: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="In place of pictures: .npz with an array an input, or .npy.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(metavar="FILE", help="CSV (file,label) or COCO JSON with the classes of the files.")
    ] = None,
    classes: Annotated[
        str | None, typer.Option(metavar="FILE", help="A class a line, in the order of the outputs.")
    ] = None,
    weights: Annotated[str | None, typer.Option(metavar="FILE", help="State dict of a torchvision network.")] = None,
    output: Annotated[str | None, typer.Option(help="The output with the class scores, of several.")] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="labels|classes|boxes|outputs",
            help="What the gate compares: right answers, or classes, boxes or outputs with the fp32 model's. "
            "[default: labels if there are]",
        ),
    ] = None,
    size: Annotated[str | None, typer.Option(help="Of the input: 224 or WIDTHxHEIGHT. [default: the graph's]")] = None,
    mean: Annotated[str | None, typer.Option(help="A number, or one a channel: 0.485,0.456,0.406.")] = None,
    std: Annotated[str | None, typer.Option(help="A number, or one a channel.")] = None,
    pixels: Annotated[
        str | None,
        typer.Option("--range", metavar="1|255", help="Pixels go in as 0 to 1 or 0 to 255, before mean and std."),
    ] = None,
    layout: Annotated[
        str | None, typer.Option(metavar="RGB|BGR|GRAY,NCHW|NHWC", help="Order of colours, and of axes.")
    ] = None,
    resize: Annotated[str | None, typer.Option(metavar="letterbox|stretch|crop", help="To the size.")] = None,
    limit: Annotated[int, typer.Option(min=20, help="Use so many files at most.")] = 2000,
) -> None:
    """Compress a model to its budget; saved only if accuracy is kept.

    Runs the recipe's passes, scores reference and result on the held-out split, measures, and writes the artifact
    with its evidence and card. Exit 3: the accuracy gate failed (nothing saved), or it does not fit the budget
    (saved, and the evidence says so).

    A model of your own needs no code, only pictures; what is not said of its preprocessing is looked up in the graph or
    tried, and shown. Without labels the gate is agreement with the fp32 model.

    \b
      tightrope compress model.onnx --data pictures --keep 99% --p90 5ms
      tightrope compress torchvision:mobilenet_v3_large --weights net.pt --data pictures --p90 5ms
      tightrope compress encoder.onnx --inputs sentences --p90 20ms
      tightrope compress my_task.py:MyTask -r recipe.toml --keep 99% --p90 5ms
    """
    from tightrope.cli.compress import CompressOptions, compress_command
    from tightrope.compress.own.settings import OwnSettings
    from tightrope.config import validate

    said = {
        "data": data,
        "inputs": inputs,
        "labels": labels,
        "classes": classes,
        "weights": weights,
        "output": output,
        "judge": judge,
        "size": size,
        "mean": mean,
        "std": std,
        "range": pixels,
        "layout": layout,
        "resize": resize,
        "limit": limit,
    }
    own = validate(OwnSettings, said, "the options")
    options = CompressOptions(recipe, out, profile, keep, p90, tuple(option or ()), name, full, only_gate, own, quiet)
    compress_command(target, options, as_json)


def verify(
    app_name: Annotated[
        str, typer.Argument(metavar="APP|FILE.py:TASK|MODEL.onnx", help="Whose task judges it, or what it was made of.")
    ],
    artifact: Annotated[str, typer.Argument(help="Name or folder of the artifact.")],
    data: Annotated[str | None, typer.Option(metavar="FOLDER", help="Where the data of a model file lies now.")] = None,
    instruction_set: Annotated[
        str | None, typer.Option(metavar="NAME", help="Judge it on avx2, avx or sse4.2, which QEMU emulates.")
    ] = None,
    inputs: Annotated[
        int | None, typer.Option(min=2, help="Emulate only so many held-out inputs. [default: all]")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write/--no-write", help="Put what the emulator found into the artifact's evidence.")
    ] = True,
    option: Annotated[list[str] | None, typer.Option("--set", help="Task option, e.g. sentences=40.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Check an artifact's digests and accuracy against its evidence.

    Its accuracy is judged again on the held-out split, which must be there. Exit 3: it keeps less than its budget asks.

    With --instruction-set its graphs run under qemu-x86_64, on a processor without newer instructions, and beside it
    here, on the same inputs: a hundred times slower, so minutes. What it finds becomes part of the artifact's evidence.

    \b
      tightrope verify road nanodet-416-int8
      tightrope verify model.onnx out/model-int8 --data pictures
      tightrope verify road nanodet-416-int8 --instruction-set avx2 --inputs 20
    """
    settings = tuple(option or ())
    if instruction_set is not None:
        from tightrope.cli.elsewhere import elsewhere_command

        elsewhere_command(app_name, artifact, instruction_set, inputs, write, as_json, data, quiet, settings)
        return
    if inputs is not None or not write:
        raise ConfigError("--inputs and --no-write go with --instruction-set")
    from tightrope.cli.verify import verify_command

    verify_command(app_name, artifact, as_json, data, quiet, settings)


def report(
    app_name: Annotated[
        str,
        typer.Argument(metavar="APP|FOLDER", help="Whose artifacts, or one by its folder.", autocompletion=known_apps),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="HTML file to write.")] = Path("report.html"),
    artifact: Annotated[str | None, typer.Option(help="Only this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write one HTML page about an app's artifacts.

    Accuracy against latency, layers, operators, and how each was made; nothing is loaded from elsewhere.

    \b
      tightrope report road
      tightrope report out/model-int8 --out model.html
    """
    from tightrope.cli.report import report_command

    report_command(app_name, artifact, out, as_json)


def new(
    name: Annotated[str, typer.Argument(metavar="APP", help="Its name: lower case, words joined by '-'.")],
    into: Annotated[Path, typer.Option(help="Folder to make it in.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Make the skeleton of an app of your own.

    Task, budget, pipeline, commands, demo tab and a test that passes.

    \b
      tightrope new leaf-scan
      pip install -e 'leaf-scan[dev]'
    """
    from tightrope.cli.main import command_names
    from tightrope.cli.new import new_command

    new_command(name, into, command_names(), as_json)


def doctor(as_json: AsJson = False) -> None:
    """Say what this machine accelerates, and what is installed.

    Instruction set, VNNI or not, threads, providers, extras, and what would spoil a measurement here.

    \b
      tightrope doctor
      tightrope doctor --json
    """
    from rich.console import Console

    from tightrope.cli import doctor as page

    if as_json:
        print_json(page.report())
    else:
        page.render(Console())


def recipe_check(file: Annotated[Path, typer.Argument(help="Recipe, TOML.")], as_json: AsJson = False) -> None:
    """Check a recipe against the passes' schemas, without running it.

    \b
      tightrope recipe check recipe.toml
    """
    from tightrope.compress.recipe import Recipe

    recipe = Recipe.load(file)
    if as_json:
        print_json(recipe.to_dict())
    else:
        typer.echo(f"{file}: {recipe.name}, {' -> '.join(step.method for step in recipe.passes)}")


def recipe_passes(as_json: AsJson = False) -> None:
    """List the passes and their settings.

    \b
      tightrope recipe passes
      tightrope recipe passes --json > passes.json
    """
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
