"""What an app tells the core about itself, and how the core finds it.

An app is named in the entry-point group `tightrope.apps`; its parts are 'module:attribute' strings, imported only
when they are needed, so that `tightrope --help` starts without OpenCV and `predict` without torch.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tightrope.artifact import Artifact
from tightrope.errors import ConfigError, nearest
from tightrope.runtime.pipeline import Answer
from tightrope.runtime.session import Array

if TYPE_CHECKING:
    from tightrope.budget import BudgetFile

GROUP = "tightrope.apps"


@dataclass(frozen=True)
class Workload:
    """An artifact at work on its bundled sample: what `tour` shows and `measure` times end to end.

    Attributes:
        pipeline: an item of `samples` to its result, with the time of each stage.
        samples: the bundled inputs.
        describe: a result in one line.
        feeds: typical inputs of graphs that `measure` times by themselves, by the graph's name. A graph of one input
            whose pipeline is a `Pipeline` needs none: its preprocessing gives them.
        variants: other inputs and results that a person may wait for, by name: a run of each, which `measure` times
            side by side. What such a run needs is made when it is first called.
        made_up: the samples are none of real life, only of the right shape.
    """

    pipeline: Callable[[Any], Answer[Any]]
    samples: Sequence[Any]
    describe: Callable[[Any], str]
    feeds: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    variants: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    made_up: bool = False


@dataclass(frozen=True)
class App:
    """One application on the core.

    Attributes:
        name: its name on the command line.
        summary: one line for `tightrope --help`.
        commands: 'module:attribute' of its typer application.
        task: 'module:attribute' of its Task class.
        workload: 'module:attribute' of `(Artifact, threads) -> Workload`.
        folder: the app's package folder; budget.toml lies in it.
        demo: 'module:attribute' of `(gr.Blocks, Slowdown) -> None`, which adds its tab to the demo page, or None.
        extras: pip extras of its distribution without which a part of that tab can only say what is missing.
    """

    name: str
    summary: str
    commands: str
    task: str
    workload: str
    folder: Path
    demo: str | None = None
    extras: tuple[str, ...] = ()

    def budget(self) -> BudgetFile:
        # Here and not above: pydantic costs a tenth of a second that no prediction needs.
        from tightrope.budget import BudgetFile

        return BudgetFile.load(self.folder / "budget.toml")

    def open(self, artifact: Artifact, threads: int) -> Workload:
        return cast(Workload, load_object(self.workload)(artifact, threads))


def load_object(reference: str) -> Any:
    """Import 'package.module:attribute'. Raises ConfigError if there is no such thing."""
    module, _, attribute = reference.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"cannot import {reference!r}: {error}") from error


def find_apps() -> dict[str, App]:
    """All installed apps by name."""
    return {entry.name: entry.load() for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name)}


def find_app(name: str) -> App:
    """The installed app of that name. Raises ConfigError if there is none."""
    apps = find_apps()
    if name not in apps:
        raise ConfigError(f"no app {name!r}{nearest(name, list(apps))}")
    return apps[name]
