"""`tightrope compress`: a task and a recipe, or a model file and a folder, in; an artifact with its evidence out."""

from __future__ import annotations

import importlib.util
import shlex
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import typer

from tightrope.app import App, find_apps, load_object
from tightrope.artifact import Artifact, is_name
from tightrope.budget import Budget
from tightrope.cli.core import print_json
from tightrope.cli.progress import Progress
from tightrope.compress.flow import build_manifest, compress, save, with_evidence
from tightrope.compress.own import OwnSettings, default_recipe, is_own, open_own
from tightrope.compress.progress import heard_by
from tightrope.compress.recipe import Recipe
from tightrope.compress.task import Whole
from tightrope.config import validate
from tightrope.errors import BudgetNotMetError, ConfigError
from tightrope.measure.evidence import Mode, measure_artifact, verdicts
from tightrope.models import app_models
from tightrope.report.card import write_card
from tightrope.writing import check_writable

DEFAULT_OUT = Path("out")  # of a model of one's own


@dataclass(frozen=True)
class CompressOptions:
    """What the command line said."""

    recipe: Path | None
    out: Path | None
    profile: str | None
    keep: float | None
    p90: float | None
    task_options: tuple[str, ...]
    name: str | None
    full: bool
    only_gate: bool
    own: OwnSettings = field(default_factory=lambda: OwnSettings.model_validate({}))
    quiet: bool = False


def compress_command(target: str, options: CompressOptions, as_json: bool) -> None:
    """Run the recipe, save the artifact, measure it.

    Raises:
        BudgetNotMetError: the gate failed, or the artifact does not fit.
    """
    with Progress(options.quiet) as progress:
        work = _prepare(target, options, progress)
        recipe, budget, app, task = work.recipe, work.budget, work.app, work.task
        made = compress(task, recipe, budget.keep, progress)
        manifest = build_manifest(task, recipe, budget, made, command_line(), options.name)
        artifact = save(made.candidate, manifest, work.folder, write_card, task.files())
        with tempfile.TemporaryDirectory() as scratch:
            named = replace(manifest, name="reference", precision=made.reference.precision)
            reference = save(made.reference, named, Path(scratch), write_card, task.files())
            mode: Mode = "full" if options.full else "rapid"
            evidence = measure_artifact(app, artifact, budget, reference, mode, progress)
        artifact = with_evidence(artifact, evidence, write_card)
    judged = verdicts(artifact.manifest.evidence, budget)
    if as_json:
        rows = [{"axis": v.axis, "measured": v.measured, "limit": v.limit, "met": v.met} for v in judged]
        print_json({"path": str(artifact.path), "gate": made.gate.to_dict(), "verdicts": rows, "task": dict(work.told)})
    else:
        _print(artifact, made.gate.retentions, judged)
    missed = [str(verdict) for verdict in judged if not verdict.met]
    if missed and not options.only_gate:
        raise BudgetNotMetError(f"{artifact.manifest.name} keeps its accuracy but does not fit: {'; '.join(missed)}")


@dataclass(frozen=True)
class _Work:
    """What is to be done, all of it checked."""

    app: App | None
    task: Whole
    recipe: Recipe
    budget: Budget
    folder: Path
    told: tuple[tuple[str, str], ...] = ()


def _prepare(target: str, options: CompressOptions, progress: Progress) -> _Work:
    if options.name is not None and not is_name(options.name):
        raise ConfigError(f"--name takes the name of a folder, not {options.name!r}")
    given = Recipe.load(options.recipe) if options.recipe else None
    if is_own(target):
        budget, folder = budget_of(None, options), options.out or DEFAULT_OUT
        check_writable(folder)
        if options.task_options:
            raise ConfigError("--set is for Tasks; a model file has --data, --size and the like")
        if options.profile is not None:
            raise ConfigError("--profile is for apps; a model file has --p90 and --keep")
        progress("reading the model and the data")
        with heard_by(progress):
            opened = open_own(target, options.own)
        recipe = given or default_recipe(opened.task, budget.keep)
        steps = " -> ".join(step.method for step in recipe.passes)
        told = (*opened.told, ("recipe", steps), ("budget", _budget_text(budget)))
        progress.tell(told)
        return _Work(None, opened.task, recipe, budget, folder, told)
    if said := sorted(options.own.model_dump(exclude_defaults=True)):
        raise ConfigError(f"--{said[0]} is for model files, and {target} is an app or a Task, which knows its own")
    app, task = find_task(target, options.task_options)
    if given is None:
        raise ConfigError(f"{target} needs --recipe FILE: only a model file has a default one")
    folder = options.out or app_models(task.app)
    check_writable(folder)
    return _Work(app, task, given, budget_of(app, options), folder)


def _budget_text(budget: Budget) -> str:
    return (
        f"keep {budget.keep:.4g} of it, p{budget.percentile:g} <= {budget.latency_ms:g} ms, {budget.threads} thread(s)"
    )


def find_task(target: str, settings: tuple[str, ...] = ()) -> tuple[App | None, Whole]:
    """The task behind 'road', 'package.module:Task' or 'file.py:Task', made with `key=value` settings.

    Raises:
        ConfigError: there is no such task, or it does not take these settings.
    """
    apps = find_apps()
    app = apps.get(target)
    if app is None and ":" not in target:
        raise ConfigError(
            f"{target!r} is neither an app ({', '.join(apps)}) nor MODEL.onnx, FILE.py:TASK or MODULE:TASK"
        )
    make: Callable[..., Any] = load_object(app.task) if app else _load_task(target)
    try:
        task = make(**dict(_setting(text) for text in settings))
    except TypeError as error:
        raise ConfigError(f"{target} cannot be made: {error}") from error
    if not isinstance(task, Whole):
        raise ConfigError(f"{target} is a {type(task).__name__}, not a tightrope.compress.Task")
    return app, task


def _load_task(target: str) -> Callable[..., Any]:
    place, _, attribute = target.rpartition(":")
    if not place.endswith(".py"):
        sys.path.insert(0, str(Path.cwd()))
        found: Callable[..., Any] = load_object(target)
        return found
    file = Path(place)
    if not file.is_file():
        raise ConfigError(f"no file {file}")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{file} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ConfigError(f"{file} fails when it is imported: {type(error).__name__}: {error}") from error
    if not hasattr(module, attribute):
        raise ConfigError(f"{file} has no {attribute!r}")
    task: Callable[..., Any] = getattr(module, attribute)
    return task


def _setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--set takes KEY=VALUE, not {text!r}")
    return key, int(value) if value.lstrip("-").isdigit() else value


class Limits(Protocol):
    """What a command line says of the budget."""

    @property
    def profile(self) -> str | None: ...
    @property
    def keep(self) -> float | None: ...
    @property
    def p90(self) -> float | None: ...


def budget_of(app: App | None, options: Limits) -> Budget:
    """The app's profile, or for a task without an app a budget from --p90; --keep and --p90 override."""
    if app is None and options.p90 is None:
        raise ConfigError("there is no budget file: say --p90 LIMIT, such as 5ms (and --keep SHARE, such as 99%)")
    values = app.budget().profile(options.profile).model_dump() if app else {}
    if options.p90 is not None:
        values |= {"latency_ms": options.p90, "percentile": 90}
    if options.keep is not None:
        values |= {"keep": options.keep}
    return validate(Budget, values, "--p90 and --keep")


def command_line() -> str:
    """The command as a user with the data repeats it: without the folder that this one wrote to."""
    kept, place = ["tightrope"], False
    for word in sys.argv[1:]:
        if not place and word not in ("--out", "-o") and not word.startswith("--out="):
            kept.append(word)
        place = word in ("--out", "-o")
    return shlex.join(kept)


def _print(artifact: Artifact, retentions: Any, judged: Any) -> None:
    typer.echo(f"saved {artifact.path}")
    for retention in retentions:
        typer.echo(f"  gate   {retention}")
    for verdict in judged:
        typer.echo(f"  {'fits  ' if verdict.met else 'MISSES'} {verdict}")
    for step in artifact.manifest.lineage["passes"]:
        if why := step.get("notes", {}).get("dropped"):
            took = step["notes"]["latency_ratio"]
            share = f"{took['value']:.3f} [{took['low']:.3f}, {took['high']:.3f}] of the time before it"
            typer.echo(f"  dropped {step['method']}: {why}, {share}")
    if ratio := artifact.manifest.evidence["ratio_to_reference"]:
        speed = f"{ratio['value']:.3f} [{ratio['low']:.3f}, {ratio['high']:.3f}] of {ratio['precision']}'s time"
        typer.echo(f"  model  {speed}, {artifact.size / 1e6:.3g} MB")
    if not (here := artifact.manifest.evidence["environment"])["quiet"]:
        typer.echo(
            f"  (this machine was busy: others used {here['foreign_load']:.0%} of it; measure again when it is not)"
        )
