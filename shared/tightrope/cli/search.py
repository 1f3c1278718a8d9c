"""`tightrope search`: a space of recipes and some minutes in, a ladder of artifacts with their evidence out."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tightrope.cli.core import AsJson, Full, Profile, Quiet, print_json, read_milliseconds, read_share
from tightrope.errors import BudgetNotMetError, ConfigError

if TYPE_CHECKING:
    from tightrope.compress.search.engine import Engine
    from tightrope.compress.task import Whole

STORY = "search.md"
EngineName = Literal["local", "ray"]


@dataclass(frozen=True)
class SearchOptions:
    """What the command line said."""

    space: Path
    out: Path
    minutes: float
    trials: int | None
    rungs: int
    seed: int
    profile: str | None
    keep: float | None
    p90: float | None
    task_options: tuple[str, ...]
    full: bool
    batch: int = 4
    engine: EngineName = "local"
    address: str | None = None
    quiet: bool = False


def search(
    target: Annotated[str, typer.Argument(metavar="APP|FILE.py:TASK|MODULE:TASK", help="What to compress.")],
    space: Annotated[Path, typer.Option("--space", "-s", help="A recipe with values left open, TOML.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for trials, artifacts and search.md.")],
    minutes: Annotated[float, typer.Option(min=0, help="How long to try recipes; making the rungs comes on top.")] = 30,
    trials: Annotated[int | None, typer.Option(min=1, help="Stop at so many trials.")] = None,
    rungs: Annotated[int, typer.Option(min=1, max=12, help="Artifacts to make.")] = 4,
    seed: Annotated[int, typer.Option(help="The same one asks for the same recipes.")] = 0,
    profile: Profile = None,
    keep: Annotated[
        float | None,
        typer.Option(parser=read_share, metavar="SHARE", help="Accuracy that every rung keeps: 97% or 0.97."),
    ] = None,
    p90: Annotated[
        float | None, typer.Option(parser=read_milliseconds, metavar="TIME", help="Latency limit at p90: 5ms or 5.")
    ] = None,
    option: Annotated[list[str] | None, typer.Option("--set", help="Task option, e.g. width=640.")] = None,
    batch: Annotated[
        int, typer.Option(min=1, help="Recipes asked for at a time: another number tries other recipes.")
    ] = 4,
    engine: Annotated[
        EngineName, typer.Option(help="Where recipes are built and scored: in this process, or on a Ray cluster.")
    ] = "local",
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Ray cluster that runs already. [default: start one here]")
    ] = None,
    full: Full = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Search a space of recipes for a ladder of artifacts.

    Of what it tries, those that no other one betters are made. Every trial is kept in OUT/trials.jsonl as it ends: the
    same command goes on where it was stopped. OUT/search.md says what was tried, dropped and why. Exit 3: nothing
    passed.

    \b
      tightrope search road --space space.toml --minutes 60 --out found
      tightrope search my_task.py:MyTask -s space.toml --p90 20ms -o found
    """
    if address is not None and engine != "ray":
        raise ConfigError("--address is of a Ray cluster: say --engine ray too")
    settings = tuple(option or ())
    said = SearchOptions(
        space, out, minutes, trials, rungs, seed, profile, keep, p90, settings, full, batch, engine, address, quiet
    )
    search_command(target, said, as_json)


def search_command(target: str, options: SearchOptions, as_json: bool) -> None:
    """Search, then make the ladder.

    Raises:
        BudgetNotMetError: no trial was measured, or none of the front passed the gate.
    """
    from tightrope.cli.compress import budget_of, command_line, find_task
    from tightrope.cli.progress import Progress
    from tightrope.compress.progress import heard_by
    from tightrope.compress.search import Search, Space, choose_rungs
    from tightrope.compress.search.ladder import Maker
    from tightrope.compress.search.story import story
    from tightrope.measure.environment import Watch
    from tightrope.writing import write_text

    space = Space.load(options.space)
    app, task = find_task(target, options.task_options)
    budget = budget_of(app, options)
    with Progress(options.quiet) as progress, Watch(budget.threads) as watch:
        with heard_by(progress), _engine(target, options) as engine:
            tried = Search(task, space, options.out, budget, budget.keep, options.seed, progress, options.batch, engine)
            trials = tried.run(options.minutes, options.trials)
        mode: Literal["full", "rapid"] = "full" if options.full else "rapid"
        maker = Maker(task, app, budget, options.out, command_line(), mode, progress)
        made = maker.make(choose_rungs(trials, options.rungs))
    machine = f"{watch.record.cpu}, {budget.threads} thread(s), onnxruntime {watch.record.onnxruntime}"
    write_text(options.out / STORY, story(space.name, trials, made, f"{machine}, {watch.record.date[:10]}"))
    artifacts = [one.artifact for one in made if one.artifact is not None]
    if as_json:
        print_json({"trials": [asdict(trial) for trial in trials], "rungs": [str(one.path) for one in artifacts]})
    else:
        typer.echo((options.out / STORY).read_text(encoding="utf-8").split("## Trials")[0].strip())
        typer.echo(f"all trials: {options.out / STORY}")
    if not artifacts:
        reasons = [trial.why for trial in trials if trial.state in ("dropped", "failed")] + [one.why for one in made]
        raise BudgetNotMetError(f"no recipe of {len(trials)} fits: {reasons[-1] if reasons else 'nothing was tried'}")


def _engine(target: str, options: SearchOptions) -> AbstractContextManager[Engine]:
    if options.engine == "local":
        from tightrope.compress.search.engine import Here

        return nullcontext(Here())
    from tightrope.compress.search.cluster import Cluster

    return Cluster(partial(_task, target, options.task_options), options.address)


def _task(target: str, settings: tuple[str, ...]) -> Whole:
    """The task, made in a process of the cluster."""
    from tightrope.cli.compress import find_task

    return find_task(target, settings)[1]
