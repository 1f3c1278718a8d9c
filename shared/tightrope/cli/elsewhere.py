"""`tightrope verify --instruction-set`: the accuracy on a processor that this one is not."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from tightrope.artifact import Artifact
from tightrope.cli.core import print_json
from tightrope.cli.progress import Progress
from tightrope.cli.verify import recorded_task
from tightrope.compress.elsewhere import Elsewhere, added, elsewhere
from tightrope.compress.flow import with_evidence
from tightrope.errors import BudgetNotMetError
from tightrope.measure.emulator import find_emulator
from tightrope.models import open_artifact
from tightrope.report.card import write_card
from tightrope.writing import check_writable


def elsewhere_command(
    target: str,
    artifact: str,
    instruction_set: str,
    inputs: int | None,
    write: bool,
    as_json: bool,
    data: str | None = None,
    quiet: bool = False,
    settings: tuple[str, ...] = (),
) -> None:
    """Judge an artifact under an emulator and here, on the same inputs; print it, and put it into its evidence.

    Args:
        target: an app, or a task or a model file as `tightrope compress` takes it.
        artifact: a shipped name or a folder.
        instruction_set: a name of `measure.emulator`.
        inputs: how many of the held-out inputs; None: all.
        write: whether it becomes part of the evidence, and of the card.
        as_json, data, quiet, settings: as `verify_command` takes them.

    Raises:
        BudgetNotMetError: it keeps less there than its budget asked for. The evidence says so, too.
        MissingEmulatorError: the emulator is not installed.
    """
    emulator = find_emulator(instruction_set)
    judged = open_artifact(target, artifact)
    if write:
        check_writable(judged.path.parent)
    with Progress(quiet) as progress:
        task = recorded_task(target, judged, data, progress, settings)
        found = elsewhere(task, judged, emulator, inputs, progress)
    entry = {**found.to_dict(), **({"settings": list(settings)} if settings else {})}
    if write:
        with_evidence(judged, added(judged.manifest.evidence, entry), write_card)
    if as_json:
        print_json({"app": judged.manifest.app, "name": judged.manifest.name, **entry})
    else:
        for line in _lines(judged, found, write):
            typer.echo(line)
    if found.to_blame:
        raise BudgetNotMetError(
            f"{judged.manifest.name} on {found.instruction_set}: {found.there.worst}, below {found.there.keep:.0%}"
        )


def _lines(artifact: Artifact, found: Elsewhere, written: bool) -> Iterator[str]:
    yield f"{artifact.path}: {found.inputs} of {found.held_out} held-out inputs, {found.emulator}"
    for there, here in zip(found.there.retentions, found.here.retentions, strict=True):
        mark = "passes" if there.share >= found.there.keep else "FAILS "
        yield f"  {mark}  {there}, budget {found.there.keep:.0%}"
        yield f"          {here.share:.2%} here, {found.beside}"
    outputs = found.outputs
    yield f"  outputs {outputs.share:.2%} of {outputs.values} numbers differ, by {outputs.largest:.3g} at most"
    if not found.there.passed and not found.to_blame:
        yield "  so few inputs fail here too: they say nothing about the instruction set; take more of them"
    if written:
        yield f"  written into the evidence of {artifact.path}"
