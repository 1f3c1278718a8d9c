"""`tightrope compress`: a task and a recipe in, an artifact with its evidence out."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from tightrope.app import App, find_apps, load_object
from tightrope.artifact import Artifact
from tightrope.budget import Budget
from tightrope.cli.core import print_json
from tightrope.cli.progress import Progress
from tightrope.compress.flow import build_manifest, compress, save, with_evidence
from tightrope.compress.recipe import Recipe
from tightrope.compress.task import Task
from tightrope.config import validate
from tightrope.errors import BudgetNotMetError, ConfigError
from tightrope.measure.evidence import Mode, measure_artifact, verdicts
from tightrope.models import models_root
from tightrope.report.card import write_card


@dataclass(frozen=True)
class CompressOptions:
    """What the command line said."""

    recipe: Path
    out: Path | None
    profile: str | None
    keep: float | None
    p90: float | None
    task_options: tuple[str, ...]
    name: str | None
    full: bool
    only_gate: bool


def compress_command(target: str, options: CompressOptions, as_json: bool) -> None:
    """Run the recipe, save the artifact, measure it.

    Raises:
        BudgetNotMetError: the gate failed, or the artifact does not fit.
    """
    recipe = Recipe.load(options.recipe)
    app, task = find_task(target, options.task_options)
    budget = _budget(app, options)
    folder = options.out or models_root() / task.app
    with Progress() as progress:
        made = compress(task, recipe, budget.keep, progress)
        manifest = build_manifest(task, recipe, budget, made, _command(), options.name)
        artifact = save(made.candidate, manifest, folder, write_card)
        with tempfile.TemporaryDirectory() as scratch:
            named = replace(manifest, name="reference", precision=made.reference.precision)
            reference = save(made.reference, named, Path(scratch), write_card)
            mode: Mode = "full" if options.full else "rapid"
            evidence = measure_artifact(app, artifact, budget, reference, mode, progress)
        artifact = with_evidence(artifact, evidence, write_card)
    judged = verdicts(artifact.manifest.evidence, budget)
    if as_json:
        rows = [{"axis": v.axis, "measured": v.measured, "limit": v.limit, "met": v.met} for v in judged]
        print_json({"path": str(artifact.path), "gate": made.gate.to_dict(), "verdicts": rows})
    else:
        _print(artifact, made.gate.retentions, judged)
    missed = [str(verdict) for verdict in judged if not verdict.met]
    if missed and not options.only_gate:
        raise BudgetNotMetError(f"{artifact.manifest.name} keeps its accuracy but does not fit: {'; '.join(missed)}")


def find_task(target: str, settings: tuple[str, ...] = ()) -> tuple[App | None, Task]:
    """The task behind 'road', 'package.module:Task' or 'file.py:Task', made with `key=value` settings.

    Raises:
        ConfigError: there is no such task, or it does not take these settings.
    """
    apps = find_apps()
    app = apps.get(target)
    if app is None and ":" not in target:
        raise ConfigError(f"{target!r} is neither an app ({', '.join(apps)}) nor FILE.py:TASK or MODULE:TASK")
    make: Callable[..., Any] = load_object(app.task) if app else _load_task(target)
    try:
        task = make(**dict(_setting(text) for text in settings))
    except TypeError as error:
        raise ConfigError(f"{target} cannot be made: {error}") from error
    if not isinstance(task, Task):
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


def _budget(app: App | None, options: CompressOptions) -> Budget:
    """The app's profile, or for a task without an app a budget from --p90; --keep and --p90 override."""
    if app is None and options.p90 is None:
        raise ConfigError("a task without an app has no budget file: say --p90 MILLISECONDS (and --keep SHARE)")
    values = app.budget().profile(options.profile).model_dump() if app else {}
    if options.p90 is not None:
        values |= {"latency_ms": options.p90, "percentile": 90}
    if options.keep is not None:
        values |= {"keep": options.keep}
    return validate(Budget, values, "--p90 and --keep")


def _command() -> str:
    """The command as a user with the data repeats it."""
    return " ".join(["tightrope", *sys.argv[1:]])


def _print(artifact: Artifact, retentions: Any, judged: Any) -> None:
    typer.echo(f"saved {artifact.path}")
    for retention in retentions:
        typer.echo(f"  gate   {retention}")
    for verdict in judged:
        typer.echo(f"  {'fits  ' if verdict.met else 'MISSES'} {verdict}")
