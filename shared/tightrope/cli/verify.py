"""`tightrope verify`: digests, then the accuracy on the held-out split, against what the artifact says of itself."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import pairwise

import typer

from tightrope.artifact import Artifact
from tightrope.cli.compress import find_task
from tightrope.cli.core import print_json
from tightrope.cli.progress import Progress
from tightrope.compress.own import OwnSettings, is_own, open_own
from tightrope.compress.progress import heard_by
from tightrope.compress.recheck import Recheck, Setting, recheck
from tightrope.compress.task import Whole
from tightrope.config import validate
from tightrope.errors import ArtifactError, BudgetNotMetError, ConfigError
from tightrope.models import open_artifact


def verify_command(
    target: str,
    artifact: str,
    as_json: bool,
    data: str | None = None,
    quiet: bool = False,
    settings: tuple[str, ...] = (),
) -> None:
    """Load (which compares digests), evaluate again, print, and fail if the artifact is not what it says.

    Args:
        target: an app, or a task or a model file as `tightrope compress` takes it.
        artifact: a shipped name or a folder.
        as_json: one JSON document in place of the text.
        data: where the data of a model file lies now; None: where it lay when the artifact was made.
        quiet: no progress.
        settings: `key=value`s of the task, in place of or beside those that the artifact was made with.

    Raises:
        BudgetNotMetError: the artifact keeps less of the reference than its budget asked for.
        ArtifactError: it does not verify; or, under the conditions of its evidence, it scores something else.
    """
    judged = open_artifact(target, artifact)
    with Progress(quiet) as progress:
        task = recorded_task(target, judged, data, progress, settings)
        found = recheck(task, judged, progress)
    if as_json:
        print_json({"app": judged.manifest.app, "name": judged.manifest.name, **found.to_dict()})
    else:
        for line in _lines(judged, found):
            typer.echo(line)
    if not found.gate.passed:
        raise BudgetNotMetError(f"{judged.manifest.name}: {found.gate.worst}, below {found.gate.keep:.0%}")
    if found.same_setting and not found.reproduced:
        raise ArtifactError(f"{judged.path} does not score here what its evidence says, under the same conditions")


def recorded_task(
    target: str, artifact: Artifact, data: str | None, progress: Progress, settings: tuple[str, ...] = ()
) -> Whole:
    """The task that judged the artifact, made again; with other `settings` if there are any.

    Raises:
        ArtifactError: it was made from something else.
        ConfigError: there is no such task, or it does not take the data or the settings.
    """
    if not is_own(target):
        if data:
            raise ConfigError(f"--data is for model files, and {target} is an app or a Task, which knows its own")
        return find_task(target, (*task_settings(artifact), *settings))[1]
    if settings:
        raise ConfigError(f"--set is for apps and Tasks, and {target} is a model file")
    recorded = artifact.manifest.lineage.get("own")
    if recorded is None:
        raise ArtifactError(f"{artifact.path} was not made from a model file: name its app or its Task")
    own = validate(OwnSettings, recorded["settings"], f"{artifact.path}, lineage")
    place = "data" if own.data is not None else "inputs"
    progress("reading the model and the data")
    with heard_by(progress):
        task = open_own(target, own.model_copy(update={place: data} if data else {})).task
    if task.model.digest != artifact.manifest.lineage["model_sha256"]:
        raise ArtifactError(f"{artifact.path} was made from another model than {target}: its sha256 differs")
    return task


def task_settings(artifact: Artifact) -> tuple[str, ...]:
    """The `--set KEY=VALUE`s of the command that made the artifact, as its lineage records it."""
    words = shlex.split(str(artifact.manifest.lineage.get("command", "")))
    separate = (value for option, value in pairwise(words) if option == "--set")
    joined = (word.removeprefix("--set=") for word in words if word.startswith("--set="))
    return (*separate, *joined)


def _lines(artifact: Artifact, found: Recheck) -> Iterator[str]:
    yield f"{artifact.path}: digests match"
    for check in found.checks:
        said = "equal" if check.equal else f"evidence {check.recorded:.6f}, {check.found - check.recorded:+.6f}"
        yield f"  metric  {check.metric} {check.found:.6f}  {said}"
    if not found.reproduced:
        yield from (f"  other   {text}" for text in _differences(found.recorded_in, found.found_in))
    for retention in found.gate.retentions:
        mark = "passes" if retention.share >= found.gate.keep else "FAILS "
        yield f"  {mark}  {retention}, budget {found.gate.keep:.0%}"


def _differences(recorded: Setting, found: Setting) -> Iterator[str]:
    """What is different from when the evidence was written, so that scores may be too."""
    if recorded.instruction_set != found.instruction_set:
        yield f"instruction set: evidence {recorded.instruction_set}, here {found.instruction_set}"
    if recorded.onnxruntime != found.onnxruntime:
        yield f"onnxruntime: evidence {recorded.onnxruntime}, here {found.onnxruntime}"
    for name in sorted(recorded.data_sha256.keys() | found.data_sha256.keys()):
        if recorded.data_sha256.get(name) != found.data_sha256.get(name):
            yield f"data: {name} is not the data of the evidence"
